//! A world's report, from what it counts and holds.

use super::{health::Health, judge::judge, world_report::WorldReport};
use crate::{DiskUse, HybridWorld, WorldError};

impl HybridWorld {
    /// The state of the world. Takes microseconds; rates are over the time since a call before it.
    pub fn report(&self) -> WorldReport {
        let (world, index) = (self.statistics(), self.index_statistics());
        let counted = self.counted();
        let (edits, queries) = (counted.edits.report(), counted.queries.report());
        let disk = counted.disk();
        let mut report = WorldReport {
            loaded_chunks: world.cached_chunks + world.overlay_chunks,
            pending_chunks: world.overlay_chunks,
            awaiting_parents: self.unshown_count(),
            awaiting_index: index.waiting + index.claimed + index.resting,
            disk,
            compression_ratio: disk.compression_ratio(),
            edits,
            queries,
            octree_share: counted.without_chunk() as f64 / queries.count.max(1) as f64,
            world,
            index,
            health: Health::default(),
        };
        report.health = judge(&report, counted.save_error());
        report
    }

    /// Takes note of what the own store takes, and, of the shards of which it is known, of what is in them.
    ///
    /// # Errors
    /// [`WorldError::Store`] if the manifest cannot be read.
    pub async fn measure_disk(&self) -> Result<DiskUse, WorldError> {
        let disk = self.disk_use().await?;
        self.counted().measured(disk);
        Ok(disk)
    }
}
