//! [`WorldReport`]: the state of a world in numbers.

use serde::Serialize;

use super::health::Health;
use crate::{Activity, DiskUse, IndexStatistics, WorldStatistics};

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
    /// What the own store takes, as it was when it was last measured: when the world was opened, as far as the manifest tells
    /// it, or by [`crate::HybridWorld::measure_disk`].
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
