//! How worlds are put together, for [`crate::WorldBuilder`].

use std::{
    path::Path,
    sync::{
        Arc, Mutex, OnceLock, RwLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Release},
    },
};

use bluemarble_core::{ChunkKey, MaterialTable};
use bluemarble_index::{EditOctree, NodeIndex, NodeSummary, RebuildQueue};
use bluemarble_store::{
    ChunkStore, StorageOptions, StoreError, StoreOptions, WorldLocation, WorldMetadata,
    log::{self, DeltaLog, LogOptions, LoggedBatch, disk::Disk},
};
use bluemarble_terrain::Baseline;
use futures::executor::block_on;
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

/// A setting in which what is stored differs from a world that shall be opened on it.
struct Difference {
    field: &'static str,
    expected: String,
    found: String,
}

/// Whether what is stored can be read as a part of a world: the ground is the same, and so are all its materials.
fn check_ground(found: &WorldMetadata, world: &WorldMetadata) -> Result<(), Difference> {
    let differs = |field, expected, found| Err(Difference { field, expected, found });
    if found.shape != world.shape {
        let (expected, found) = (format!("{:?}", world.shape), format!("{:?}", found.shape));
        return differs("shape", expected, found);
    }
    if found.baseline != world.baseline {
        return differs("baseline", world.baseline.clone(), found.baseline.clone());
    }
    if !world.materials.starts_with(&found.materials) {
        let (expected, found) = (world.materials.join(", "), found.materials.join(", "));
        return differs("list of materials", expected, found);
    }
    Ok(())
}

/// The disk of the log of a world in a directory.
fn log_disk(dir: &Path) -> Result<Arc<log::disk::RealDisk>, StoreError> {
    let path = dir.join(log::LOG_DIR);
    log::disk::RealDisk::new(&path).map_err(|source| StoreError::Log {
        path,
        action: "making the folder",
        source,
    })
}

impl HybridWorld {
    /// A world that forgets its edits when it is dropped.
    pub(crate) fn without_store(baseline: Arc<dyn Baseline>, materials: MaterialTable) -> Self {
        Self::of(baseline, materials, None, None, Vec::new(), Kept::default())
    }

    /// The world in a directory, which is made if it is not there; perhaps over another one.
    pub(crate) fn in_directory(
        dir: &Path,
        baseline: Arc<dyn Baseline>,
        materials: MaterialTable,
        storage: StorageOptions,
        base: Option<ChunkStore>,
        options: LogOptions,
    ) -> Result<Self, WorldError> {
        let metadata = WorldMetadata::new(baseline.shape(), baseline.fingerprint(), &materials);
        let metadata = metadata.with_storage(storage);
        if let Some(base) = &base {
            check_ground(base.metadata(), &metadata).map_err(
                |Difference { field, expected, found }| WorldError::OtherBase {
                    field,
                    expected,
                    found,
                },
            )?;
        }
        let store = ChunkStore::create_or_open(dir, &metadata)?;
        let mut kept = kept::open(dir, &metadata, base.as_ref());
        let mut listed = kept.list(&store, false)?;
        let base = match base {
            None => None,
            Some(base) => {
                let own: FxHashSet<_> = listed.iter().map(|(key, _)| *key).collect();
                let below = kept.list(&base, true)?;
                listed.extend(below.into_iter().filter(|(key, _)| !own.contains(key)));
                Some((base, own))
            }
        };
        Self::of(baseline, materials, Some(store), base, listed, kept)
            .with_log(log_disk(dir)?, options)
    }

    /// The world in a store that is open already.
    pub(crate) async fn in_store(
        store: ChunkStore,
        baseline: Arc<dyn Baseline>,
        materials: MaterialTable,
    ) -> Result<Self, WorldError> {
        let metadata = WorldMetadata::new(baseline.shape(), baseline.fingerprint(), &materials);
        check_ground(store.metadata(), &metadata).map_err(
            |Difference { field, expected, found }| StoreError::Mismatch {
                path: store.location(),
                field: field.to_owned(),
                expected,
                found,
            },
        )?;
        let mut listed = Vec::new();
        for shard in store.list_known_shards().await? {
            let (keys, damage) = store.possible_keys_of(shard.key).await?;
            if let Some(damage) = damage {
                tracing::warn!("{}: {damage}", store.location());
            }
            listed.extend(keys.into_iter().map(|key| (key, None)));
        }
        Ok(Self::of(baseline, materials, Some(store), None, listed, Kept::default()))
    }

    /// The world, which has no log yet, with one on a disk, and with every edit of it which the store may not have.
    /// Blocks while it is read.
    pub(crate) fn with_log(
        self,
        disk: Arc<dyn Disk>,
        options: LogOptions,
    ) -> Result<Self, WorldError> {
        let log = DeltaLog::open(disk, options, |LoggedBatch { lsn, batch }| {
            let plan = plan::plan(&self.inner.shape, self.materials(), &batch)
                .map_err(|source| WorldError::Replay { lsn, source: Box::new(source) })?;
            self.publish(plan.into_iter().collect());
            self.inner.last_batch.store(lsn, Release);
            Ok::<_, WorldError>(())
        })?;
        let is_first = self.inner.log.set(log).is_ok();
        debug_assert!(is_first, "a world has one log");
        Ok(self)
    }

    /// Takes the recipe beside the world's own store for a file of it.
    pub(crate) fn note_recipe(&self) -> Result<(), WorldError> {
        match &self.inner.store {
            Some(store) => Ok(block_on(store.note_recipe())?),
            None => Ok(()),
        }
    }

    /// The fingerprint of the baseline that the world in a directory was made with; `None` if there is no
    /// world. Nothing is locked or changed.
    ///
    /// # Errors
    /// [`WorldError::Store`]: the directory cannot be read, or its metadata is damaged.
    pub fn fingerprint_at(dir: &Path) -> Result<Option<String>, WorldError> {
        let location = WorldLocation::Directory(dir.to_owned());
        let found = ChunkStore::metadata_at(&location, &StoreOptions::default())?;
        Ok(found.map(|metadata| metadata.baseline))
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
            reader_caches: Mutex::default(),
            counters: Counters::default(),
            index_work: IndexWork::since(lsn),
            counted,
            must_reopen: AtomicBool::new(false),
            threads: AtomicUsize::new(1),
            editing: futures::lock::Mutex::default(),
            order: Mutex::default(),
            updated_parents: Mutex::default(),
            updating_parents: futures::lock::Mutex::default(),
            folding: futures::lock::Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }
}
