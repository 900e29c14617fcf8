//! [`DiskUse`]: what a world takes on disk.

use bluemarble_core::{CHUNK_VOLUME, ContentClass};
use serde::Serialize;

/// Bytes of the cells of a chunk as an array without codecs holds them.
const RAW_CHUNK_BYTES: f64 = (CHUNK_VOLUME * 2) as f64;

/// What a world takes on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DiskUse {
    /// Shards.
    pub shards: u64,
    /// Bytes of these.
    pub shard_bytes: u64,
    /// Those of the shards of which it is known what they hold: somebody has asked for it, or for what is near.
    pub listed_shards: u64,
    /// Bytes of these.
    pub listed_bytes: u64,
    /// Chunks in them.
    pub chunks: u64,
    /// Bytes of the manifest.
    pub manifest_bytes: u64,
    /// Bytes of what is kept of the index.
    pub index_bytes: u64,
    /// Those of these chunks at which the index has looked, by what they are about, in the order of [`ContentClass::ALL`].
    pub classes: [ClassUse; ContentClass::ALL.len()],
}

/// Stored chunks of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClassUse {
    /// Chunks.
    pub chunks: u64,
    /// Their bytes: all chunks of a shard have an even share of it. `bluemarble info` counts each.
    pub bytes: u64,
}

impl ClassUse {
    /// Share of what the same cells would take as plain numbers that is not needed.
    pub fn saved_share(self) -> f64 {
        if self.chunks == 0 {
            return 0.0;
        }
        1.0 - self.bytes as f64 / (self.chunks as f64 * RAW_CHUNK_BYTES)
    }
}

impl DiskUse {
    /// How many times as much the chunks of listed shards would take as plain numbers; 0 without any.
    pub fn compression_ratio(self) -> f64 {
        if self.listed_bytes == 0 {
            return 0.0;
        }
        self.chunks as f64 * RAW_CHUNK_BYTES / self.listed_bytes as f64
    }
}
