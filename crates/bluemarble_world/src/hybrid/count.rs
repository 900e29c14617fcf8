//! What a world has done, holds and takes on disk.

use bluemarble_core::ChunkKey;
use bluemarble_store::log::DeltaLog;

use super::world::HybridWorld;
use crate::{DiskUse, WorldError, WorldStatistics};

impl HybridWorld {
    /// What the world has done since it was opened, and what it holds now.
    pub fn statistics(&self) -> WorldStatistics {
        let inner = &*self.inner;
        let mut statistics = WorldStatistics {
            cached_bytes: inner.cache.weight() as usize,
            cached_chunks: inner.cache.len(),
            ..WorldStatistics::default()
        };
        {
            let state = self.state();
            (statistics.overlay_chunks, statistics.overlay_bytes) = state.overlay_size();
            statistics.edited_chunks = state.octree.len();
        }
        if let Some(store) = &inner.store {
            statistics.store = store.statistics();
        }
        statistics.log = self.log().map(DeltaLog::statistics);
        inner.counters.report(&mut statistics);
        statistics
    }

    /// Chunks that their parents do not show yet.
    pub(crate) fn unshown_count(&self) -> usize {
        self.state().unshown_count()
    }

    /// What the own store takes.
    pub(crate) async fn disk_use(&self) -> Result<DiskUse, WorldError> {
        let Some(store) = &self.inner.store else { return Ok(DiskUse::default()) };
        let shards = store.list_known_shards().await?;
        let keys = self.edited_unsorted();
        let state = self.state();
        let is_stored = |key: &&ChunkKey| {
            state.is_own(**key) && state.edited(**key).is_none_or(|edited| edited.is_stored)
        };
        Ok(DiskUse {
            shards: shards.len() as u64,
            shard_bytes: shards.iter().map(|shard| shard.bytes).sum(),
            chunks: keys.iter().filter(is_stored).count() as u64,
        })
    }
}
