//! Rust alone: no C compiler is needed to build it.
//!
//! The decoder is our own, because those there are panic or take any amount of memory for some bytes.

mod decode;
mod encode;
mod format;

pub use decode::decompress_zstd;
pub use encode::compress_zstd;

use crate::codec::error::BackendError;

/// The size of `raw` (u32, little endian), then one LZ4 block.
pub fn compress_lz4(raw: &[u8]) -> Result<Vec<u8>, BackendError> {
    Ok(lz4_flex::block::compress_prepend_size(raw))
}

/// Returns how many bytes came out.
pub fn decompress_lz4(block: &[u8], raw: &mut [u8]) -> Result<usize, BackendError> {
    Ok(lz4_flex::block::decompress_into(block, raw)?)
}
