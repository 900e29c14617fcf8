//! [`HybridWorld`] itself: what all clones of it share.

use std::{
    any::Any,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, AtomicU64, AtomicUsize},
    },
};

use bluemarble_core::{ChunkKey, MaterialTable, Shape};
use bluemarble_index::NodeIndex;
use bluemarble_store::{ChunkStore, log::DeltaLog};
use bluemarble_terrain::Baseline;
use rustc_hash::FxHashSet;

use super::{
    cache::Cache,
    index_work::IndexWork,
    kept::Kept,
    shared::{Shared, WriteGuard},
    state::{Change, State},
};
use crate::statistics::{Counted, Counters, Source};

/// What a reader remembers. The world lies below readers and does not know their types.
pub(crate) type AnyReaderCache = Box<dyn Any + Send + Sync>;

/// A world: every voxel of every lod, as the baseline makes it or as it was edited.
///
/// Cheap to clone; all clones are the same world. Everything may be called from any thread at any time.
#[derive(Clone)]
pub struct HybridWorld {
    pub(super) inner: Arc<Inner>,
}

/// What all clones of a world share.
pub(super) struct Inner {
    pub shape: Shape,
    pub baseline: Arc<dyn Baseline>,
    pub materials: MaterialTable,
    // Before the store, which keeps other processes out until it is dropped.
    pub log: OnceLock<DeltaLog>,
    /// The last batch in the log, and the last one that the store is known to hold.
    pub last_batch: AtomicU64,
    pub checkpointed: AtomicU64,
    pub store: Option<ChunkStore>,
    /// Another world that this one is laid over, and never writes to.
    pub base: Option<ChunkStore>,
    pub state: Shared,
    /// Held while it becomes known what a place has stored.
    pub publishing: Mutex<()>,
    /// What is kept of the index.
    pub kept: Kept,
    /// What is known of nodes: derived from the chunks, and behind the edits.
    pub index: RwLock<NodeIndex>,
    pub cache: Cache,
    /// What readers that have gone remembered, for readers to come.
    pub reader_caches: Mutex<Vec<AnyReaderCache>>,
    pub counters: Counters,
    pub index_work: IndexWork,
    pub counted: Counted,
    /// Whether an import has failed while it was moved in: nobody knows what of it is there.
    pub must_reopen: AtomicBool,
    /// On how many threads long work may be done.
    pub threads: AtomicUsize,
    /// Held while an edit is made, and by who must have none meanwhile.
    pub editing: futures::lock::Mutex<()>,
    /// Held while a batch is appended to the log and made visible, so that both have the same order.
    pub order: Mutex<()>,
    /// Parents that were updated and not yet told of: work that fails later must not lose them.
    pub updated_parents: Mutex<FxHashSet<ChunkKey>>,
    /// Held while parents are read, changed and replaced.
    pub updating_parents: futures::lock::Mutex<()>,
    /// Held while edits are folded into the store.
    pub folding: futures::lock::Mutex<()>,
}

impl HybridWorld {
    /// How the lattice lies in local space.
    pub fn shape(&self) -> Shape {
        self.inner.shape
    }

    /// The materials that voxels can have.
    pub fn materials(&self) -> &MaterialTable {
        &self.inner.materials
    }

    /// What the world is made of where it is not edited.
    pub fn baseline(&self) -> &Arc<dyn Baseline> {
        &self.inner.baseline
    }

    /// Whether [`HybridWorld::checkpoint`] makes edits outlive the process.
    pub fn is_durable(&self) -> bool {
        self.inner.store.is_some()
    }

    /// What is counted for reports.
    pub(crate) fn counted(&self) -> &Counted {
        &self.inner.counted
    }

    /// A number that is another one after anything was changed.
    #[inline]
    pub(crate) fn published(&self) -> u64 {
        self.inner.state.published()
    }

    /// A number that is another one after the chunk was changed, and not smaller than its last change.
    pub(crate) fn last_change(&self, key: ChunkKey) -> Change {
        self.state().last_change(key)
    }

    /// What readers remembered that have gone.
    pub(crate) fn reader_caches(&self) -> MutexGuard<'_, Vec<AnyReaderCache>> {
        self.inner.reader_caches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether both are the same world: one is a clone of the other.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    pub(super) fn log(&self) -> Option<&DeltaLog> {
        self.inner.log.get()
    }

    pub(super) fn count(&self, source: Source) {
        self.inner.counters.read(source);
    }

    pub(super) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.inner.state.read()
    }

    pub(super) fn state_mut(&self) -> WriteGuard<'_> {
        self.inner.state.write()
    }
}

impl std::fmt::Debug for HybridWorld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HybridWorld")
            .field("baseline", &self.inner.baseline.fingerprint())
            .field("store", &self.inner.store)
            .finish_non_exhaustive()
    }
}
