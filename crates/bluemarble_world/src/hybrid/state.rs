//! What is edited, in memory, behind one lock that is never held across work.

use std::{
    hash::BuildHasher,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use bluemarble_core::{Chunk, ChunkKey};
use bluemarble_index::{EditOctree, NodeSummary};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

/// Chunks are spread over this many counters of changes.
const STRIPES: usize = 64;

/// An edited chunk that is newer than the store.
struct Edited {
    chunk: Arc<Chunk>,
    /// Which change made it: a flush forgets only what it has written.
    change: u64,
}

pub(super) struct State {
    /// Which nodes hold edited chunks, in memory or in the store.
    pub octree: EditOctree,
    /// Edited chunks that the store does not have yet. In a world without a store: all of them.
    overlay: FxHashMap<ChunkKey, Edited>,
    overlay_bytes: usize,
    /// Edited chunks that their parents do not show yet.
    unshown: FxHashSet<ChunkKey>,
    /// The last change to any chunk of a stripe, and the last of all.
    changes: [u64; STRIPES],
    change: u64,
}

impl State {
    fn new(octree: EditOctree) -> Self {
        Self {
            octree,
            overlay: FxHashMap::default(),
            overlay_bytes: 0,
            unshown: FxHashSet::default(),
            changes: [0; STRIPES],
            change: 0,
        }
    }

    /// The edited chunk, if it is held in memory.
    pub fn edited(&self, key: ChunkKey) -> Option<&Arc<Chunk>> {
        self.overlay.get(&key).map(|edited| &edited.chunk)
    }

    /// A number that is another one after the chunk was changed.
    pub fn last_change(&self, key: ChunkKey) -> u64 {
        self.changes[stripe(key)]
    }

    /// Makes an edited chunk the one that readers see.
    pub fn publish(&mut self, key: ChunkKey, chunk: Arc<Chunk>) {
        self.change += 1;
        self.changes[stripe(key)] = self.change;
        self.octree.insert(key, Some(NodeSummary::of(&chunk)));
        // Roots have no parents.
        if key.parent().is_some() {
            self.unshown.insert(key);
        }
        self.overlay_bytes += chunk.size_bytes();
        let edited = Edited { chunk, change: self.change };
        if let Some(old) = self.overlay.insert(key, edited) {
            self.overlay_bytes -= old.chunk.size_bytes();
        }
    }

    /// The edited chunks of a lod whose parents do not show them yet, in no fixed order.
    pub fn unshown(&self, lod: u8) -> impl Iterator<Item = ChunkKey> + '_ {
        self.unshown.iter().copied().filter(move |key| key.lod == lod)
    }

    /// Notes that a chunk's parent shows it.
    pub fn shown(&mut self, key: ChunkKey) {
        self.unshown.remove(&key);
    }

    /// The edited chunks in memory and the changes that made them.
    pub fn overlay(&self) -> impl Iterator<Item = (ChunkKey, Arc<Chunk>, u64)> + '_ {
        self.overlay.iter().map(|(&key, edited)| (key, Arc::clone(&edited.chunk), edited.change))
    }

    /// Forgets an edited chunk that is stored by now, unless it was changed once more. True if forgotten.
    pub fn stored(&mut self, key: ChunkKey, change: u64) -> bool {
        if self.overlay.get(&key).is_none_or(|edited| edited.change != change) {
            return false;
        }
        if let Some(edited) = self.overlay.remove(&key) {
            self.overlay_bytes -= edited.chunk.size_bytes();
        }
        true
    }

    /// How many edited chunks are held in memory, and their bytes.
    pub fn overlay_size(&self) -> (usize, usize) {
        (self.overlay.len(), self.overlay_bytes)
    }
}

fn stripe(key: ChunkKey) -> usize {
    (FxBuildHasher.hash_one(key) >> 40) as usize % STRIPES
}

pub(super) struct Shared(RwLock<State>);

impl Shared {
    pub fn new(octree: EditOctree) -> Self {
        Self(RwLock::new(State::new(octree)))
    }

    // Nothing that holds the lock panics half-way through a change, so a poisoned lock is a whole one.
    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
