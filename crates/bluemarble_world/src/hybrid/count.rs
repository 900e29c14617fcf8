//! What a world has done, holds and takes on disk.

use bluemarble_core::{ChunkKey, ContentClass};
use bluemarble_store::{ShardKey, log::DeltaLog};
use rustc_hash::FxHashMap;

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
        let mut disk = DiskUse {
            shards: shards.len() as u64,
            shard_bytes: shards.iter().map(|shard| shard.bytes).sum(),
            manifest_bytes: store.manifest_bytes(),
            index_bytes: self.inner.kept.bytes(),
            ..DiskUse::default()
        };
        let mut by_shard: FxHashMap<ShardKey, Vec<ChunkKey>> = FxHashMap::default();
        let (state, index) = (self.state(), self.index());
        for key in state.octree.edited_unsorted() {
            let is_stored = state.edited(key).is_none_or(|edited| edited.is_stored);
            if is_stored
                && state.is_own(key)
                && let Some((shard, _)) = ShardKey::locate(&self.inner.shape, key)
            {
                by_shard.entry(shard).or_default().push(key);
            }
        }
        for shard in shards {
            let Some(chunks) = by_shard.remove(&shard.key) else { continue };
            disk.listed_shards += 1;
            disk.listed_bytes += shard.bytes;
            disk.chunks += chunks.len() as u64;
            let share = shard.bytes / chunks.len() as u64;
            for key in chunks {
                let known = index.node(key).and_then(|node| node.summary.as_deref());
                let Some(summary) = known.filter(|_| state.is_indexed(key)) else { continue };
                let counts = summary.distribution().iter().copied();
                let class = ContentClass::of(&self.inner.materials, counts);
                let of_class = &mut disk.classes[class as usize];
                of_class.chunks += 1;
                of_class.bytes += share;
            }
        }
        Ok(disk)
    }
}
