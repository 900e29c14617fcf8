//! [`HybridWorld`]: a baseline, and over it what was edited.

mod checkpoint;
mod edit;
mod index;
mod read;
mod reader;
mod rebuild;
mod snapshot;
mod state;

use std::{
    path::Path,
    sync::{
        Arc, Mutex, OnceLock, RwLock, RwLockReadGuard,
        atomic::{AtomicU64, Ordering::Release},
    },
};

use bluemarble_core::{CHUNK_EDGE, Chunk, ChunkKey, MaterialTable, Shape};
use bluemarble_index::{EditOctree, NodeIndex, NodeSummary, RebuildQueue};
use bluemarble_store::{
    ChunkStore, DeltaLog, LogOptions, StoreError, StoreOptions, WorldMetadata, WorldPlace,
    log::{self, LoggedBatch, disk::Disk},
};
use bluemarble_terrain::{Baseline, Classification, Relief, Survey};
use glam::IVec3;

pub use checkpoint::CheckpointReport;
pub use edit::EditReport;
pub(crate) use index::Known;
pub use index::{IndexReport, IndexStatistics};
pub use reader::WorldReader;
pub(crate) use reader::{Sight, UniformNode};
pub use snapshot::{SNAPSHOT_NAME, SnapshotReport};

use rustc_hash::FxHashSet;
use snapshot::Kept;
use state::State;

use crate::{
    DiskUse, WorldError, WorldStatistics, plan,
    report::Counted,
    statistics::{Counters, Source},
};

/// A world: every voxel of every lod, as the baseline makes it or as it was edited.
///
/// Cheap to clone; all clones are the same world. Everything may be called from any thread at any time.
#[derive(Clone)]
pub struct HybridWorld {
    inner: Arc<Inner>,
}

struct Inner {
    shape: Shape,
    baseline: Arc<dyn Baseline>,
    materials: MaterialTable,
    // Before the store, which keeps other processes out until it is dropped.
    log: OnceLock<DeltaLog>,
    /// The last batch in the log, and the last one that the store is known to hold.
    last_batch: AtomicU64,
    checkpointed: AtomicU64,
    store: Option<ChunkStore>,
    /// Another world that this one is laid over, and never writes to.
    base: Option<ChunkStore>,
    state: state::Shared,
    /// What is kept of the index.
    kept: Kept,
    /// What is known of nodes: derived from the chunks, and behind the edits.
    index: RwLock<NodeIndex>,
    cache: read::Cache,
    memories: reader::Memories,
    counters: Counters,
    index_work: index::IndexWork,
    counted: Counted,
    /// Held while a batch is appended to the log and made visible, so that both have the same order.
    order: Mutex<()>,
    /// Held while parents are read, changed and replaced.
    rebuilding: futures::lock::Mutex<()>,
    /// Held while edits are folded into the store.
    folding: futures::lock::Mutex<()>,
}

impl HybridWorld {
    /// A world that forgets its edits when it is dropped.
    pub fn in_memory(baseline: Arc<dyn Baseline>, materials: MaterialTable) -> Self {
        Self::of(baseline, materials, None, None, Vec::new(), Kept::default())
    }

    /// Opens the world in a directory, or makes one if the directory is empty or missing.
    ///
    /// Lists the shards, reads the delta log and the index of every shard that has changed since
    /// [`HybridWorld::save_index`], and blocks for it. The directory stays locked against other processes until
    /// the last clone is dropped.
    ///
    /// # Errors
    /// [`WorldError::Store`]: the directory cannot be written, holds something else, is open elsewhere,
    /// was made with another baseline, shape or material table, or is damaged.
    pub fn open(
        dir: &Path,
        baseline: Arc<dyn Baseline>,
        materials: MaterialTable,
    ) -> Result<Self, WorldError> {
        Self::open_with(dir, baseline, materials, LogOptions::default())
    }

    /// [`HybridWorld::open`] with a durability of one's own.
    ///
    /// # Errors
    /// As [`HybridWorld::open`].
    pub fn open_with(
        dir: &Path,
        baseline: Arc<dyn Baseline>,
        materials: MaterialTable,
        options: LogOptions,
    ) -> Result<Self, WorldError> {
        let metadata = WorldMetadata::new(baseline.shape(), baseline.fingerprint(), &materials);
        let store = ChunkStore::create_or_open(dir, &metadata)?;
        let mut kept = snapshot::open(dir, &metadata, None);
        let listed = kept.list(&store, false)?;
        Self::of(baseline, materials, Some(store), None, listed, kept)
            .with_log(Self::log_disk(dir)?, options)
    }

