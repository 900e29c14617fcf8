//! The metadata documents of a world: read when it is opened, written before the first shard.

use std::sync::{Mutex, PoisonError};

use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, path::Path};
use rustc_hash::FxHashSet;
use serde_json::Value;

use super::{ChunkStore, object_error};
use crate::{
    StoreError, WorldMetadata,
    layout::{METADATA_NAME, ShardKey, array_name, region_name},
    metadata,
};

/// The arrays, by region and lod, whose documents are there and right.
#[derive(Debug, Default)]
pub(super) struct KnownArrays(Mutex<FxHashSet<(u8, u8)>>);

impl KnownArrays {
    fn contains(&self, array: (u8, u8)) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&array)
    }

    fn insert(&self, array: (u8, u8)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(array);
    }
}

impl ChunkStore {
    /// Checks or writes the world's own document.
    pub(super) async fn open_world(&self, world: &WorldMetadata) -> Result<(), StoreError> {
        let path = Path::from(METADATA_NAME);
        let write = match self.document(&path).await? {
            Some(found) => world.check(path.as_ref(), &found)?,
            None if self.has_shards().await? => {
                return Err(StoreError::MissingMetadata { path: path.to_string() });
            }
            None => true,
        };
        if write {
            self.put_document(&path, &world.document()).await?;
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

    /// Makes sure that an array is there before a shard is put into it.
    pub(super) async fn ensure_array(&self, region: u8, lod: u8) -> Result<(), StoreError> {
        if self.arrays.contains((region, lod)) {
            return Ok(());
        }
        let group = Path::from(format!("{}/{METADATA_NAME}", region_name(region)));
        let array = Path::from(format!("{}/{METADATA_NAME}", array_name(region, lod)));
        let documents = [
            (group, metadata::group_document()),
            (array, metadata::array_document(&self.shape, lod)),
        ];
        for (path, expected) in documents {
            match self.document(&path).await? {
                Some(found) => metadata::check(path.as_ref(), &expected, &found)?,
                None => self.put_document(&path, &expected).await?,
            }
        }
        self.arrays.insert((region, lod));
        Ok(())
    }

    /// Checks an array that has shards.
    pub(super) async fn check_array(&self, region: u8, lod: u8) -> Result<(), StoreError> {
        if self.arrays.contains((region, lod)) {
            return Ok(());
        }
        let path = Path::from(format!("{}/{METADATA_NAME}", array_name(region, lod)));
        let Some(found) = self.document(&path).await? else {
            return Err(StoreError::MissingMetadata { path: path.to_string() });
        };
        metadata::check(path.as_ref(), &metadata::array_document(&self.shape, lod), &found)?;
        // Not noted as known: the region's group is only checked before a write.
        Ok(())
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
