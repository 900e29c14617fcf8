//! [`Numbers`]: a volume of numbers, whatever file it lies in.

use std::ops::Range;

use clap::ValueEnum;

/// A part of a volume: a range along each axis of the file.
pub type Part = [Range<u64>; 3];

/// A volume of numbers up to 65535.
pub trait Numbers: Sync {
    /// Numbers along each axis of the file, the slowest first. None is 0.
    fn counts(&self) -> [u64; 3];

    /// Reads a part, which lies in the volume: the last axis fastest.
    ///
    /// # Errors
    /// One clause that says what is wrong with the file.
    fn read(&self, part: &Part) -> Result<Vec<u16>, String>;
}

/// What one number of a file without a header is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dtype {
    /// One byte.
    U8,
    /// Two bytes, the lower one first.
    U16,
}

/// What must be known of a file without a header.
#[derive(Clone, Debug)]
pub struct Bare {
    /// Numbers along each axis.
    pub shape: Vec<u64>,
    /// What one of them is.
    pub dtype: Dtype,
}

/// Says that something cannot be read.
pub fn unreadable(error: impl std::fmt::Display) -> String {
    format!("cannot read: {error}")
}
