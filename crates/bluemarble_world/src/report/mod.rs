//! [`WorldReport`]: all that can be told of a world's state, for overlays, logs and monitors.
//!
//! | module | what it holds |
//! |---|---|
//! | [`WorldReport`], [`DiskUse`] | the numbers |
//! | [`Activity`] | how often something happens and how long it takes |
//! | [`Health`] | what of it is as it should be |
//! | `publish` | the numbers by name, for the `metrics` facade |

mod activity;
mod health;
mod publish;

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use bluemarble_core::CHUNK_VOLUME;
use serde::Serialize;

pub use activity::Activity;
pub(crate) use activity::{Meter, ReaderMeter};
pub use health::{Condition, Health};

use crate::{HybridWorld, IndexStatistics, WorldError, WorldStatistics};

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

/// The state of a world.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WorldReport {
    /// Chunks in memory: of the cache and of edits.
    pub loaded_chunks: usize,
    /// Edited chunks that only the log and the memory have.
    pub pending_chunks: usize,
    /// Chunks that their parents do not show yet.
    pub awaiting_parents: usize,
    /// Chunks at which the index has to look.
    pub awaiting_index: usize,
    /// What the own store takes, as it was when it was last measured: when the world was opened, or by
    /// [`HybridWorld::measure_disk`].
    pub disk: DiskUse,
    /// [`DiskUse::compression_ratio`].
    pub compression_ratio: f64,
    /// Batches of edits.
    pub edits: Activity,
    /// Queries of places, boxes and rays.
    pub queries: Activity,
    /// Share of the queries that were answered without looking into a chunk, 0..=1.
    pub octree_share: f64,
    /// What the world has done and holds.
    pub world: WorldStatistics,
    /// How the index stands.
    pub index: IndexStatistics,
    /// What is as it should be.
    pub health: Health,
}

/// What is counted for reports.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub edits: Meter,
    pub queries: Meter,
    without_chunk: AtomicU64,
    disk: Mutex<DiskUse>,
    /// Why the last checkpoint failed, if it did.
    save_error: Mutex<Option<String>>,
}

impl Counted {
    pub fn of(disk: DiskUse) -> Self {
        Self { disk: Mutex::new(disk), ..Self::default() }
    }

    /// Takes over what a reader has counted.
    pub fn take(&self, reader: &mut ReaderMeter) {
        self.without_chunk.fetch_add(reader.tell(&self.queries), Relaxed);
    }

    pub fn saved(&self, error: Option<String>) {
        *self.save_error.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }
}

impl HybridWorld {
    /// The state of the world. Takes microseconds; rates are over the time since a call before it.
    pub fn report(&self) -> WorldReport {
        let (world, index) = (self.statistics(), self.index_statistics());
        let counted = self.counted();
        let (edits, queries) = (counted.edits.report(), counted.queries.report());
        let disk = *counted.disk.lock().unwrap_or_else(PoisonError::into_inner);
        let save_error = counted.save_error.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut report = WorldReport {
            loaded_chunks: world.cached_chunks + world.overlay_chunks,
            pending_chunks: world.overlay_chunks,
            awaiting_parents: self.unshown_count(),
            awaiting_index: index.waiting + index.claimed + index.resting,
            disk,
            compression_ratio: disk.compression_ratio(),
            edits,
            queries,
            octree_share: counted.without_chunk.load(Relaxed) as f64 / queries.count.max(1) as f64,
            world,
            index,
            health: Health::default(),
        };
        report.health = Health::of(&report, save_error);
        report
    }

    /// Lists the shards of the own store and takes note of what they take.
    ///
    /// # Errors
    /// [`WorldError::Store`] if they cannot be listed.
    pub async fn measure_disk(&self) -> Result<DiskUse, WorldError> {
        let disk = self.disk_use().await?;
        *self.counted().disk.lock().unwrap_or_else(PoisonError::into_inner) = disk;
        Ok(disk)
    }
}
