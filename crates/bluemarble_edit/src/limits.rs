//! How much is worked on at once.

/// The most cells that a brush reaches and a clipboard holds: 512 x 512 x 256.
pub const MAX_CELLS: u64 = 1 << 26;
