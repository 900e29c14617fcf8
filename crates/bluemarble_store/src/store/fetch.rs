//! Shards fetched: their indices, or all of their bytes.

use std::sync::{Arc, atomic::Ordering};

use bytes::Bytes;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStoreExt, path::Path};

use super::{
    chunk_store::ChunkStore,
    errors::{damaged_shard, unfinished},
    known_index::KnownIndex,
    versions::Found,
};
use crate::{
    StoreError,
    layout::ShardKey,
    manifest::Manifest,
    metadata::ArrayFormat,
    objects::{Seen, object_error},
    shard::{self, IndexLocation, ShardForm, ShardIndex},
};

/// A read gives up after its shard was replaced this often under it.
pub(super) const ATTEMPTS: usize = 64;

impl ChunkStore {
    /// The index of a shard, remembered or read; `None` if there is no such shard.
    pub(super) async fn index(
        &self,
        shard: ShardKey,
        format: &ArrayFormat,
    ) -> Result<Option<Arc<KnownIndex>>, StoreError> {
        let own = self.manifest.as_ref().filter(|_| !self.is_read_only);
        if let Some(job) = own.and_then(Manifest::job) {
            return Err(unfinished(self.location(), job));
        }
        let generation = self.stripe(shard).generation.load(Ordering::Acquire);
        let settled = generation.is_multiple_of(2);
        if settled
            && let Some(known) = self.indices.get(&shard)
            && known.generation == generation
        {
            return Ok(Some(known));
        }
        for _ in 0..ATTEMPTS {
            let versions = self.versions(shard).await?;
            let head = self.read_head(shard, &format.form).await?;
            let found = head.as_ref().map(|head| head.found(&format.form));
            if !self.is_expected(shard, &versions, found.as_ref()).await? {
                continue;
            }
            let Some(Head { bytes, size, tag }) = head else { return Ok(None) };
            let (index, _) = format.form.head(&bytes);
            let index = ShardIndex::parse(index, &format.form, size);
            let index = index.map_err(damaged_shard(shard))?;
            let known = Arc::new(KnownIndex { index, generation, tag });
            if settled {
                self.indices.insert(shard, Arc::clone(&known));
            }
            return Ok(Some(known));
        }
        Err(StoreError::Contended { path: shard.path().to_string() })
    }

    /// The end of a shard at which its index and its stamp lie; `None` if there is no such shard.
    pub(super) async fn read_head(
        &self,
        shard: ShardKey,
        form: &ShardForm,
    ) -> Result<Option<Head>, StoreError> {
        self.read_head_at(&shard.path(), form).await
    }

    /// The same of a shard at another path.
    pub(super) async fn read_head_at(
        &self,
        path: &Path,
        form: &ShardForm,
    ) -> Result<Option<Head>, StoreError> {
        let bytes = form.head_bytes() as u64;
        let range = match form.index_location {
            IndexLocation::Start => GetRange::Bounded(0..bytes),
            IndexLocation::End => GetRange::Suffix(bytes),
        };
        let options = GetOptions { range: Some(range), ..GetOptions::default() };
        let result = match self.objects.get_opts(path, options).await {
            Ok(result) => result,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            // An empty object has no range. To HEAD not every web server says how long it is.
            Err(source) => match self.objects.get(path).await.map(|found| found.meta) {
                Ok(ObjectMeta { size: 0, e_tag: tag, .. }) => {
                    return Ok(Some(Head { bytes: Bytes::new(), size: 0, tag }));
                }
                _ => return Err(object_error(path, "reading")(source)),
            },
        };
        let (size, tag) = (result.meta.size, result.meta.e_tag.clone());
        let bytes = result.bytes().await.map_err(object_error(path, "reading"))?;
        self.counters.bytes_read.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(Some(Head { bytes, size, tag }))
    }

    /// Reads a whole shard, one entry a slot; all empty if there is no such shard.
    pub(super) async fn read_shard(
        &self,
        shard: ShardKey,
        format: &ArrayFormat,
    ) -> Result<(Vec<Option<Bytes>>, Seen), StoreError> {
        let Some((bytes, seen)) = self.fetch_shard(shard, format).await? else {
            return Ok((vec![None; format.form.slots], Seen::Missing));
        };
        let slots = shard::parse(&bytes, &format.form).map_err(damaged_shard(shard))?;
        Ok((slots, seen))
    }

    /// The bytes of a whole shard, which is a version that the manifest names; `None` if there is none and need not be.
    pub(super) async fn fetch_shard(
        &self,
        shard: ShardKey,
        format: &ArrayFormat,
    ) -> Result<Option<(Bytes, Seen)>, StoreError> {
        for _ in 0..ATTEMPTS {
            let versions = self.versions(shard).await?;
            let fetched = self.fetch_any_shard(shard, format).await?;
            let found = fetched.as_ref().map(|(bytes, _)| {
                let (index, stamp) = format.form.head(bytes);
                Found::new(bytes.len() as u64, index, stamp)
            });
            if self.is_expected(shard, &versions, found.as_ref()).await? {
                return Ok(fetched);
            }
        }
        Err(StoreError::Contended { path: shard.path().to_string() })
    }

    /// The bytes of a whole shard, whatever version it is; `None` if there is none.
    pub(super) async fn fetch_any_shard(
        &self,
        shard: ShardKey,
        format: &ArrayFormat,
    ) -> Result<Option<(Bytes, Seen)>, StoreError> {
        let path = shard.path();
        let result = match self.objects.get(&path).await {
            Ok(result) => result,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(source) => return Err(object_error(&path, "reading")(source)),
        };
        let seen = Seen::object(&result.meta);
        let (size, most) = (result.meta.size, format.form.max_shard_bytes());
        if size > most {
            let reason = format!("{size} bytes, no shard has more than {most}");
            return Err(StoreError::DamagedShard { path: path.to_string(), reason });
        }
        let bytes = result.bytes().await.map_err(object_error(&path, "reading"))?;
        self.counters.bytes_read.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(Some((bytes, seen)))
    }
}

/// The end of a shard at which its index lies, with the stamp.
pub(super) struct Head {
    bytes: Bytes,
    /// Of the whole shard.
    size: u64,
    /// The object store's name for this version of the object, if it has one.
    tag: Option<String>,
}

impl Head {
    pub fn found(&self, form: &ShardForm) -> Found {
        let (index, stamp) = form.head(&self.bytes);
        Found::new(self.size, index, stamp)
    }
}