    /// Opens a world in a directory that holds what is edited here, over a world that is only read:
    /// perhaps one at a URL, opened by [`ChunkStore::open_read_only`]. Lists all chunks of both, and blocks
    /// for it.
    ///
    /// # Errors
    /// As [`HybridWorld::open`]; [`WorldError::OtherBase`] if the base was made with another shape or
    /// baseline, or with materials that this world does not have.
    pub fn open_over(
        base: ChunkStore,
        dir: &Path,
        baseline: Arc<dyn Baseline>,
        materials: MaterialTable,
        options: LogOptions,
    ) -> Result<Self, WorldError> {
        let known = WorldMetadata::new(baseline.shape(), baseline.fingerprint(), &materials);
        let found = base.metadata();
        let differs = |field, expected, found| WorldError::OtherBase { field, expected, found };
        if found.shape != known.shape {
            let (expected, found) = (format!("{:?}", known.shape), format!("{:?}", found.shape));
            return Err(differs("shape", expected, found));
        }
        if found.baseline != known.baseline {
            return Err(differs("baseline", known.baseline, found.baseline.clone()));
        }
        if !known.materials.starts_with(&found.materials) {
            let (expected, found) = (known.materials.join(", "), found.materials.join(", "));
            return Err(differs("list of materials", expected, found));
        }
        let store = ChunkStore::create_or_open(dir, &known)?;
        let mut kept = snapshot::open(dir, &known, Some(&base));
        let mut listed = kept.list(&store, false)?;
        let own: FxHashSet<_> = listed.iter().map(|(key, _)| *key).collect();
        let below = kept.list(&base, true)?;
        listed.extend(below.into_iter().filter(|(key, _)| !own.contains(key)));
        Self::of(baseline, materials, Some(store), Some((base, own)), listed, kept)
            .with_log(Self::log_disk(dir)?, options)
    }

