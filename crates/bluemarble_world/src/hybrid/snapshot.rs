//! Saving what is kept of the index.

use std::{
    hash::BuildHasher,
    sync::{PoisonError, atomic::Ordering::Acquire},
};

use bluemarble_core::code;
use bluemarble_index::SnapshotGroup;
use bluemarble_store::ShardKey;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use serde::Serialize;

use super::{
    kept::{Listed, group_name},
    world::HybridWorld,
};
use crate::WorldError;

/// What saving the index has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SnapshotReport {
    /// Shards of which something is kept.
    pub shards: usize,
    /// Those of them that had to be written.
    pub written: usize,
    /// Chunks in them that will not be looked at again.
    pub summaries: usize,
}

impl HybridWorld {
    /// Keeps what the index knows of stored chunks, so that the next opening need not look at them; does
    /// nothing in a world that was not opened from a folder. Blocks while the file is written.
    /// [`crate::RebuildManager`] calls this now and then, and when it is dropped.
    ///
    /// # Errors
    /// [`WorldError::Snapshot`]; [`WorldError::MustReopen`] after an import that has failed. The file is as it was.
    pub async fn save_index(&self) -> Result<SnapshotReport, WorldError> {
        let kept = &self.inner.kept;
        let Some(file) = &kept.file else { return Ok(SnapshotReport::default()) };
        // No shard is replaced meanwhile.
        let _folding = self.inner.folding.lock().await;
        self.check_usable()?;
        let lsn = self.inner.checkpointed.load(Acquire);
        let groups = self.snapshot_groups();
        let mut saved = kept.saved.lock().unwrap_or_else(PoisonError::into_inner);
        let hashes: FxHashMap<String, u64> = groups
            .iter()
            .map(|(name, group)| (name.clone(), FxBuildHasher.hash_one(group)))
            .collect();
        let gone: Vec<&String> = saved.keys().filter(|name| !groups.contains_key(*name)).collect();
        let differs = |name: &&String| saved.get(*name) != hashes.get(*name);
        let changed: Vec<&String> = groups.keys().filter(differs).collect();
        let known =
            |group: &SnapshotGroup| group.chunks.iter().filter(|chunk| chunk.1.is_some()).count();
        let report = SnapshotReport {
            shards: groups.len(),
            written: changed.len(),
            summaries: groups.values().map(known).sum(),
        };
        if !changed.is_empty() || !gone.is_empty() {
            let changed = changed.into_iter().map(|name| (name.as_str(), groups.get(name)));
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.save(lsn, changed.chain(gone.into_iter().map(|name| (name.as_str(), None))))?;
        }
        *saved = hashes;
        Ok(report)
    }

    /// All stored chunks by shard, as far as the shard's version is known, with what the index knows of them.
    fn snapshot_groups(&self) -> FxHashMap<String, SnapshotGroup> {
        let mut keys = self.edited_unsorted();
        keys.sort_unstable_by_key(|key| (key.region, key.lod, code::morton_of(*key)));
        let mut shards: FxHashMap<(ShardKey, bool), Vec<Listed>> = FxHashMap::default();
        for keys in keys.chunks(1024) {
            let (state, index) = (self.state(), self.index());
            for &key in keys {
                let is_stored = state.edited(key).is_none_or(|edited| edited.is_stored);
                if let Some((shard, _)) = ShardKey::locate(&self.inner.shape, key)
                    && is_stored
                {
                    let is_base = !state.is_own(key);
                    // What is in memory is newer than what is stored.
                    let is_known = state.edited(key).is_none() && state.is_indexed(key);
                    let node = if is_known { index.node(key) } else { None };
                    let summary = node.and_then(|node| node.summary.clone());
                    shards.entry((shard, is_base)).or_default().push((key, summary));
                }
            }
        }
        let own: FxHashSet<ShardKey> =
            shards.keys().filter(|(_, is_base)| !is_base).map(|&(shard, _)| shard).collect();
        let mut groups = FxHashMap::default();
        for ((shard, is_base), chunks) in shards {
            // A shard below of which some chunks are hidden is not known as a whole.
            let is_whole = !is_base || !own.contains(&shard);
            if let Some(stamp) = self.version(shard, is_base).filter(|_| is_whole) {
                groups.insert(group_name(shard, is_base), SnapshotGroup { stamp, chunks });
            }
        }
        groups
    }

    /// The version of a shard from which all that is known of its chunks comes.
    fn version(&self, shard: ShardKey, is_base: bool) -> Option<String> {
        let listed = self.inner.kept.versions[usize::from(is_base)].get(&shard);
        let store = self.inner.store.as_ref().filter(|_| !is_base);
        match store.and_then(|store| store.written(shard)) {
            None => listed.cloned(),
            // Another writer may have written it since it was listed.
            Some(written) if written.over.as_ref() == listed => written.version,
            Some(_) => None,
        }
    }
}
