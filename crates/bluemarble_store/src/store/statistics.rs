//! What a store has done.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

/// What a store has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StoreStatistics {
    /// Bytes read from shards.
    pub bytes_read: u64,
    /// Bytes written to shards.
    pub bytes_written: u64,
    /// Chunks read.
    pub chunks_read: u64,
    /// Chunks written.
    pub chunks_written: u64,
    /// Shards replaced.
    pub shards_replaced: u64,
}

/// The same while it goes on.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub bytes_read: AtomicU64,
    pub bytes_written: AtomicU64,
    pub chunks_read: AtomicU64,
    pub chunks_written: AtomicU64,
    pub shards_replaced: AtomicU64,
}

impl Counters {
    pub fn replaced_shard(&self, bytes: u64) {
        self.bytes_written.fetch_add(bytes, Relaxed);
        self.shards_replaced.fetch_add(1, Relaxed);
    }

    pub fn statistics(&self) -> StoreStatistics {
        StoreStatistics {
            bytes_read: self.bytes_read.load(Relaxed),
            bytes_written: self.bytes_written.load(Relaxed),
            chunks_read: self.chunks_read.load(Relaxed),
            chunks_written: self.chunks_written.load(Relaxed),
            shards_replaced: self.shards_replaced.load(Relaxed),
        }
    }
}
