//! The metadata documents of a world: read when it is opened, written before the first shard.

use std::sync::Arc;

use bluemarble_core::MAX_LOD;
use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, path::Path};
use serde_json::Value;

use super::{chunk_store::ChunkStore, errors::object_error, known_arrays::KnownArray};
use crate::{
    StorageOptions, StoreError, WorldMetadata,
    layout::{METADATA_NAME, ShardKey, array_name, region_name},
    metadata::{self, ArrayFormat},
};

impl ChunkStore {
    /// Checks, renews or writes the world's own document, and returns how the world is stored.
    pub(super) async fn open_world(
        &self,
        world: &WorldMetadata,
    ) -> Result<StorageOptions, StoreError> {
        let path = Path::from(METADATA_NAME);
        let Some(found) = self.document(&path).await? else {
            if self.has_shards().await? {
                return Err(StoreError::MissingMetadata { path: path.to_string() });
            }
            self.put_document(&path, &world.document()).await?;
            return Ok(world.storage);
        };
        let recorded = world.check(path.as_ref(), &found)?;
        if let Some(renewed) = recorded.renewed {
            self.put_document(&path, &renewed).await?;
        }
        Ok(recorded.storage)
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

    /// Makes sure that an array is there, and is named by its region, before a shard is put into it.
    pub(super) async fn ensure_array(
        &self,
        region: u8,
        lod: u8,
    ) -> Result<Arc<ArrayFormat>, StoreError> {
        let is_ready = || self.arrays.get((region, lod)).filter(|known| known.is_listed);
        if let Some(known) = is_ready() {
            return Ok(known.format);
        }
        // Arrays of one region share its document.
        let _writer = self.arrays.writer.lock().await;
        if let Some(known) = is_ready() {
            return Ok(known.format);
        }
        let path = array_path(region, lod);
        let format = match self.document(&path).await? {
            Some(found) => self.parse_array(&path, lod, &found)?,
            None => {
                let document = metadata::array_document(&self.shape, lod, self.storage);
                let format = self.parse_array(&path, lod, &document)?;
                self.ensure_region(region, None).await?;
                self.put_document(&path, &document).await?;
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
            self.put_document(&path, &document).await?;
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
            Err(StoreError::MissingMetadata { .. }) => {
                let path = shard.path();
                match self.objects.head(&path).await {
                    // A writer may have made both just now.
                    Ok(_) => self.check_array(shard.region, shard.lod).await.map(Some),
                    Err(object_store::Error::NotFound { .. }) => Ok(None),
                    Err(source) => Err(object_error(&path, "reading")(source)),
                }
            }
            result => result.map(Some),
        }
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

    async fn put_document(&self, path: &Path, document: &Value) -> Result<(), StoreError> {
        let mut bytes = format!("{document:#}").into_bytes();
        bytes.push(b'\n');
        self.objects.put(path, bytes.into()).await.map_err(object_error(path, "writing"))?;
        Ok(())
    }
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
