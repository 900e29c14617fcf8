//! The sequences of a block: each copies some literals, then some bytes from further back in the output.

use super::{
    bits::Backwards,
    error::{Broken, TOO_LARGE, take_byte, take_number},
    fse::{State, Table},
};

/// Numbers as codes: each code stands for a base and as many more bits.
const LITERAL_LENGTHS: [(u32, u8); 36] = codes(
    0,
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10,
        11, 12, 13, 14, 15, 16,
    ],
);
const MATCH_LENGTHS: [(u32, u8); 53] = codes(
    3,
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
    ],
);
const MAX_OFFSET_CODE: usize = 31;

const LITERAL_SHARES: [i16; 36] = [
    4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1,
    -1, -1, -1, -1,
];
const MATCH_SHARES: [i16; 53] = [
    1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
];
const OFFSET_SHARES: [i16; 29] =
    [1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1];

/// Codes that follow each other without a gap.
const fn codes<const N: usize>(mut base: u32, bits: [u8; N]) -> [(u32, u8); N] {
    let mut codes = [(0, 0); N];
    let mut at = 0;
    while at < N {
        codes[at] = (base, bits[at]);
        base += 1 << bits[at];
        at += 1;
    }
    codes
}

/// What the sequences of a frame hand on from block to block.
#[derive(Debug)]
pub struct Sequences {
    literal_lengths: Option<Table>,
    offsets: Option<Table>,
    match_lengths: Option<Table>,
    /// The last three distances, the last one first.
    distances: [usize; 3],
}

impl Default for Sequences {
    fn default() -> Self {
        Self { literal_lengths: None, offsets: None, match_lengths: None, distances: [1, 4, 8] }
    }
}

impl Sequences {
    /// Appends what a block holds to `raw[..at]`, of which the frame began at `start`; returns where it
    /// ends. `bytes` are the block's behind its literals.
    pub fn execute(
        &mut self,
        mut bytes: &[u8],
        mut literals: &[u8],
        raw: &mut [u8],
        start: usize,
        mut at: usize,
    ) -> Result<usize, Broken> {
        let count = match usize::from(take_byte(&mut bytes)?) {
            0 if bytes.is_empty() => return append(literals, raw, at),
            0 => return Err(Broken("bytes are left behind a block's literals")),
            few @ 1..=127 => few,
            more @ 128..=254 => (more - 128) << 8 | usize::from(take_byte(&mut bytes)?),
            _ => take_number(&mut bytes, 2)? as usize + 0x7F00,
        };
        let modes = take_byte(&mut bytes)?;
        if modes & 3 != 0 {
            return Err(Broken("a reserved bit is set"));
        }
        let literal_lengths = select(
            &mut self.literal_lengths,
            modes >> 6,
            &mut bytes,
            LITERAL_LENGTHS.len(),
            9,
            || Table::new(&LITERAL_SHARES, 6),
        )?;
        let offsets =
            select(&mut self.offsets, modes >> 4 & 3, &mut bytes, MAX_OFFSET_CODE + 1, 8, || {
                Table::new(&OFFSET_SHARES, 5)
            })?;
        let match_lengths = select(
            &mut self.match_lengths,
            modes >> 2 & 3,
            &mut bytes,
            MATCH_LENGTHS.len(),
            9,
            || Table::new(&MATCH_SHARES, 6),
        )?;
        let bits = &mut Backwards::new(bytes)?;
        let mut literal_state = literal_lengths.start(bits)?;
        let mut offset_state = offsets.start(bits)?;
        let mut match_state = match_lengths.start(bits)?;
        for left in (0..count).rev() {
            let code = usize::from(offsets.symbol(&offset_state));
            let offset = (1u64 << code) + bits.take(code)?;
            let matched = number(&MATCH_LENGTHS, match_lengths, &match_state, bits)?;
            let copied = number(&LITERAL_LENGTHS, literal_lengths, &literal_state, bits)?;
            if left > 0 {
                literal_lengths.advance(&mut literal_state, bits)?;
                match_lengths.advance(&mut match_state, bits)?;
                offsets.advance(&mut offset_state, bits)?;
            }
            let distance = distance(&mut self.distances, offset, copied)?;
            let (now, rest) =
                literals.split_at_checked(copied).ok_or(Broken("it has too few literals"))?;
            literals = rest;
            at = append(now, raw, at)?;
            if distance > at - start {
                return Err(Broken("it copies from before its begin"));
            }
            at = repeat(raw, at, distance, matched)?;
        }
        bits.finish()?;
        append(literals, raw, at)
    }
}

/// The table that a block asks for: the usual one, one symbol, one described in front of `bytes`, or the
/// last one.
fn select<'a>(
    last: &'a mut Option<Table>,
    mode: u8,
    bytes: &mut &[u8],
    symbols: usize,
    max_log: usize,
    usual: impl FnOnce() -> Table,
) -> Result<&'a Table, Broken> {
    match mode {
        0 => *last = Some(usual()),
        1 => {
            let symbol = take_byte(bytes)?;
            if usize::from(symbol) >= symbols {
                return Err(Broken("a code has an unknown symbol"));
            }
            *last = Some(Table::run(symbol));
        }
        2 => *last = Some(Table::read(bytes, symbols, max_log)?),
        _ => {}
    }
    last.as_ref().ok_or(Broken("its first sequences have no code"))
}

#[inline]
fn number(
    codes: &[(u32, u8)],
    table: &Table,
    state: &State,
    bits: &mut Backwards<'_>,
) -> Result<usize, Broken> {
    let (base, more) = codes[usize::from(table.symbol(state))];
    Ok(base as usize + bits.take(usize::from(more))? as usize)
}

/// The distance that an offset stands for: the first three are the last ones.
#[inline]
fn distance(last: &mut [usize; 3], offset: u64, copied: usize) -> Result<usize, Broken> {
    if offset > 3 {
        let distance = (offset - 3) as usize;
        *last = [distance, last[0], last[1]];
        return Ok(distance);
    }
    match offset + u64::from(copied == 0) {
        1 => {}
        2 => last.swap(0, 1),
        3 => *last = [last[2], last[0], last[1]],
        _ => *last = [last[0] - 1, last[0], last[1]],
    }
    if last[0] == 0 { Err(Broken("it copies from nowhere")) } else { Ok(last[0]) }
}

#[inline]
fn append(bytes: &[u8], raw: &mut [u8], at: usize) -> Result<usize, Broken> {
    let room = raw.get_mut(at..at + bytes.len()).ok_or(TOO_LARGE)?;
    room.copy_from_slice(bytes);
    Ok(at + bytes.len())
}

/// Appends `count` bytes from `distance` bytes before; what is appended may be copied again.
#[inline]
fn repeat(raw: &mut [u8], at: usize, distance: usize, count: usize) -> Result<usize, Broken> {
    let end = at + count;
    if end > raw.len() {
        return Err(TOO_LARGE);
    }
    let from = at - distance;
    let mut to = at;
    // What lies between doubles with each step.
    while to < end {
        let step = (to - from).min(end - to);
        raw.copy_within(from..from + step, to);
        to += step;
    }
    Ok(end)
}
