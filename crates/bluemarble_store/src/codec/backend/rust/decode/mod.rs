//! Zstandard frames decoded, after RFC 8878. Dictionaries and the formats before version 1.0 are refused.
//!
//! What comes out goes straight to where it belongs and never further: no size that the bytes claim is
//! allocated. Beside that a decoder takes less than 200 KiB.
//!
//! | module | what it holds |
//! |---|---|
//! | `frame` | frames and blocks |
//! | `literals` | the bytes of a block that are not copied from before |
//! | `sequences` | what is copied from before |
//! | `huffman`, `fse` | the two codes |
//! | `bits` | bits forwards and backwards |
//! | `error` | `Broken` |

mod bits;
mod error;
mod frame;
mod fse;
mod huffman;
mod literals;
mod sequences;

pub use frame::decompress_zstd;