    /// The fingerprint of the baseline that the world in a directory was made with; `None` if there is no
    /// world. Nothing is locked or changed.
    ///
    /// # Errors
    /// [`WorldError::Store`]: the directory cannot be read, or its metadata is damaged.
    pub fn fingerprint_at(dir: &Path) -> Result<Option<String>, WorldError> {
        let place = WorldPlace::Directory(dir.to_owned());
        match ChunkStore::open_read_only(&place, &StoreOptions::default()) {
            Ok(store) => Ok(Some(store.metadata().baseline.clone())),
            Err(StoreError::NoWorld { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn log_disk(dir: &Path) -> Result<Arc<log::disk::RealDisk>, StoreError> {
        let path = dir.join(log::LOG_DIR);
        log::disk::RealDisk::new(&path).map_err(|source| StoreError::Log {
            path,
            action: "making the folder",
            source,
        })
    }

    /// A world over a store that is open already. Edits are durable after a checkpoint only, unless the
    /// world gets a log ([`HybridWorld::with_log`]).
    ///
    /// # Errors
    /// [`WorldError::Store`] if the store cannot list its chunks.
    pub async fn with_store(
        store: ChunkStore,
        baseline: Arc<dyn Baseline>,
        materials: MaterialTable,
    ) -> Result<Self, WorldError> {
        let keys = store.keys().await?;
        let listed = keys.into_iter().map(|key| (key, None)).collect();
        Ok(Self::of(baseline, materials, Some(store), None, listed, Kept::default()))
    }

    /// The world with a delta log on a disk, and with every edit of that log which the store may not
    /// have. A world has one log at most: a second one is refused. Blocks while it is read.
    ///
    /// # Errors
    /// [`WorldError::Store`]: the log cannot be read or is damaged; [`WorldError::Replay`]: it holds what
    /// this world does not understand.
    pub fn with_log(self, disk: Arc<dyn Disk>, options: LogOptions) -> Result<Self, WorldError> {
        let log = DeltaLog::open(disk, options, |LoggedBatch { lsn, batch }| {
            let plan = plan::plan(&self.inner.shape, self.materials(), &batch)
                .map_err(|source| WorldError::Replay { lsn, source: Box::new(source) })?;
            self.publish(plan.into_iter().collect());
            self.inner.last_batch.store(lsn, Release);
            Ok::<_, WorldError>(())
        })?;
        if self.inner.log.set(log).is_err() {
            return Err(WorldError::SecondLog);
        }
        Ok(self)
    }

    /// A world of a store, perhaps over another one, beside which stands which chunks its own store has. Of all
    /// edited chunks there may be summaries.
    fn of(
        baseline: Arc<dyn Baseline>,
        materials: MaterialTable,
        store: Option<ChunkStore>,
        base: Option<(ChunkStore, FxHashSet<ChunkKey>)>,
        listed: Vec<(ChunkKey, Option<Arc<NodeSummary>>)>,
        kept: Kept,
    ) -> Self {
        let octree = EditOctree::rebuild(listed.iter().map(|(key, known)| (*key, known.is_some())));
        let unknown = listed.iter().filter(|(_, known)| known.is_none()).map(|(key, _)| *key);
        let queue = RebuildQueue::of_listed(unknown);
        let known = listed.into_iter().filter_map(|(key, known)| Some((key, 0, known?)));
        let untouched = |key| index::node_baseline(&*baseline, key);
        let index = RwLock::new(NodeIndex::rebuild(baseline.shape(), known, &untouched));
        let (base, own) = base.map_or((None, None), |(base, own)| (Some(base), Some(own)));
        let counted = Counted::of(kept.disk());
        // What changed since then is in the log, which is read after this, or not known.
        let lsn = if queue.is_empty() { kept.lsn() } else { 0 };
        let inner = Inner {
            shape: baseline.shape(),
            baseline,
            materials,
            log: OnceLock::new(),
            last_batch: AtomicU64::new(0),
            checkpointed: AtomicU64::new(0),
            store,
            base,
            state: state::Shared::new(octree, queue, own),
            kept,
            index,
            cache: read::new_cache(),
            memories: reader::Memories::default(),
            counters: Counters::default(),
            index_work: index::IndexWork::since(lsn),
            counted,
            order: Mutex::default(),
            rebuilding: futures::lock::Mutex::default(),
            folding: futures::lock::Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// How the lattice lies in world space.
    pub fn shape(&self) -> Shape {
        self.inner.shape
    }

    /// The materials that voxels can have.
    pub fn materials(&self) -> &MaterialTable {
        &self.inner.materials
    }

    /// What the world is made of where nobody has edited it.
    pub fn baseline(&self) -> &Arc<dyn Baseline> {
        &self.inner.baseline
    }

    /// Whether [`HybridWorld::checkpoint`] makes edits outlive the process.
    pub fn is_durable(&self) -> bool {
        self.inner.store.is_some()
    }

    /// What a node holds, without reading anything: the baseline's answer, unless the node or one beside
    /// it holds edits; then [`Classification::Mixed`]. Takes no longer than the baseline does.
    pub fn classify(&self, key: ChunkKey) -> Classification {
        if self.state().octree.is_touched_or_beside(&self.inner.shape, key) {
            return Classification::Mixed;
        }
        self.inner.baseline.classify(key.region, key.lattice_box(), key.lod)
    }

    /// Does the long part of [`HybridWorld::survey`] in steps of at most a millisecond, and asks `go_on`
    /// before each; false if that said no.
    pub fn prepare(&self, key: ChunkKey, go_on: &dyn Fn() -> bool) -> bool {
        if self.state().octree.is_edited(key) {
            return true;
        }
        self.inner.baseline.prepare(key, go_on)
    }

    /// What the cells of a chunk are, told without reading it; [`Survey::Mixed`] if it is edited. As slow
    /// as [`HybridWorld::read`] of a chunk of the surface: call it on a worker.
    pub fn survey(&self, key: ChunkKey) -> Survey {
        if self.state().octree.is_edited(key) {
            return Survey::Mixed;
        }
        self.inner.baseline.survey(key)
    }

    /// How the ground of a chunk lies that holds these cells, for a renderer that lights slopes: where columns
    /// have been edited it is not natural. `None` as [`Baseline::relief`] says. Call it on a worker.
    pub fn relief(
        &self,
        key: ChunkKey,
        chunk: &Chunk,
        go_on: &dyn Fn() -> bool,
    ) -> Option<Arc<Relief>> {
        let relief = self.inner.baseline.relief(key, go_on)?;
        if !self.state().octree.is_edited(key) {
            return Some(relief);
        }
        let mut before = Chunk::default();
        self.inner.baseline.fill(key, &mut before);
        let is_edited = |x: usize, z: usize| {
            (0..CHUNK_EDGE).any(|y| {
                let cell = IVec3::new(x as i32, y, z as i32);
                before.get(cell) != chunk.get(cell)
            })
        };
        let edited: Vec<bool> = (0..64 * 64).map(|at| is_edited(at % 64, at / 64)).collect();
        Some(Arc::new(relief.with_edited(|x, z| edited[z * 64 + x])))
    }

    /// All edited chunks of all lods, on disk or not, in no fixed order.
    pub fn edited_unsorted(&self) -> Vec<ChunkKey> {
        self.state().octree.edited_unsorted().collect()
    }

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

    /// What is counted for reports.
    pub(crate) fn counted(&self) -> &Counted {
        &self.inner.counted
    }

    /// Chunks that their parents do not show yet.
    pub(crate) fn unshown_count(&self) -> usize {
        self.state().unshown_count()
    }

    /// What the own store takes.
    pub(crate) async fn disk_use(&self) -> Result<DiskUse, WorldError> {
        let Some(store) = &self.inner.store else { return Ok(DiskUse::default()) };
        let shards = store.list_shards().await?.shards;
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

    fn log(&self) -> Option<&DeltaLog> {
        self.inner.log.get()
    }

    fn count(&self, source: Source) {
        self.inner.counters.read(source);
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.inner.state.read()
    }

    fn state_mut(&self) -> state::WriteGuard<'_> {
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

#[cfg(test)]
mod tests;
