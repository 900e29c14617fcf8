//! What a world has done, holds and takes on disk.

use bluemarble_core::{ChunkKey, ContentClass};
use bluemarble_store::{ChunkStore, ShardKey, log::DeltaLog};
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
        let mut disk = total_use(store);
        if store.shard_totals().is_none() {
            let shards = store.list_known_shards().await?;
            disk.shards = shards.len() as u64;
            disk.shard_bytes = shards.iter().map(|shard| shard.bytes).sum();
        }
        disk.index_bytes = self.inner.kept.bytes();
        for (key, classes) in self.known_classes() {
            let Some(shard) = store.known_shard(key).await? else { continue };
            disk.listed_shards += 1;
            disk.listed_bytes += shard.bytes;
            disk.chunks += classes.len() as u64;
            let share = shard.bytes / classes.len() as u64;
            for class in classes.into_iter().flatten() {
                let of_class = &mut disk.classes[class as usize];
                of_class.chunks += 1;
                of_class.bytes += share;
            }
        }
        Ok(disk)
    }

    /// Of the shards of the own store that are listed, what their chunks are about, where the index knows it.
    fn known_classes(&self) -> FxHashMap<ShardKey, Vec<Option<ContentClass>>> {
        let mut by_shard: FxHashMap<ShardKey, Vec<_>> = FxHashMap::default();
        let keys: Vec<ChunkKey> = self.state().octree.edited_unsorted().collect();
        self.for_each_stored(&keys, |chunk| {
            let (shard, is_base) = chunk.shard;
            if !is_base {
                let class = chunk.summary.map(|summary| {
                    let counts = summary.distribution().iter().copied();
                    ContentClass::of(&self.inner.materials, counts)
                });
                by_shard.entry(shard).or_default().push(class);
            }
        });
        by_shard
    }
}

/// What a store takes, as far as its manifest tells it.
pub(super) fn total_use(store: &ChunkStore) -> DiskUse {
    let (shards, shard_bytes) = store.shard_totals().unwrap_or_default();
    let manifest_bytes = store.manifest_bytes();
    DiskUse { shards, shard_bytes, manifest_bytes, ..DiskUse::default() }
}
