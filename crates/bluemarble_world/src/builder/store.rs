//! [`StoreBuilder`]: worlds in a store that is open already.

use std::{fmt, sync::Arc};

use bluemarble_core::MaterialTable;
use bluemarble_store::{
    ChunkStore,
    log::{LogOptions, disk::Disk},
};
use bluemarble_terrain::Baseline;
use futures::future::BoxFuture;

use crate::{HybridWorld, WorldError};

/// A world in a store that is open already, wherever that is: await it, or call [`StoreBuilder::open`].
///
/// ```
/// use std::sync::Arc;
///
/// use bluemarble_core::MaterialTable;
/// use bluemarble_terrain::{Baseline, NoiseBaseline};
/// use bluemarble_world::{ChunkStore, HybridWorld, store::WorldMetadata};
/// use object_store::memory::InMemory;
///
/// # futures::executor::block_on(async {
/// let materials = MaterialTable::standard();
/// let hills = Arc::new(NoiseBaseline::new(0.5, 7, &materials)?);
/// let metadata = WorldMetadata::new(hills.shape(), hills.fingerprint(), &materials);
/// let store = ChunkStore::with_objects(Arc::new(InMemory::new()), &metadata).await?;
/// let world = HybridWorld::builder(hills, materials).with_store(store).await?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is opened yet"]
pub struct StoreBuilder {
    pub(super) baseline: Arc<dyn Baseline>,
    pub(super) materials: MaterialTable,
    pub(super) store: ChunkStore,
    pub(super) log: Option<(Arc<dyn Disk>, LogOptions)>,
}

impl StoreBuilder {
    /// Gives the world a delta log on a disk, and takes over every edit of it that the store may not have. Without
    /// one, edits are durable after a checkpoint only. A world has one log: the last one that is given.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use bluemarble_core::MaterialTable;
    /// use bluemarble_terrain::{Baseline, NoiseBaseline};
    /// use bluemarble_world::{
    ///     ChunkStore, HybridWorld, LogOptions,
    ///     store::{WorldMetadata, log::disk::RealDisk},
    /// };
    /// use object_store::memory::InMemory;
    ///
    /// # futures::executor::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = dir.path().join("log");
    /// let materials = MaterialTable::standard();
    /// let hills = Arc::new(NoiseBaseline::new(0.5, 7, &materials)?);
    /// let metadata = WorldMetadata::new(hills.shape(), hills.fingerprint(), &materials);
    /// let store = ChunkStore::with_objects(Arc::new(InMemory::new()), &metadata).await?;
    /// let disk = RealDisk::new(&dir)?;
    /// let world = HybridWorld::builder(hills, materials)
    ///     .with_store(store)
    ///     .with_log(disk, LogOptions::default())
    ///     .await?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_log(mut self, disk: Arc<dyn Disk>, options: LogOptions) -> Self {
        self.log = Some((disk, options));
        self
    }

    /// Opens the world; blocks while a log is read.
    ///
    /// # Errors
    /// [`WorldError::Store`]: the store was made with another shape or baseline, or with materials that this world
    /// does not have; it cannot list its chunks; the log cannot be read or is damaged. [`WorldError::Replay`]: the log
    /// holds what this world does not understand.
    pub async fn open(self) -> Result<HybridWorld, WorldError> {
        let Self { baseline, materials, store, log } = self;
        let world = HybridWorld::in_store(store, baseline, materials).await?;
        match log {
            Some((disk, options)) => world.with_log(disk, options),
            None => Ok(world),
        }
    }
}

impl IntoFuture for StoreBuilder {
    type Output = Result<HybridWorld, WorldError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.open())
    }
}

impl fmt::Debug for StoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreBuilder")
            .field("baseline", &self.baseline.fingerprint())
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
