//! The inner codecs of an array: the cells of one stored chunk to bytes and back.
//!
//! In this order: `bytes` (u16, little endian; done by [`crate::chunk_bytes`]), a shuffle, a compressor and
//! `crc32c` (checksum of all before it, u32 little endian, at the end), each if there is one.
//!
//! | codec | bytes |
//! |---|---|
//! | `numcodecs.shuffle`, `shuffle` | the low bytes of all cells, then their high bytes |
//! | `numcodecs.lz4`, `lz4` | uncompressed size (u32, little endian), then one LZ4 block |
//! | `zstd`, `numcodecs.zstd` | Zstandard frames, with or without their content size |
//!
//! | module | what it holds |
//! |---|---|
//! | `chain` | [`CodecChain`]: the codecs one after the other |
//! | `shuffle` | low bytes, then high bytes |
//! | `backend` | LZ4 blocks and Zstandard frames, by the C libraries or in Rust alone |
//! | `error` | [`CodecError`] |

mod backend;
mod chain;
mod error;
mod shuffle;

pub(crate) use chain::CRC_BYTES;
pub use chain::{CodecChain, Compressor};
pub use error::{BackendError, CodecError};

#[cfg(test)]
mod tests;
