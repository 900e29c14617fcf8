//! How much is worked on at once.

/// A brush reaches and a clipboard holds at most so many cells: 512 x 512 x 256.
pub const MAX_CELLS: u64 = 1 << 26;
