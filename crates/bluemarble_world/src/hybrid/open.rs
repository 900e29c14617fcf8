//! How worlds are put together, for [`crate::WorldBuilder`].

use std::{
    path::Path,
    sync::{
        Arc, Mutex, OnceLock, RwLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Release},
    },
};

use bluemarble_core::MaterialTable;
use bluemarble_index::NodeIndex;
use bluemarble_store::{
    ChunkStore, StorageOptions, StoreError, StoreOptions, WorldLocation, WorldMetadata,
    log::{self, DeltaLog, LogOptions, LoggedBatch, disk::Disk},
};
use bluemarble_terrain::Baseline;
use futures::executor::block_on;

use super::{
    cache::new_cache,
    count::total_use,
    index_work::IndexWork,
    kept::Kept,
    shared::Shared,
    state::State,
    unlisted::Unlisted,
    world::{HybridWorld, Inner},
};
use crate::{
    DiskUse, WorldError, plan,
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
        Self::of(baseline, materials, None, None, Kept::nowhere())
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
        if let Some(base) = &base {
            block_on(base.prepare_places())?;
        }
        let kept = Kept::open(dir, &metadata, base.as_ref());
        Self::of(baseline, materials, Some(store), base, kept).with_log(log_disk(dir)?, options)
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
        store.prepare_places().await?;
        Ok(Self::of(baseline, materials, Some(store), None, Kept::nowhere()))
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

    /// A world of a store, perhaps over another one. What they hold is listed where somebody asks for it.
    fn of(
        baseline: Arc<dyn Baseline>,
        materials: MaterialTable,
        store: Option<ChunkStore>,
        base: Option<ChunkStore>,
        kept: Kept,
    ) -> Self {
        let shape = baseline.shape();
        let unlisted = match store.iter().chain(&base).any(ChunkStore::may_have_shards) {
            true => Unlisted::all(shape),
            false => Unlisted::none(shape),
        };
        let disk = store.as_ref().map_or(DiskUse::default(), total_use);
        let inner = Inner {
            shape,
            baseline,
            materials,
            log: OnceLock::new(),
            last_batch: AtomicU64::new(0),
            checkpointed: AtomicU64::new(0),
            store,
            state: Shared::new(State::new(unlisted, base.is_some())),
            base,
            publishing: Mutex::default(),
            kept,
            index: RwLock::new(NodeIndex::new(shape)),
            cache: new_cache(),
            reader_caches: Mutex::default(),
            counters: Counters::default(),
            index_work: IndexWork::default(),
            counted: Counted::of(disk),
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
