//! Opening a world: where it lies, whether it is one, and who else has it open.

use std::{path::Path, sync::Arc};

use futures::TryStreamExt;
use object_store::{ObjectStore, local::LocalFileSystem};

use super::{
    arrays,
    chunk_store::{ChunkStore, Opened},
    errors::object_error,
};
use crate::{
    StoreError, StoreOptions, WorldMetadata, WorldPlace,
    backend::{Access, Guarded, LEASE_NAME, LeaseKeeper, PROBE_PREFIX, connect, probe},
    block::block_on,
    directory,
    layout::METADATA_NAME,
};

impl ChunkStore {
    /// Opens the world at a place for writing, or makes one if nothing is there.
    ///
    /// A directory is locked as by [`ChunkStore::create_or_open`]. Of a bucket the `.writer` lease is
    /// taken and renewed until the store is dropped; see `docs/object-stores.md`. Blocks.
    ///
    /// # Errors
    /// All of [`ChunkStore::create_or_open`] and [`ChunkStore::with_shared_objects`];
    /// [`StoreError::ReadOnly`] for a web server; [`StoreError::CloudDisabled`], [`StoreError::Place`]
    /// and [`StoreError::Setting`] if the place cannot be reached in principle.
    pub fn open(
        place: &WorldPlace,
        metadata: &WorldMetadata,
        options: &StoreOptions,
    ) -> Result<Self, StoreError> {
        match place {
            WorldPlace::Directory(dir) => Self::open_directory(dir, metadata, options),
            WorldPlace::Memory => {
                let opened = Opened::alone(connect(place, options)?);
                block_on(Self::with(opened, metadata, options))
            }
            WorldPlace::Bucket { .. } => {
                let objects = connect(place, options)?;
                Self::share(objects, place.to_string(), metadata, options)
            }
            // First what is missing from the program, then what is wrong with the wish.
            WorldPlace::Http(_) => {
                connect(place, options).and(Err(StoreError::ReadOnly { place: place.to_string() }))
            }
        }
    }

    /// Opens the world at a place for reading; what it is stands in [`ChunkStore::metadata`].
    ///
    /// Needs neither lock nor lease nor the right to write: a writer may have the world open, and what it
    /// writes is seen. Writing fails with [`StoreError::ReadOnly`]. Blocks.
    ///
    /// # Errors
    /// [`StoreError::NoWorld`]; [`StoreError::Mismatch`] and [`StoreError::Syntax`] if what is there is
    /// not a world of this format; [`StoreError::CloudDisabled`], [`StoreError::Place`],
    /// [`StoreError::Setting`] and [`StoreError::Object`].
    pub fn open_read_only(place: &WorldPlace, options: &StoreOptions) -> Result<Self, StoreError> {
        if let WorldPlace::Directory(dir) = place
            && !dir.is_dir()
        {
            return Err(StoreError::NoWorld { place: place.to_string() });
        }
        Self::look(connect(place, options)?, place.to_string(), options)
    }

    /// Opens the world in a directory, or makes one if the directory is empty or missing.
    ///
    /// Reads a few small documents and blocks for it. The world stays locked against other processes
    /// until the store is dropped.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`], [`StoreError::NotAWorld`], [`StoreError::Locked`];
    /// [`StoreError::Mismatch`] if it was made with another shape, baseline, material table;
    /// [`StoreError::NewerFormat`].
    pub fn create_or_open(dir: &Path, metadata: &WorldMetadata) -> Result<Self, StoreError> {
        Self::open_directory(dir, metadata, &StoreOptions::default())
    }

    /// Opens or makes a world in any object store. Nothing keeps other processes out.
    ///
    /// # Errors
    /// [`StoreError::Mismatch`] if it was made with another shape, baseline, material table or format;
    /// [`StoreError::MissingMetadata`] if there are shards and nothing says of what world;
    /// [`StoreError::Object`].
    pub async fn with_objects(
        objects: Arc<dyn ObjectStore>,
        metadata: &WorldMetadata,
    ) -> Result<Self, StoreError> {
        Self::with(Opened::alone(objects), metadata, &StoreOptions::default()).await
    }

