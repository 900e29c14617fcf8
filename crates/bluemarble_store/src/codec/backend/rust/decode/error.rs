//! Why frames cannot be understood.

use thiserror::Error;

/// One clause that says what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Broken(pub &'static str);

/// A part ends early.
pub const CUT_OFF: Broken = Broken("it ends early");
/// More comes out than there is room for.
pub const TOO_LARGE: Broken = Broken("it holds more than a chunk");

/// The first `count` bytes; `bytes` goes on behind them.
pub fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8], Broken> {
    let (taken, rest) = bytes.split_at_checked(count).ok_or(CUT_OFF)?;
    *bytes = rest;
    Ok(taken)
}

/// The next byte.
pub fn take_byte(bytes: &mut &[u8]) -> Result<u8, Broken> {
    take(bytes, 1).map(|taken| taken[0])
}

/// A number of at most eight bytes, little endian.
pub fn take_number(bytes: &mut &[u8], count: usize) -> Result<u64, Broken> {
    let taken = take(bytes, count)?;
    Ok(taken.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}
