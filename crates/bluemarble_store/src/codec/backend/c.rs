//! The C libraries.

use std::cell::RefCell;

use zstd::bulk::{Compressor as ZstdCompressor, Decompressor as ZstdDecompressor};

use crate::codec::error::BackendError;

/// The size of `raw` (u32, little endian), then one LZ4 block.
pub fn compress_lz4(raw: &[u8]) -> Result<Vec<u8>, BackendError> {
    Ok(lz4::block::compress(raw, None, true)?)
}

/// Returns how many bytes came out; `raw` must not be larger than a u32 can say.
pub fn decompress_lz4(block: &[u8], raw: &mut [u8]) -> Result<usize, BackendError> {
    Ok(lz4::block::decompress_to_buffer(block, Some(raw.len() as i32), raw)?)
}

/// One frame with its content size.
pub fn compress_zstd(
    raw: &[u8],
    level: i32,
    frame_checksum: bool,
) -> Result<Vec<u8>, BackendError> {
    let mut compressor = ZstdCompressor::new(level)?;
    compressor.include_checksum(frame_checksum)?;
    Ok(compressor.compress(raw)?)
}

/// Returns how many bytes came out of all frames. Making a context takes as long as decoding a small chunk,
/// so each thread keeps one.
pub fn decompress_zstd(body: &[u8], raw: &mut [u8]) -> Result<usize, BackendError> {
    thread_local! {
        static CONTEXT: RefCell<Option<ZstdDecompressor<'static>>> = const { RefCell::new(None) };
    }
    CONTEXT.with_borrow_mut(|context| {
        let context = match context {
            Some(context) => context,
            none => none.insert(ZstdDecompressor::new()?),
        };
        Ok(context.decompress_to_buffer(body, raw)?)
    })
}