    /// Opens or makes a world in an object store that others may reach too, as its one writer: finds out
    /// what the store can do ([`ChunkStore::capabilities`]), then takes the lease. Blocks.
    ///
    /// # Errors
    /// All of [`ChunkStore::with_objects`]; [`StoreError::NotAWorld`] if something else is there;
    /// [`StoreError::HeldByWriter`]; [`StoreError::DamagedLease`].
    pub fn with_shared_objects(
        objects: Arc<dyn ObjectStore>,
        metadata: &WorldMetadata,
        options: &StoreOptions,
    ) -> Result<Self, StoreError> {
        let place = objects.to_string();
        Self::share(objects, place, metadata, options)
    }

    /// Opens the world in any object store for reading; as [`ChunkStore::open_read_only`].
    ///
    /// # Errors
    /// As [`ChunkStore::open_read_only`].
    pub fn with_read_only_objects(
        objects: Arc<dyn ObjectStore>,
        options: &StoreOptions,
    ) -> Result<Self, StoreError> {
        let place = objects.to_string();
        Self::look(objects, place, options)
    }

    fn open_directory(
        dir: &Path,
        metadata: &WorldMetadata,
        options: &StoreOptions,
    ) -> Result<Self, StoreError> {
        let lock = directory::claim(dir)?;
        let objects = LocalFileSystem::new_with_prefix(dir).map_err(|source| {
            let source = std::io::Error::other(source);
            StoreError::Unwritable { path: dir.to_owned(), source }
        })?;
        let mut opened = Opened::alone(Arc::new(objects.with_fsync(true)));
        opened.lock = Some(lock);
        let store = block_on(Self::with(opened, metadata, options))?;
        // Only now is it known to be ours.
        directory::sweep(dir);
        Ok(store)
    }

    fn share(
        objects: Arc<dyn ObjectStore>,
        place: String,
        metadata: &WorldMetadata,
        options: &StoreOptions,
    ) -> Result<Self, StoreError> {
        block_on(refuse_strangers(&*objects, &place))?;
        let root = object_store::path::Path::from(PROBE_PREFIX);
        let capabilities = block_on(probe(&*objects)).map_err(object_error(&root, "probing"))?;
        if !capabilities.conditional_update {
            tracing::warn!(
                "{place}: the store keeps no conditions; a second writer is only kept out by the lease"
            );
        }
        let keeper =
            LeaseKeeper::acquire(Arc::clone(&objects), place.clone(), capabilities, options.lease)?;
        let access = Access::Leased(keeper.state());
        let opened = Opened {
            objects: Arc::new(Guarded::new(objects, place, access)),
            capabilities,
            lock: None,
            lease: Some(keeper),
        };
        block_on(Self::with(opened, metadata, options))
    }

    fn look(
        objects: Arc<dyn ObjectStore>,
        place: String,
        options: &StoreOptions,
    ) -> Result<Self, StoreError> {
        let objects: Arc<dyn ObjectStore> =
            Arc::new(Guarded::new(objects, place.clone(), Access::ReadOnly));
        let path = object_store::path::Path::from(METADATA_NAME);
        let found = block_on(arrays::document(&*objects, &path))?;
        let Some(found) = found else { return Err(StoreError::NoWorld { place }) };
        let metadata = WorldMetadata::from_document(METADATA_NAME, &found)?;
        Ok(Self::new(Opened::alone(objects), metadata, options))
    }

    async fn with(
        opened: Opened,
        metadata: &WorldMetadata,
        options: &StoreOptions,
    ) -> Result<Self, StoreError> {
        let mut store = Self::new(opened, metadata.clone(), options);
        store.storage = store.open_world(metadata).await?;
        store.metadata.storage = store.storage;
        Ok(store)
    }
}

/// Makes sure that a world is here, or nothing at all.
async fn refuse_strangers(objects: &dyn ObjectStore, place: &str) -> Result<(), StoreError> {
    let path = object_store::path::Path::from(METADATA_NAME);
    if arrays::document(objects, &path).await?.is_some() {
        return Ok(());
    }
    let root = object_store::path::Path::default();
    let mut found = objects.list(None);
    while let Some(object) = found.try_next().await.map_err(object_error(&root, "listing"))? {
        let name = object.location.parts().next();
        let name = name.as_ref().map(AsRef::as_ref).unwrap_or_default();
        // Another writer has just made a world here; the lease will tell.
        if name == METADATA_NAME {
            return Ok(());
        }
        if name != LEASE_NAME && name != PROBE_PREFIX && !name.starts_with("region") {
            return Err(StoreError::NotAWorld { path: place.into() });
        }
    }
    Ok(())
}
