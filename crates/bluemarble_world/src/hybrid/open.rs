//! How worlds are opened.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, OnceLock, RwLock,
        atomic::{AtomicU64, Ordering::Release},
    },
};

use bluemarble_core::{ChunkKey, MaterialTable};
use bluemarble_index::{EditOctree, NodeIndex, NodeSummary, RebuildQueue};
use bluemarble_store::{
    ChunkStore, DeltaLog, LogOptions, StoreError, StoreOptions, WorldMetadata, WorldPlace,
    log::{self, LoggedBatch, disk::Disk},
};
use bluemarble_terrain::Baseline;
use rustc_hash::FxHashSet;

use super::{
    cache::new_cache,
    index::node_baseline,
    index_work::IndexWork,
    kept::{self, Kept},
    state::Shared,
    world::{HybridWorld, Inner},
};
use crate::{
    WorldError, plan,
    statistics::{Counted, Counters},
};

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
        let mut kept = kept::open(dir, &metadata, None);
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
        let mut kept = kept::open(dir, &known, Some(&base));
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
        let untouched = |key| node_baseline(&*baseline, key);
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
            state: Shared::new(octree, queue, own),
            kept,
            index,
            cache: new_cache(),
            memories: Mutex::default(),
            counters: Counters::default(),
            index_work: IndexWork::since(lsn),
            counted,
            order: Mutex::default(),
            rebuilding: futures::lock::Mutex::default(),
            folding: futures::lock::Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }
}
