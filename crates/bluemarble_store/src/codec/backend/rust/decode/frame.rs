//! Frames and their blocks.

use super::{
    super::format::{
        CHECKSUM_FLAG, COMPRESSED_BLOCK, MAGIC, MAX_BLOCK_BYTES, RAW_BLOCK, RUN_BLOCK, checksum,
    },
    error::{Broken, TOO_LARGE, take, take_byte, take_number},
    huffman::Huffman,
    literals::read_literals,
    sequences::Sequences,
};
use crate::codec::error::BackendError;

/// What skippable frames begin with, without the last four bits.
const SKIPPED: u32 = 0x184D_2A50;

/// What a frame says of itself.
struct Header {
    /// Bytes that it holds, if it says so.
    content: Option<u64>,
    max_block_bytes: usize,
    has_checksum: bool,
}

/// Decodes all frames into `raw`; returns how many bytes came out.
pub fn decompress_zstd(mut body: &[u8], raw: &mut [u8]) -> Result<usize, BackendError> {
    let mut at = 0;
    while !body.is_empty() {
        at = decode_frame(&mut body, raw, at)?;
    }
    Ok(at)
}

/// Decodes the frame in front of `body`, which goes on behind it; returns where its content ends.
fn decode_frame(body: &mut &[u8], raw: &mut [u8], start: usize) -> Result<usize, Broken> {
    let magic = take_number(body, 4)? as u32;
    if magic & !15 == SKIPPED {
        let length = take_number(body, 4)? as usize;
        take(body, length)?;
        return Ok(start);
    }
    if magic != MAGIC {
        return Err(Broken("it does not begin like a frame"));
    }
    let header = read_header(body)?;
    let room = (raw.len() - start) as u64;
    if header.content.is_some_and(|content| content > room) {
        return Err(TOO_LARGE);
    }
    let mut at = start;
    let (mut code, mut literals, mut sequences) = (None, Vec::new(), Sequences::default());
    loop {
        let block = take_number(body, 3)? as usize;
        let (is_last, kind, size) = (block & 1 == 1, (block >> 1 & 3) as u8, block >> 3);
        if size > header.max_block_bytes {
            return Err(Broken("a block is too large"));
        }
        let end = match kind {
            RAW_BLOCK => {
                let bytes = take(body, size)?;
                raw.get_mut(at..at + size).ok_or(TOO_LARGE)?.copy_from_slice(bytes);
                at + size
            }
            RUN_BLOCK => {
                let byte = take_byte(body)?;
                raw.get_mut(at..at + size).ok_or(TOO_LARGE)?.fill(byte);
                at + size
            }
            COMPRESSED_BLOCK => {
                let block = take(body, size)?;
                // No block writes further than one may.
                let most = raw.len().min(at + header.max_block_bytes);
                let room = &mut raw[..most];
                decode_block(block, room, start, at, &mut code, &mut literals, &mut sequences)?
            }
            _ => return Err(Broken("a block is of an unknown kind")),
        };
        at = end;
        if is_last {
            break;
        }
    }
    let content = &raw[start..at];
    if header.content.is_some_and(|expected| expected != content.len() as u64) {
        return Err(Broken("it does not hold what it claims to hold"));
    }
    if header.has_checksum && take_number(body, 4)? as u32 != checksum(content) {
        return Err(Broken("its checksum does not match"));
    }
    Ok(at)
}

fn decode_block(
    mut block: &[u8],
    raw: &mut [u8],
    start: usize,
    at: usize,
    code: &mut Option<Huffman>,
    literals: &mut Vec<u8>,
    sequences: &mut Sequences,
) -> Result<usize, Broken> {
    read_literals(&mut block, code, literals)?;
    sequences.execute(block, literals, raw, start, at)
}

fn read_header(body: &mut &[u8]) -> Result<Header, Broken> {
    let descriptor = take_byte(body)?;
    if descriptor & 8 != 0 {
        return Err(Broken("a reserved bit is set"));
    }
    let is_single = descriptor >> 5 & 1 == 1;
    let window = if is_single {
        None
    } else {
        let byte = take_byte(body)?;
        let base = 1u64 << (10 + (byte >> 3));
        Some(base + base / 8 * u64::from(byte & 7))
    };
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    if take_number(body, dictionary)? != 0 {
        return Err(Broken("it needs a dictionary"));
    }
    let content = match descriptor >> 6 {
        0 if is_single => Some(take_number(body, 1)?),
        0 => None,
        1 => Some(take_number(body, 2)? + 256),
        2 => Some(take_number(body, 4)?),
        _ => Some(take_number(body, 8)?),
    };
    let window = window.or(content).unwrap_or_default();
    Ok(Header {
        content,
        max_block_bytes: window.min(MAX_BLOCK_BYTES as u64) as usize,
        has_checksum: descriptor & CHECKSUM_FLAG != 0,
    })
}
