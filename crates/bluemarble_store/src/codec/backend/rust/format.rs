//! What Zstandard frames are made of, after RFC 8878.

use std::hash::Hasher;

use twox_hash::XxHash64;

/// What a frame begins with.
pub const MAGIC: u32 = 0xFD2F_B528;
/// No block holds more bytes, compressed or not.
pub const MAX_BLOCK_BYTES: usize = 128 << 10;
/// The descriptor's bit for a checksum behind the blocks.
pub const CHECKSUM_FLAG: u8 = 1 << 2;
/// The descriptor's bits for a content size of eight bytes.
pub const SIZE_FLAG: u8 = 3 << 6;
/// The byte for a window of 128 KiB.
pub const WINDOW_128_KIB: u8 = 7 << 3;
/// A block as it is.
pub const RAW_BLOCK: u8 = 0;
/// One byte again and again.
pub const RUN_BLOCK: u8 = 1;
/// Literals and sequences.
pub const COMPRESSED_BLOCK: u8 = 2;

/// The checksum of a frame's content.
pub fn checksum(content: &[u8]) -> u32 {
    let mut hasher = XxHash64::with_seed(0);
    hasher.write(content);
    hasher.finish() as u32
}
