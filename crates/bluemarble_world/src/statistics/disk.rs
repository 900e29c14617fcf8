//! [`DiskUse`]: what a world takes on disk.

use bluemarble_core::CHUNK_VOLUME;
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
    /// Chunks in them.
    pub chunks: u64,
}

impl DiskUse {
    /// How many times as much the stored chunks would take as plain numbers; 0 if none is stored.
    pub fn compression_ratio(self) -> f64 {
        if self.shard_bytes == 0 {
            return 0.0;
        }
        self.chunks as f64 * RAW_CHUNK_BYTES / self.shard_bytes as f64
    }
}
