//! Opening a world: where it lies, whether it is one, and who else has it open.

use std::{path::Path, sync::Arc};

use bluemarble_core::block_on;
use futures::TryStreamExt;
use object_store::{ObjectStore, local::LocalFileSystem};

use super::{
    arrays,
    chunk_store::{ChunkStore, Opened},
    errors::unfinished,
};
use crate::{
    StoreError, StoreOptions, WorldLocation, WorldMetadata,
    backend::{Access, Guarded, LEASE_NAME, LeaseKeeper, PROBE_PREFIX, connect, probe},
    directory::{self, Unfinished},
    layout::METADATA_NAME,
    manifest::{MANIFEST_DIR, Manifest, ManifestAccess, missing_root},
    metadata::{self, MANIFEST_SINCE},
    objects::object_error,
};

impl ChunkStore {
    /// Opens the world at a location for writing, or makes one if nothing is there.
    ///
    /// A directory is locked as by [`ChunkStore::create_or_open`]. Of a bucket the `.writer` lease is
    /// taken and renewed until the store is dropped; see `docs/object-stores.md`. Blocks.
    ///
    /// # Errors
    /// All of [`ChunkStore::create_or_open`] and [`ChunkStore::with_shared_objects`];
    /// [`StoreError::ReadOnly`] for a web server; [`StoreError::CloudDisabled`], [`StoreError::Location`]
    /// and [`StoreError::Setting`] if the location cannot be reached in principle.
    pub fn open(
        location: &WorldLocation,
        metadata: &WorldMetadata,
        options: &StoreOptions,
    ) -> Result<Self, StoreError> {
        match location {
            WorldLocation::Directory(dir) => Self::open_directory(dir, metadata, options),
            WorldLocation::Memory => {
                let opened = Opened::alone(connect(location, options)?);
                Ok(block_on(Self::with(opened, metadata, options))?.0)
            }
            WorldLocation::Bucket { .. } => {
                let objects = connect(location, options)?;
                Self::share(objects, location.to_string(), metadata, options)
            }
            // First what is missing from the program, then what is wrong with the wish.
            WorldLocation::Http(_) => connect(location, options)
                .and(Err(StoreError::ReadOnly { location: location.to_string() })),
        }
    }

    /// Opens the world at a location for reading; what it is stands in [`ChunkStore::metadata`].
    ///
    /// Needs neither lock nor lease nor the right to write: a writer may have the world open, and what it
    /// writes is seen. Writing fails with [`StoreError::ReadOnly`]. Blocks.
    ///
    /// # Errors
    /// [`StoreError::NoWorld`]; [`StoreError::Mismatch`] and [`StoreError::Syntax`] if what is there is
    /// not a world of this format; [`StoreError::CloudDisabled`], [`StoreError::Location`],
    /// [`StoreError::Setting`] and [`StoreError::Object`].
    pub fn open_read_only(
        location: &WorldLocation,
        options: &StoreOptions,
    ) -> Result<Self, StoreError> {
        if let WorldLocation::Directory(dir) = location
            && !dir.is_dir()
        {
            return Err(StoreError::NoWorld { location: location.to_string() });
        }
        Self::look(connect(location, options)?, location.to_string(), options)
    }

    /// What the world at a location is; `None` if none is there. Reads one document, whatever else is wrong. Blocks.
    ///
    /// # Errors
    /// As [`ChunkStore::open_read_only`].
    pub fn metadata_at(
        location: &WorldLocation,
        options: &StoreOptions,
    ) -> Result<Option<WorldMetadata>, StoreError> {
        if let WorldLocation::Directory(dir) = location
            && !dir.is_dir()
        {
            return Ok(None);
        }
        let objects = connect(location, options)?;
        let path = object_store::path::Path::from(METADATA_NAME);
        let found = block_on(arrays::document(&*objects, &path))?;
        found.map(|found| WorldMetadata::from_document(METADATA_NAME, &found)).transpose()
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
        Self::with_objects_and_options(objects, metadata, &StoreOptions::default()).await
    }

