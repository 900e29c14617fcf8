//! Frames by the encoder of `ruzstd`.

use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::{
    decode::decompress_zstd,
    format::{
        CHECKSUM_FLAG, MAGIC, MAX_BLOCK_BYTES, RAW_BLOCK, SIZE_FLAG, WINDOW_128_KIB, checksum,
    },
};
use crate::codec::error::BackendError;

/// Bytes in front of the blocks in a frame of `ruzstd`: magic number, descriptor, window.
const RUZSTD_HEADER: usize = 6;

/// One frame with its content size. The encoder knows one level, about level 1 of the C library; the level
/// asked for does not matter.
///
/// Every frame is decoded again before it is returned: what the encoder gets wrong, or larger, is kept
/// without compression.
pub fn compress_zstd(raw: &[u8], _: i32, frame_checksum: bool) -> Result<Vec<u8>, BackendError> {
    let encoded = compress_to_vec(raw, CompressionLevel::Fastest);
    if let Some((header, blocks)) = encoded.split_first_chunk::<RUZSTD_HEADER>()
        && header[..4] == MAGIC.to_le_bytes()
        && header[4] == 0
        && blocks.len() < raw.len()
    {
        let found = frame(raw, header[5], frame_checksum, |bytes| bytes.extend_from_slice(blocks));
        let mut again = vec![0; raw.len()];
        if decompress_zstd(&found, &mut again).is_ok_and(|got| got == raw.len()) && again == raw {
            return Ok(found);
        }
        tracing::warn!("a Zstandard frame was encoded wrongly; the chunk is kept uncompressed");
    }
    Ok(frame(raw, WINDOW_128_KIB, frame_checksum, |bytes| push_raw_blocks(raw, bytes)))
}

/// A frame of the blocks that `push` appends.
fn frame(raw: &[u8], window: u8, frame_checksum: bool, push: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let flags = SIZE_FLAG | if frame_checksum { CHECKSUM_FLAG } else { 0 };
    let mut bytes = MAGIC.to_le_bytes().to_vec();
    bytes.extend_from_slice(&[flags, window]);
    bytes.extend_from_slice(&(raw.len() as u64).to_le_bytes());
    push(&mut bytes);
    if frame_checksum {
        bytes.extend_from_slice(&checksum(raw).to_le_bytes());
    }
    bytes
}

fn push_raw_blocks(raw: &[u8], bytes: &mut Vec<u8>) {
    let mut rest = raw;
    loop {
        let (block, after) = rest.split_at(rest.len().min(MAX_BLOCK_BYTES));
        let is_last = u32::from(after.is_empty());
        let header = (block.len() as u32) << 3 | u32::from(RAW_BLOCK) << 1 | is_last;
        bytes.extend_from_slice(&header.to_le_bytes()[..3]);
        bytes.extend_from_slice(block);
        if after.is_empty() {
            return;
        }
        rest = after;
    }
}
