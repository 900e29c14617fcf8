//! What lies in a world, beside what its manifest says.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};

use super::{
    damage::{Damage, DamagedPart},
    listing::Listing,
};
use crate::{
    StoreError,
    manifest::{Change, Entry, Key},
    store::{chunk_store::ChunkStore, stripe::Replacing, versions::is_one_of},
};

/// Files that are looked at at once.
const AT_ONCE: usize = 16;

/// What a manifest was made to accept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adopted {
    /// Paths of shards and documents that it did not know.
    pub new: Vec<String>,
    /// Paths of those that were other ones.
    pub changed: Vec<String>,
    /// Paths of shards that are not whole: the manifest still knows the right version.
    pub damaged: Vec<String>,
}

impl ChunkStore {
    /// All shards and documents that are there, in their versions; without shards that say that they belong elsewhere.
    /// Reads the documents, and of each shard the end.
    pub(in crate::store) async fn survey(&self) -> Result<BTreeMap<Key, Entry>, StoreError> {
        let listing = self.list_shards().await?;
        let mut keys: BTreeSet<Key> = listing.shards.iter().map(|shard| shard.key.into()).collect();
        keys.extend([Key::WORLD, Key::RECIPE]);
        for (region, lod) in listing.arrays {
            keys.extend([Key::region_document(region), Key::array_document(region, lod)]);
        }
        let found = stream::iter(keys).map(async |key| {
            let found = self.find(key).await?.filter(|found| found.may_be(key));
            Ok((key, found.map(|found| found.entry)))
        });
        let found: Vec<Change> = found.buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().filter_map(|(key, entry)| Some((key, entry?))).collect())
    }

    /// What is not there although the manifest says so, and documents that are there in another version. Shards that are there are looked at by
    /// [`ChunkStore::check_shard`].
    ///
    /// # Errors
    /// [`StoreError::DamagedManifest`], [`StoreError::Object`].
    pub async fn check_manifest(&self, listing: &Listing) -> Result<Vec<Damage>, StoreError> {
        let Some(manifest) = &self.manifest else { return Ok(Vec::new()) };
        if self.is_read_only {
            manifest.refresh().await?;
        }
        let there: BTreeSet<Key> = listing.shards.iter().map(|shard| shard.key.into()).collect();
        let mut damages = Vec::new();
        for (key, entry) in manifest.list().await? {
            if there.contains(&key) {
                continue;
            }
            // A shard may have been written since they were listed.
            let found = self.current(key).await?;
            let versions = manifest.versions(key).await?;
            // A recipe is good if it makes the baseline.
            if is_one_of(&versions, found.as_ref()) || key == Key::RECIPE && found.is_some() {
                continue;
            }
            let (part, reason) = match (key.shard(), found) {
                (Some(_), Some(_)) => continue,
                (Some(_), None) => {
                    let reason = format!("missing, with edits up to batch {}", entry.lsn);
                    (DamagedPart::MissingShard, reason)
                }
                (None, None) => (DamagedPart::MissingDocument, "missing".to_owned()),
                (None, Some(_)) => {
                    let reason = "changed by another program, or an older version".to_owned();
                    (DamagedPart::ChangedDocument, reason)
                }
            };
            let damage = Damage::of_file(part, key.path().to_string(), reason);
            damages.push(Damage { lod: key.shard().map(|shard| shard.lod), ..damage });
        }
        Ok(damages)
    }

    /// Accepts what other programs have written: all shards and documents that are there are as they should be from now
    /// on, but for shards that belong elsewhere and for those that are damaged. Of what is missing nothing is accepted: [`ChunkStore::forget_shard`].
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], [`StoreError::DamagedManifest`], [`StoreError::Object`]; nothing is accepted then.
    pub async fn adopt(&self) -> Result<Adopted, StoreError> {
        let _writer = self.writer.lock().await;
        let manifest = self.own_manifest()?;
        let mut adopted = Adopted::default();
        let mut changes: Vec<Change> = Vec::new();
        for (key, found) in self.survey().await? {
            let path = || key.path().to_string();
            let known = manifest.versions(key).await?.first().copied().flatten();
            if known.is_some_and(|known| known.is_same(&found)) {
                continue;
            }
            if !self.is_whole(key).await? {
                adopted.damaged.push(path());
                continue;
            }
            match known {
                Some(_) => adopted.changed.push(path()),
                None => adopted.new.push(path()),
            }
            changes.push((key, Some(found)));
            if let Some(shard) = key.shard() {
                drop(Replacing::new(&self.stripe(shard).generation));
                self.indices.remove(&shard);
            }
        }
        manifest.done(&changes);
        self.settle_and_commit().await?;
        Ok(adopted)
    }

    /// Whether every byte of a file can be understood.
    async fn is_whole(&self, key: Key) -> Result<bool, StoreError> {
        match self.get_file(&key.path()).await? {
            Some(bytes) => Ok(self.inspect(key, &bytes).await?.1),
            None => Ok(false),
        }
    }
}
