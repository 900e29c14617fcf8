//! [`WorldStatistics`]: what a world has done and holds, and the counters of reads behind it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bluemarble_store::{StoreStatistics, log::LogStatistics};
use serde::Serialize;

/// Counts since the world was opened, and what it holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct WorldStatistics {
    /// Bytes of chunks in the cache.
    pub cached_bytes: usize,
    /// Chunks in the cache.
    pub cached_chunks: usize,
    /// Share of reads answered from memory, 0..=1; 0 before the first read.
    pub hit_rate: f64,
    /// Edited chunks that are held in memory; with a store, those that it does not have yet.
    pub overlay_chunks: usize,
    /// Bytes of memory that these take.
    pub overlay_bytes: usize,
    /// Chunks that are edited, of all lods: those on disk as far as somebody has asked for them or for what is near.
    pub edited_chunks: usize,
    /// Reads answered by edits in memory.
    pub overlay_reads: u64,
    /// Reads answered by the cache.
    pub cache_reads: u64,
    /// Reads answered by the store.
    pub store_reads: u64,
    /// Reads answered by the baseline.
    pub baseline_reads: u64,
    /// Of these, the ones that gave a chunk of one material.
    pub uniform_fills: u64,
    /// What the store has done; zero in a world without one.
    pub store: StoreStatistics,
    /// What the delta log has done and takes; `None` in a world without one.
    pub log: Option<LogStatistics>,
}

/// Where a read was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Overlay,
    Cache,
    Store,
    Baseline,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    reads: [AtomicU64; 4],
    uniform_fills: AtomicU64,
}

impl Counters {
    pub(crate) fn read(&self, source: Source) {
        self.reads[source as usize].fetch_add(1, Relaxed);
    }

    pub(crate) fn uniform_fill(&self) {
        self.uniform_fills.fetch_add(1, Relaxed);
    }

    /// Fills in what is counted here.
    pub(crate) fn report(&self, statistics: &mut WorldStatistics) {
        let [overlay, cache, store, baseline] =
            [0, 1, 2, 3].map(|source: usize| self.reads[source].load(Relaxed));
        let (hits, all) = (overlay + cache, overlay + cache + store + baseline);
        statistics.hit_rate = hits as f64 / all.max(1) as f64;
        statistics.overlay_reads = overlay;
        statistics.cache_reads = cache;
        statistics.store_reads = store;
        statistics.baseline_reads = baseline;
        statistics.uniform_fills = self.uniform_fills.load(Relaxed);
    }
}
