//! The metadata documents of a world: read when it is opened, written before the first shard.

use std::sync::Arc;

use bluemarble_core::MAX_LOD;
use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, path::Path};
use serde_json::Value;

use super::{chunk_store::ChunkStore, errors::unfinished, known_arrays::KnownArray};
use crate::{
    StoreError, StoreOptions, WorldMetadata,
    directory::Unfinished,
    layout::{METADATA_NAME, ShardKey, array_name, region_name},
    manifest::{Entry, Job, Key, Manifest, ManifestAccess, RootChange, missing_root},
    metadata::{self, ArrayFormat, MANIFEST_SINCE, Recorded},
    objects::object_error,
};

impl ChunkStore {
    /// Checks, renews or writes the world's own document, and takes over how the world is stored. The manifest is there
    /// then, and true. Says where writes may have been left unfinished.
    pub(super) async fn open_world(
        &mut self,
        world: &WorldMetadata,
        options: &StoreOptions,
    ) -> Result<Unfinished, StoreError> {
        let path = Key::WORLD.path();
        let Some(found) = self.document(&path).await? else {
            self.refuse_headless().await?;
            let (bytes, entry) = document_bytes(&world.document());
            // A world has a manifest as soon as it is one.
            let job = options.resume_copy.then_some(Job::Copy);
            self.begin_manifest([(Key::WORLD, entry)], job).await?;
            self.put_object(&path, bytes).await?;
            return Ok(Unfinished::Beside(Vec::new()));
        };
        let Recorded { version, storage, renewed } = world.check(path.as_ref(), &found)?;
        self.storage = storage;
        self.metadata.storage = storage;
        if version < MANIFEST_SINCE || options.rebuild_manifest {
            let renewed = document_bytes(renewed.as_ref().unwrap_or(&found));
            let mut entries = self.survey().await?;
            entries.insert(Key::WORLD, renewed.1);
            self.begin_manifest(entries, None).await?;
            self.put_object(&path, renewed.0).await?;
            return Ok(Unfinished::Anywhere);
        }
        let access = ManifestAccess::Write;
        let manifest = Manifest::open(&self.objects, self.capabilities, access).await?;
        let manifest = manifest.ok_or_else(missing_root)?;
        manifest.read_intents().await?;
        let begun = manifest.unsettled().into_iter().map(|(key, _)| key.path()).collect();
        self.manifest = Some(manifest);
        self.settle_and_commit().await?;
        self.own_manifest()?.sweep().await?;
        match self.own_manifest()?.job() {
            Some(Job::Restore(number)) => drop(self.finish_restore(number).await?),
            Some(Job::Import) => drop(self.finish_import().await?),
            Some(job @ Job::Copy) if !options.resume_copy => {
                return Err(unfinished(self.location(), job));
            }
            _ => {}
        }
        if let Some(renewed) = renewed {
            self.put_document(Key::WORLD, &renewed).await?;
        }
        Ok(Unfinished::Beside(begun))
    }

    /// The first manifest of a world, or a new one in place of what is there.
    pub(super) async fn begin_manifest(
        &mut self,
        entries: impl IntoIterator<Item = (Key, Entry)>,
        job: Option<Job>,
    ) -> Result<(), StoreError> {
        let manifest = Manifest::anew(&self.objects, self.capabilities, entries).await?;
        manifest.commit(RootChange { job: Some(job), ..RootChange::default() }).await?;
        self.manifest = Some(manifest);
        Ok(())
    }

    /// Makes sure that there is nothing but perhaps an empty manifest where no document says what world it is.
    async fn refuse_headless(&self) -> Result<(), StoreError> {
        let known =
            match Manifest::open(&self.objects, self.capabilities, ManifestAccess::Write).await? {
                Some(manifest) => manifest.committed_entries(),
                None => 0,
            };
        // The world's own document is one.
        if known > 1 || self.has_shards().await? {
            return Err(StoreError::MissingMetadata { path: METADATA_NAME.to_owned() });
        }
        Ok(())
    }

