//! Bits of bytes, forwards for the shapes of codes, backwards for what is coded.

use super::error::{Broken, CUT_OFF};

/// Up to 56 bits from bit `start` on, the first one lowest; zeros behind the end.
fn bits_at(bytes: &[u8], start: usize, count: usize) -> u64 {
    let rest = bytes.get(start / 8..).unwrap_or_default();
    let word = match rest.first_chunk::<8>() {
        Some(word) => u64::from_le_bytes(*word),
        None => rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    };
    word >> (start % 8) & ((1 << count) - 1)
}

/// Bits from the first to the last.
pub struct Forwards<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Forwards<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bits that are not taken yet; zeros behind the end.
    pub fn peek(&self, count: usize) -> u64 {
        bits_at(self.bytes, self.at, count)
    }

    pub fn skip(&mut self, count: usize) {
        self.at += count;
    }

    /// Whole bytes that bits were taken of.
    pub fn used_bytes(&self) -> Result<usize, Broken> {
        let used = self.at.div_ceil(8);
        if used > self.bytes.len() { Err(CUT_OFF) } else { Ok(used) }
    }
}

/// Bits from the last to the first. The highest bit that is set ends them and is none of them.
pub struct Backwards<'a> {
    bytes: &'a [u8],
    left: usize,
}

impl<'a> Backwards<'a> {
    pub fn new(bytes: &'a [u8]) -> Result<Self, Broken> {
        match bytes.last() {
            Some(&last) if last != 0 => {
                let left = (bytes.len() - 1) * 8 + last.ilog2() as usize;
                Ok(Self { bytes, left })
            }
            _ => Err(Broken("its bits have no end")),
        }
    }

    /// Bits that are left.
    pub fn left(&self) -> usize {
        self.left
    }

    /// Up to 56 bits that are not taken yet, the next one highest; zeros behind the end.
    #[inline]
    pub fn peek(&self, count: usize) -> u64 {
        let start = self.left.saturating_sub(count);
        let found = self.left - start;
        bits_at(self.bytes, start, found) << (count - found)
    }

    #[inline]
    pub fn skip(&mut self, count: usize) -> Result<(), Broken> {
        self.left = self.left.checked_sub(count).ok_or(CUT_OFF)?;
        Ok(())
    }

    #[inline]
    pub fn take(&mut self, count: usize) -> Result<u64, Broken> {
        let found = self.peek(count);
        self.skip(count)?;
        Ok(found)
    }

    /// An error if bits are left.
    pub fn finish(&self) -> Result<(), Broken> {
        if self.left == 0 { Ok(()) } else { Err(Broken("bits are left behind its end")) }
    }
}
