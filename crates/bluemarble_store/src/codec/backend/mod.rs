//! LZ4 blocks and Zstandard frames: by the C libraries, or in Rust alone. Each reads what the other writes.
//!
//! | module | what it holds |
//! |---|---|
//! | `c` | `lz4` and `zstd` (cargo feature `c-codecs`, on by default) |
//! | `rust` | `lz4_flex`, the encoder of `ruzstd`, and a decoder of our own |

// The tests compare the two.
#[cfg(any(feature = "c-codecs", test))]
mod c;
#[cfg(any(not(feature = "c-codecs"), test))]
mod rust;

#[cfg(feature = "c-codecs")]
pub(super) use c::{compress_lz4, compress_zstd, decompress_lz4, decompress_zstd};
#[cfg(not(feature = "c-codecs"))]
pub(super) use rust::{compress_lz4, compress_zstd, decompress_lz4, decompress_zstd};

#[cfg(test)]
mod tests;