    /// Whether there is anything where only shards may lie.
    async fn has_shards(&self) -> Result<bool, StoreError> {
        let mut objects = self.objects.list(None);
        let root = Path::default();
        while let Some(object) = objects.try_next().await.map_err(object_error(&root, "listing"))? {
            if ShardKey::of_path(&self.shape, &object.location) != Ok(None) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Makes sure that an array is there, and is named by its region, before a shard is put into it. By the one who writes.
    pub(super) async fn ensure_array(
        &self,
        region: u8,
        lod: u8,
    ) -> Result<Arc<ArrayFormat>, StoreError> {
        if let Some(known) = self.arrays.get((region, lod)).filter(|known| known.is_listed) {
            return Ok(known.format);
        }
        let path = array_path(region, lod);
        let format = match self.document(&path).await? {
            Some(found) => self.parse_array(&path, lod, &found)?,
            None => {
                let document = metadata::array_document(&self.shape, lod, self.storage);
                let format = self.parse_array(&path, lod, &document)?;
                self.ensure_region(region, None).await?;
                self.put_document(Key::array_document(region, lod), &document).await?;
                format
            }
        };
        self.ensure_region(region, Some(lod)).await?;
        let known = KnownArray { format: Arc::new(format), is_listed: true };
        self.arrays.insert((region, lod), known.clone());
        Ok(known.format)
    }

    /// Makes sure that there is a region's document, fit to be written, and that it names the array of a lod.
    ///
    /// Without a lod it is to be called before an array is made: at every moment the hierarchy has the parents of all that is in
    /// it. With one it is to be called afterwards: the document names no array that is not there.
    async fn ensure_region(&self, region: u8, lod: Option<u8>) -> Result<(), StoreError> {
        let path = Path::from(format!("{}/{METADATA_NAME}", region_name(region)));
        let found = self.document(&path).await?;
        let mut lods =
            found.as_ref().map_or_else(Vec::new, |found| metadata::listed_lods(region, found));
        if let Some(lod) = lod.filter(|lod| !lods.contains(lod)) {
            lods.push(lod);
            // Worlds of version 1 named none.
            for other in 0..=MAX_LOD {
                if !lods.contains(&other)
                    && self.document(&array_path(region, other)).await?.is_some()
                {
                    lods.push(other);
                }
            }
            lods.sort_unstable();
        }
        let document =
            metadata::region_document(path.as_ref(), &self.shape, region, &lods, found.as_ref())?;
        if found.is_none() || lod.is_some() && found.as_ref() != Some(&document) {
            self.put_document(Key::region_document(region), &document).await?;
        }
        Ok(())
    }

    /// How the array of a shard stores its chunks; `None` if there is no such shard.
    pub(super) async fn array_of(
        &self,
        shard: ShardKey,
    ) -> Result<Option<Arc<ArrayFormat>>, StoreError> {
        if let Some(known) = self.arrays.get((shard.region, shard.lod)) {
            return Ok(Some(known.format));
        }
        // Unedited arrays are asked about most, and have neither a document nor shards.
        match self.check_array(shard.region, shard.lod).await {
            Err(StoreError::MissingMetadata { .. }) if !self.has_array(shard).await? => Ok(None),
            // A writer may have made it just now.
            Err(StoreError::MissingMetadata { .. }) => {
                self.check_array(shard.region, shard.lod).await.map(Some)
            }
            result => result.map(Some),
        }
    }

    /// Whether the array of a shard must have a document, which was not found.
    async fn has_array(&self, shard: ShardKey) -> Result<bool, StoreError> {
        let Some(manifest) = &self.manifest else {
            let path = shard.path();
            return match self.objects.head(&path).await {
                Ok(_) => Ok(true),
                Err(object_store::Error::NotFound { .. }) => Ok(false),
                Err(source) => Err(object_error(&path, "reading")(source)),
            };
        };
        let versions = manifest.versions(Key::array_document(shard.region, shard.lod)).await?;
        Ok(versions.iter().all(Option::is_some))
    }

    /// How an array that has shards stores its chunks.
    pub(super) async fn check_array(
        &self,
        region: u8,
        lod: u8,
    ) -> Result<Arc<ArrayFormat>, StoreError> {
        if let Some(known) = self.arrays.get((region, lod)) {
            return Ok(known.format);
        }
        let path = array_path(region, lod);
        let Some(found) = self.document(&path).await? else {
            return Err(StoreError::MissingMetadata { path: path.to_string() });
        };
        let format = Arc::new(self.parse_array(&path, lod, &found)?);
        // The region's group is only checked before a write.
        let known = KnownArray { format: Arc::clone(&format), is_listed: false };
        self.arrays.insert((region, lod), known);
        Ok(format)
    }

    pub(super) fn parse_array(
        &self,
        path: &Path,
        lod: u8,
        found: &Value,
    ) -> Result<ArrayFormat, StoreError> {
        ArrayFormat::parse(path.as_ref(), &self.shape, lod, self.storage, found)
    }

    async fn document(&self, path: &Path) -> Result<Option<Value>, StoreError> {
        document(&*self.objects, path).await
    }

    async fn put_document(&self, key: Key, document: &Value) -> Result<(), StoreError> {
        self.put_file(key, document_bytes(document).0).await
    }

    async fn put_object(&self, path: &Path, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.objects.put(path, bytes.into()).await.map_err(object_error(path, "writing"))?;
        Ok(())
    }
}

/// A document as it is written: the same bytes whatever order `serde_json` keeps fields in, which is a feature of it that any
/// crate of a program may choose.
fn document_bytes(document: &Value) -> (Vec<u8>, Entry) {
    let mut document = document.clone();
    document.sort_all_objects();
    let mut bytes = format!("{document:#}").into_bytes();
    bytes.push(b'\n');
    let entry = Entry::unstamped(bytes.len() as u64, &bytes);
    (bytes, entry)
}

fn array_path(region: u8, lod: u8) -> Path {
    Path::from(format!("{}/{METADATA_NAME}", array_name(region, lod)))
}

/// Reads a document; `None` if it is not there.
pub(super) async fn document(
    objects: &dyn ObjectStore,
    path: &Path,
) -> Result<Option<Value>, StoreError> {
    let result = match objects.get(path).await {
        Ok(result) => result,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(source) => return Err(object_error(path, "reading")(source)),
    };
    let bytes = result.bytes().await.map_err(object_error(path, "reading"))?;
    metadata::parse(path.as_ref(), &bytes).map(Some)
}
