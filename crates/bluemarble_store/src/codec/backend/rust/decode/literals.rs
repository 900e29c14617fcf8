//! The literals of a block: the bytes that are not copied from before.

use super::{
    super::format::MAX_BLOCK_BYTES,
    error::{Broken, CUT_OFF, TOO_LARGE, take, take_byte, take_number},
    huffman::Huffman,
};

/// Bytes of the sizes in front of four streams.
const JUMP_BYTES: usize = 6;

/// Reads the literals in front of `bytes`, which goes on behind them. `code` is the frame's last one.
pub fn read_literals(
    bytes: &mut &[u8],
    code: &mut Option<Huffman>,
    literals: &mut Vec<u8>,
) -> Result<(), Broken> {
    let first = *bytes.first().ok_or(CUT_OFF)?;
    let (kind, format) = (first & 3, usize::from(first >> 2 & 3));
    literals.clear();
    if kind < 2 {
        let (header, shift) = [(1, 3), (2, 4), (1, 3), (3, 4)][format];
        let size = (take_number(bytes, header)? >> shift) as usize;
        if size > MAX_BLOCK_BYTES {
            return Err(TOO_LARGE);
        }
        match kind {
            0 => literals.extend_from_slice(take(bytes, size)?),
            _ => literals.resize(size, take_byte(bytes)?),
        }
        return Ok(());
    }
    let (header, width) = [(3, 10), (3, 10), (4, 14), (5, 18)][format];
    let sizes = take_number(bytes, header)? >> 4;
    let mask = (1u64 << width) - 1;
    let (size, compressed) = ((sizes & mask) as usize, (sizes >> width & mask) as usize);
    if size > MAX_BLOCK_BYTES {
        return Err(TOO_LARGE);
    }
    let mut streams = take(bytes, compressed)?;
    if kind == 2 {
        *code = Some(Huffman::read(&mut streams)?);
    }
    let Some(code) = code else { return Err(Broken("its first literals have no code")) };
    literals.resize(size, 0);
    if format == 0 {
        return code.decode(streams, literals);
    }
    let mut jumps = take(&mut streams, JUMP_BYTES)?;
    let quarter = size.div_ceil(4);
    let mut rest = literals.as_mut_slice();
    for _ in 0..3 {
        let stream = take_number(&mut jumps, 2)? as usize;
        let stream = take(&mut streams, stream)?;
        let (part, after) =
            rest.split_at_mut_checked(quarter).ok_or(Broken("four streams have nothing to say"))?;
        code.decode(stream, part)?;
        rest = after;
    }
    code.decode(streams, rest)
}
