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
    match blocks_of(&encoded) {
        Some((_, blocks)) if blocks.len() >= raw.len() => {}
        Some((window, blocks)) => {
            let found = frame(raw, window, frame_checksum, |bytes| bytes.extend_from_slice(blocks));
            let mut again = vec![0; raw.len()];
            if decompress_zstd(&found, &mut again).is_ok_and(|got| got == raw.len()) && again == raw
            {
                return Ok(found);
            }
            tracing::warn!("a Zstandard frame was encoded wrongly; the chunk is kept uncompressed");
        }
        None => {
            tracing::warn!("the Zstandard encoder is another one; chunks are kept uncompressed")
        }
    }
    Ok(frame(raw, WINDOW_128_KIB, frame_checksum, |bytes| push_raw_blocks(raw, bytes)))
}

/// The window and the blocks of a frame of `ruzstd`. It ends with a checksum if any crate of the program turns the
/// cargo feature `hash` of `ruzstd` on, as Bevy does.
fn blocks_of(encoded: &[u8]) -> Option<(u8, &[u8])> {
    let (header, blocks) = encoded.split_first_chunk::<RUZSTD_HEADER>()?;
    let (magic, flags, window) = (&header[..4], header[4], header[5]);
    if magic != MAGIC.to_le_bytes() {
        return None;
    }
    match flags {
        0 => Some((window, blocks)),
        CHECKSUM_FLAG => Some((window, blocks.split_last_chunk::<4>()?.0)),
        _ => None,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What other crates of a program turn on must not matter: with the plugin built beside it, this runs with the
    /// checksums of `ruzstd`, and alone without them.
    #[test]
    fn cells_of_few_materials_shrink() {
        let raw: Vec<u8> = (0..1u32 << 16).map(|i| if i % 4096 < 700 { 10 } else { 7 }).collect();
        for frame_checksum in [false, true] {
            let packed = compress_zstd(&raw, 3, frame_checksum).expect("compresses");
            assert!(packed.len() < raw.len() / 8, "{} bytes", packed.len());
        }
    }

    #[test]
    fn blocks_are_found_with_and_without_a_checksum_behind_them() {
        let frame = |flags: u8, end: &[u8]| {
            let mut bytes = MAGIC.to_le_bytes().to_vec();
            bytes.extend_from_slice(&[flags, 9, 1, 2, 3]);
            bytes.extend_from_slice(end);
            bytes
        };
        assert_eq!(blocks_of(&frame(0, &[])), Some((9, &[1u8, 2, 3][..])));
        assert_eq!(blocks_of(&frame(CHECKSUM_FLAG, &[4; 4])), Some((9, &[1u8, 2, 3][..])));
        assert_eq!(blocks_of(&frame(SIZE_FLAG, &[])), None, "another kind of frame");
        assert_eq!(blocks_of(&frame(CHECKSUM_FLAG, &[])[..8]), None, "too short");
        assert_eq!(blocks_of(b"none"), None);
    }
}
