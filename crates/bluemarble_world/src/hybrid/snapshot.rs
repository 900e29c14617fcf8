//! Saving what is kept of the index.

use bluemarble_core::ChunkKey;
use bluemarble_index::SnapshotGroup;
use bluemarble_store::ShardKey;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::{
    kept::{ShardOf, chunk_number, stamp},
    world::HybridWorld,
};
use crate::WorldError;

/// What saving the index has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SnapshotReport {
    /// Shards that were asked for, and of which something is kept.
    pub shards: usize,
    /// Those of them that had to be written.
    pub written: usize,
    /// Chunks in them that will not be looked at again.
    pub summaries: usize,
}

impl HybridWorld {
    /// Keeps what the index knows of stored chunks, so that they need not be looked at again when the world is opened the
    /// next time; does nothing in a world that was not opened from a folder. Blocks while files are written.
    /// [`crate::RebuildManager`] calls this now and then, and when it is dropped.
    ///
    /// # Errors
    /// [`WorldError::Snapshot`]: what was kept before stays; [`WorldError::MustReopen`] after an import that has failed.
    pub async fn save_index(&self) -> Result<SnapshotReport, WorldError> {
        let kept = &self.inner.kept;
        if !kept.is_somewhere() {
            return Ok(SnapshotReport::default());
        }
        // No shard is replaced meanwhile.
        let _folding = self.inner.folding.lock().await;
        self.check_usable()?;
        let groups = self.snapshot_groups();
        let known =
            |group: &SnapshotGroup| group.chunks.iter().filter(|chunk| chunk.1.is_some()).count();
        let (shards, summaries) = (groups.len(), groups.values().map(known).sum());
        Ok(SnapshotReport { shards, written: kept.save(groups)?, summaries })
    }

    /// All stored chunks that are listed, by shard, as far as the shard's version is known, with what the index knows of
    /// them.
    fn snapshot_groups(&self) -> FxHashMap<ShardOf, SnapshotGroup> {
        // First the versions: places are listed meanwhile, and the chunks of a shard whose version is known are all known.
        let versions = self.inner.kept.versions();
        let keys: Vec<_> = self.state().octree.edited_unsorted().collect();
        self.groups_of(&versions, &keys)
    }

    /// The chunks of shards of these versions by shard, if these are all chunks that are known.
    pub(super) fn groups_of(
        &self,
        versions: &FxHashMap<ShardOf, String>,
        keys: &[ChunkKey],
    ) -> FxHashMap<ShardOf, SnapshotGroup> {
        let mut groups: FxHashMap<ShardOf, SnapshotGroup> = FxHashMap::default();
        self.for_each_stored(keys, |chunk| {
            // What is in memory is newer than what is stored.
            let summary = chunk.summary.filter(|_| !chunk.is_edited).cloned();
            let group = groups.entry(chunk.shard).or_default();
            group.chunks.push((chunk_number(chunk.within), summary));
        });
        let own = groups.keys().filter(|(_, is_base)| !is_base).map(|&(shard, _)| shard);
        let own: FxHashSet<ShardKey> = own.collect();
        groups.retain(|&(shard, is_base), group| {
            // A shard below of which some chunks are hidden is not known as a whole.
            let is_whole = !is_base || !own.contains(&shard);
            let version = self.version((shard, is_base), versions).filter(|_| is_whole);
            group.stamp = version.as_deref().map_or(0, stamp);
            group.chunks.sort_unstable_by_key(|chunk| chunk.0);
            version.is_some()
        });
        groups
    }

    /// The version of a shard from which all that is known of its chunks comes.
    fn version(&self, shard: ShardOf, versions: &FxHashMap<ShardOf, String>) -> Option<String> {
        let listed = versions.get(&shard);
        let store = self.inner.store.as_ref().filter(|_| !shard.1);
        match store.and_then(|store| store.written(shard.0)) {
            None => listed.cloned(),
            // Another writer may have written it since it was listed.
            Some(written) if written.over.as_ref() == listed => written.version,
            Some(_) => None,
        }
    }
}