    /// [`ChunkStore::with_objects`] with options.
    ///
    /// # Errors
    /// As [`ChunkStore::with_objects`].
    pub async fn with_objects_and_options(
        objects: Arc<dyn ObjectStore>,
        metadata: &WorldMetadata,
        options: &StoreOptions,
    ) -> Result<Self, StoreError> {
        Ok(Self::with(Opened::alone(objects), metadata, options).await?.0)
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
        let location = objects.to_string();
        Self::share(objects, location, metadata, options)
    }

    /// Opens the world in any object store for reading; as [`ChunkStore::open_read_only`].
    ///
    /// # Errors
    /// As [`ChunkStore::open_read_only`].
    pub fn with_read_only_objects(
        objects: Arc<dyn ObjectStore>,
        options: &StoreOptions,
    ) -> Result<Self, StoreError> {
        let location = objects.to_string();
        Self::look(objects, location, options)
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
        let (store, unfinished) = block_on(Self::with(opened, metadata, options))?;
        // Only now is it known to be ours.
        directory::sweep(dir, &unfinished);
        Ok(store)
    }

    fn share(
        objects: Arc<dyn ObjectStore>,
        location: String,
        metadata: &WorldMetadata,
        options: &StoreOptions,
    ) -> Result<Self, StoreError> {
        block_on(refuse_strangers(&*objects, &location))?;
        let root = object_store::path::Path::from(PROBE_PREFIX);
        let capabilities = block_on(probe(&*objects)).map_err(object_error(&root, "probing"))?;
        if !capabilities.conditional_update {
            tracing::warn!(
                "{location}: the store keeps no conditions; a second writer is only kept out by the lease"
            );
        }
        let keeper = LeaseKeeper::acquire(
            Arc::clone(&objects),
            location.clone(),
            capabilities,
            options.lease,
        )?;
        let access = Access::Leased(keeper.state());
        let opened = Opened {
            objects: Arc::new(Guarded::new(objects, location, access)),
            capabilities,
            lock: None,
            lease: Some(keeper),
        };
        Ok(block_on(Self::with(opened, metadata, options))?.0)
    }

    fn look(
        objects: Arc<dyn ObjectStore>,
        location: String,
        options: &StoreOptions,
    ) -> Result<Self, StoreError> {
        let objects: Arc<dyn ObjectStore> =
            Arc::new(Guarded::new(objects, location.clone(), Access::ReadOnly));
        let path = object_store::path::Path::from(METADATA_NAME);
        let found = block_on(arrays::document(&*objects, &path))?;
        let Some(found) = found else { return Err(StoreError::NoWorld { location }) };
        let metadata = WorldMetadata::from_document(METADATA_NAME, &found)?;
        let mut store = Self::new(Opened::alone(objects), metadata, options);
        store.is_read_only = true;
        let version = metadata::format_version(METADATA_NAME, &found)?;
        if version >= MANIFEST_SINCE && !options.rebuild_manifest {
            let manifest = Manifest::open(&store.objects, store.capabilities, ManifestAccess::Read);
            let manifest = block_on(manifest)?.ok_or_else(missing_root)?;
            block_on(manifest.read_intents())?;
            if let Some(job) = manifest.job() {
                return Err(unfinished(location, job));
            }
            store.manifest = Some(manifest);
        }
        Ok(store)
    }

    async fn with(
        opened: Opened,
        metadata: &WorldMetadata,
        options: &StoreOptions,
    ) -> Result<(Self, Unfinished), StoreError> {
        let mut store = Self::new(opened, metadata.clone(), options);
        let unfinished = store.open_world(metadata, options).await?;
        Ok((store, unfinished))
    }
}

/// Makes sure that a world is here, or nothing at all.
async fn refuse_strangers(objects: &dyn ObjectStore, location: &str) -> Result<(), StoreError> {
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
        let is_ours = [LEASE_NAME, PROBE_PREFIX, MANIFEST_DIR].contains(&name);
        if !is_ours && !name.starts_with("region") {
            return Err(StoreError::NotAWorld { path: location.into() });
        }
    }
    Ok(())
}
