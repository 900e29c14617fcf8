//! Which shards there are, without reading any.

use std::collections::BTreeSet;

use bluemarble_core::MAX_LOD;
use futures::TryStreamExt;
use object_store::path::Path;

use crate::{
    StoreError,
    layout::{METADATA_NAME, ShardKey},
    objects::object_error,
    store::{chunk_store::ChunkStore, stored_shard::StoredShard},
};

/// What lies in the arrays of a world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The shards by region, lod and place.
    pub shards: Vec<StoredShard>,
    /// Region and lod of all arrays that have a document or a shard.
    pub arrays: BTreeSet<(u8, u8)>,
    /// Files where only shards may lie, and which are none.
    pub strays: Vec<String>,
}

impl ChunkStore {
    /// Lists all shards; reads none of them.
    ///
    /// # Errors
    /// [`StoreError::Object`].
    pub async fn list_shards(&self) -> Result<Listing, StoreError> {
        let mut listing = Listing::default();
        let root = Path::default();
        let mut objects = self.objects.list(None);
        while let Some(object) = objects.try_next().await.map_err(object_error(&root, "listing"))? {
            let path = object.location.to_string();
            match ShardKey::of_path(&self.shape, &object.location) {
                Ok(Some(key)) => {
                    listing.arrays.insert((key.region, key.lod));
                    listing.shards.push(StoredShard {
                        key,
                        path,
                        bytes: object.size,
                        version: object.e_tag,
                    });
                }
                Ok(None) => listing.arrays.extend(self.array_of_document(&path)),
                Err(()) => listing.strays.push(path),
            }
        }
        listing.strays.sort_unstable();
        listing.shards.sort_unstable_by_key(|StoredShard { key, .. }| {
            (key.region, key.lod, key.pos.y, key.pos.z, key.pos.x)
        });
        Ok(listing)
    }

    /// The same from the manifest alone, for stores that cannot list what is there. Strays are not found.
    ///
    /// # Errors
    /// [`StoreError::DamagedManifest`]; without a manifest as [`ChunkStore::list_shards`].
    pub async fn list_by_manifest(&self) -> Result<Listing, StoreError> {
        let Some(manifest) = &self.manifest else { return self.list_shards().await };
        let mut listing = Listing { shards: self.list_known_shards().await?, ..Listing::default() };
        for (key, _) in manifest.list().await? {
            listing.arrays.extend(self.array_of_document(key.path().as_ref()));
        }
        listing.arrays.extend(listing.shards.iter().map(|shard| (shard.key.region, shard.key.lod)));
        Ok(listing)
    }

    /// The array, as region and lod, whose document lies at a path.
    pub fn array_of_document(&self, path: &str) -> Option<(u8, u8)> {
        let mut parts = path.split('/');
        let region = parts.next()?.strip_prefix("region")?.parse().ok()?;
        let lod = parts.next()?.strip_prefix("lod")?.parse().ok()?;
        let is_array = parts.eq([METADATA_NAME]) && region < self.shape.regions() && lod <= MAX_LOD;
        is_array.then_some((region, lod))
    }
}
