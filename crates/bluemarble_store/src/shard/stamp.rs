//! [`Stamp`]: what a shard says of itself, between its chunks and its index.
//!
//! Zarr knows nothing of it: bytes of a shard to which no slot points have no meaning there.

use glam::ivec3;
use twox_hash::xxhash3_128::Hasher;

use crate::layout::ShardKey;

/// Bytes of a stamp.
pub const STAMP_BYTES: usize = 48;

const MAGIC: [u8; 4] = *b"BMst";
/// Bytes that the digest covers.
const SIGNED_BYTES: usize = 28;

/// Which shard this is, in which version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Where it belongs.
    pub shard: ShardKey,
    /// The last batch of edits that may be in it; 0 in worlds without a log.
    pub lsn: u64,
    /// XXH3-128 of the stamp up to here, of all chunks in the order in which they lie, and of the index.
    pub digest: u128,
}

impl Stamp {
    /// The stamp of a shard with these bytes around it.
    pub(super) fn new<'a>(
        shard: ShardKey,
        lsn: u64,
        chunks: impl IntoIterator<Item = &'a [u8]>,
        index: &[u8],
    ) -> Self {
        let mut hasher = Hasher::new();
        hasher.write(&signed(shard, lsn));
        chunks.into_iter().for_each(|chunk| hasher.write(chunk));
        hasher.write(index);
        Self { shard, lsn, digest: hasher.finish_128() }
    }

    pub(super) fn to_bytes(self) -> [u8; STAMP_BYTES] {
        let mut bytes = [0; STAMP_BYTES];
        bytes[..SIGNED_BYTES].copy_from_slice(&signed(self.shard, self.lsn));
        bytes[SIGNED_BYTES..44].copy_from_slice(&self.digest.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..44]);
        bytes[44..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The stamp that some bytes are; `None` if they are none.
    pub fn parse(bytes: &[u8; STAMP_BYTES]) -> Option<Self> {
        let number = |at: usize| {
            let mut number = [0; 4];
            number.copy_from_slice(&bytes[at..at + 4]);
            u32::from_le_bytes(number)
        };
        if bytes[..4] != MAGIC || crc32c::crc32c(&bytes[..44]) != number(44) {
            return None;
        }
        let pos = ivec3(number(8) as i32, number(12) as i32, number(16) as i32);
        let shard = ShardKey { region: bytes[4], lod: bytes[5], pos };
        let wide = |at: usize| u64::from(number(at)) | u64::from(number(at + 4)) << 32;
        let digest = u128::from(wide(28)) | u128::from(wide(36)) << 64;
        Some(Self { shard, lsn: wide(20), digest })
    }
}

fn signed(shard: ShardKey, lsn: u64) -> [u8; SIGNED_BYTES] {
    let mut bytes = [0; SIGNED_BYTES];
    bytes[..4].copy_from_slice(&MAGIC);
    (bytes[4], bytes[5]) = (shard.region, shard.lod);
    for (axis, at) in shard.pos.to_array().into_iter().zip([8, 12, 16]) {
        bytes[at..at + 4].copy_from_slice(&axis.to_le_bytes());
    }
    bytes[20..].copy_from_slice(&lsn.to_le_bytes());
    bytes
}
