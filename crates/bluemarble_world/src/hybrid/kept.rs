//! [`Kept`]: what is kept of the index from one session to the next, so that opening a world does not read it all
//! again.

use std::{
    hash::BuildHasher,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use bluemarble_core::ChunkKey;
use bluemarble_index::{IndexSnapshot, NodeSummary, SnapshotContents};
use bluemarble_store::{ChunkStore, ShardKey, StoreError, WorldMetadata};
use futures::executor::block_on;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::DiskUse;

/// The snapshot's name in the folder of a world. It may be deleted while the world is not open.
pub const SNAPSHOT_NAME: &str = "index.redb";

/// An edited chunk, and what the index knew of it.
pub(super) type Listed = (ChunkKey, Option<Arc<NodeSummary>>);

/// The snapshot of a world, and what it holds.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// None in worlds without a folder.
    pub file: Option<Mutex<IndexSnapshot>>,
    /// What was in the file when it was opened, until the shards are listed.
    contents: SnapshotContents,
    /// Of the own store and of the one below: the shards' versions when they were listed.
    pub versions: [FxHashMap<ShardKey, String>; 2],
    /// What the own store took then.
    disk: DiskUse,
    /// What the file holds: a hash of each group, by name.
    pub saved: Mutex<FxHashMap<String, u64>>,
}

/// Opens the snapshot in a folder. Whatever is wrong with it, the world can do without.
pub(super) fn open(dir: &Path, world: &WorldMetadata, base: Option<&ChunkStore>) -> Kept {
    let base = base.map_or_else(String::new, ChunkStore::location);
    let identity = format!("{:?} {} {base}", world.shape, world.baseline);
    let (file, contents) = IndexSnapshot::open(&dir.join(SNAPSHOT_NAME), &identity);
    if let Some(problem) = &contents.problem {
        tracing::warn!("{SNAPSHOT_NAME} is of no use and will be begun anew: {problem}");
    }
    Kept { file: Some(Mutex::new(file)), contents, ..Kept::default() }
}

/// The name of a shard in the snapshot.
pub(super) fn group_name(shard: ShardKey, is_base: bool) -> String {
    format!("{}/{}", if is_base { "base" } else { "own" }, shard.path())
}

impl Kept {
    /// The last batch of which the snapshot knew, when it was opened.
    pub fn lsn(&self) -> u64 {
        self.contents.lsn
    }

    /// What the file takes.
    pub fn file_bytes(&self) -> u64 {
        let file = self.file.as_ref();
        file.map_or(0, |file| file.lock().unwrap_or_else(PoisonError::into_inner).file_bytes())
    }

    /// What the own store took when it was listed.
    pub fn disk(&self) -> DiskUse {
        self.disk
    }

    /// The stored chunks of a store. Shards whose version is the one in the snapshot are not read.
    pub fn list(&mut self, store: &ChunkStore, is_base: bool) -> Result<Vec<Listed>, StoreError> {
        let mut listed = Vec::new();
        let saved = self.saved.get_mut().unwrap_or_else(PoisonError::into_inner);
        for mut shard in block_on(store.list_known_shards())? {
            let name = group_name(shard.key, is_base);
            let group = self.contents.groups.remove(&name);
            if let Some(group) = &group {
                saved.insert(name, FxBuildHasher.hash_one(group));
            }
            match group {
                Some(group) if shard.version.as_ref() == Some(&group.stamp) => {
                    listed.extend(group.chunks);
                }
                _ => {
                    let (keys, damage) = block_on(store.possible_keys_of(shard.key))?;
                    if let Some(damage) = damage {
                        tracing::warn!("{}: {damage}", store.location());
                        shard.version = None;
                    }
                    listed.extend(keys.into_iter().map(|key| (key, None)));
                }
            }
            if !is_base {
                self.disk.shards += 1;
                self.disk.shard_bytes += shard.bytes;
            }
            if let Some(version) = shard.version {
                self.versions[usize::from(is_base)].insert(shard.key, version);
            }
        }
        // What is left is of shards that are gone; the name alone tells that it must go, too.
        let gone = self.contents.groups.extract_if(|name, _| name.starts_with("base/") == is_base);
        saved.extend(gone.map(|(name, _)| (name, 0)));
        if !is_base {
            self.disk.chunks = listed.len() as u64;
        }
        Ok(listed)
    }
}
