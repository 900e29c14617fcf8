//! Which shards there are in a part of a world, found out without listing all of them.

use std::sync::Arc;

use super::{
    chunk_store::{AllShards, ChunkStore},
    stored_shard::StoredShard,
};
use crate::{
    StoreError,
    layout::ShardKey,
    manifest::{Key, Manifest},
};

impl ChunkStore {
    /// A shard as the manifest knows it; `None` if it knows none. Its version is not known while it is being written. Does
    /// not look at the shard.
    ///
    /// # Errors
    /// As [`ChunkStore::list_known_shards`].
    pub async fn known_shard(&self, shard: ShardKey) -> Result<Option<StoredShard>, StoreError> {
        let Some(manifest) = &self.manifest else {
            return Ok(self.all_shards().await?.get(&shard.into()).cloned());
        };
        let possible = manifest.versions(shard.into()).await?;
        let is_certain = possible.len() == 1;
        // Of one that is being written, what it is to be.
        let stored = possible.into_iter().flatten().next_back().map(|entry| {
            let stored = StoredShard::of_entry(shard, &entry);
            StoredShard { version: stored.version.filter(|_| is_certain), ..stored }
        });
        Ok(stored)
    }

    /// False if the world certainly has no shards. Reads nothing.
    pub fn may_have_shards(&self) -> bool {
        self.manifest.as_ref().is_none_or(Manifest::may_have_shards)
    }

    /// How many shards the manifest knows of, and their bytes; `None` if that is not known without listing them.
    pub fn shard_totals(&self) -> Option<(u64, u64)> {
        let totals = self.manifest.as_ref()?.totals()?;
        Some((totals.shards, totals.bytes))
    }

    /// In a world without a manifest lists all shards, so that what is wrong with them is told now. Reads nothing in others.
    ///
    /// # Errors
    /// As [`ChunkStore::list_known_shards`].
    pub async fn prepare_places(&self) -> Result<(), StoreError> {
        match self.manifest {
            Some(_) => Ok(()),
            None => self.all_shards().await.map(drop),
        }
    }

    /// Of some lods, each a bit, those that may have shards at or below the place of a shard.
    ///
    /// # Errors
    /// As [`ChunkStore::list_known_shards`].
    pub async fn lods_below(&self, place: ShardKey, lods: u32) -> Result<u32, StoreError> {
        let mut found = 0;
        for lod in (0..=place.lod).filter(|lod| lods >> lod & 1 == 1) {
            let (first, last) = Key::shards_below(place, lod);
            let is_there = match &self.manifest {
                Some(manifest) => manifest.may_hold(first, last).await?,
                None => self.all_shards().await?.range(first..=last).next().is_some(),
            };
            found |= u32::from(is_there) << lod;
        }
        Ok(found)
    }

    /// In a world without a manifest: all shards, as they were when this was called first.
    async fn all_shards(&self) -> Result<AllShards, StoreError> {
        let mut all = self.all_shards.lock().await;
        if let Some(all) = &*all {
            return Ok(Arc::clone(all));
        }
        let listed = self.list_known_shards().await?.into_iter();
        let listed = Arc::new(listed.map(|shard| (shard.key.into(), shard)).collect());
        *all = Some(Arc::clone(&listed));
        Ok(listed)
    }
}
