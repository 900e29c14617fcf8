//! Reading: one ranged request for the index of a shard, one for a chunk in it.

use std::sync::{Arc, atomic::Ordering};

use bluemarble_core::{Chunk, ChunkKey};
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{GetOptions, GetRange, ObjectStoreExt};

use super::{ChunkStore, object_error, put::Seen};
use crate::{
    StoreError,
    block::block_on,
    chunk_bytes,
    layout::ShardKey,
    shard::{self, ShardIndex},
};

/// A read gives up after its shard was replaced this often under it.
const ATTEMPTS: usize = 64;

/// The index of a shard as it was at one moment.
#[derive(Debug)]
pub(super) struct KnownIndex {
    index: ShardIndex,
    /// The generation of the shard's stripe when it was read.
    generation: u64,
    /// The object store's name for this version of the object, if it has one.
    tag: Option<String>,
    /// What it takes in memory, about.
    memory_bytes: u64,
}

/// Weighs what is remembered.
#[derive(Clone, Debug)]
pub(super) struct IndexBytes;

impl quick_cache::Weighter<ShardKey, Arc<KnownIndex>> for IndexBytes {
    fn weight(&self, _: &ShardKey, known: &Arc<KnownIndex>) -> u64 {
        known.memory_bytes
    }
}

impl ChunkStore {
    /// Reads a chunk; `None` if it is not stored.
    ///
    /// # Errors
    /// [`StoreError::OutsideLattice`]; [`StoreError::DamagedShard`] and [`StoreError::DamagedChunk`] if
    /// the bytes are not those that were written; [`StoreError::Object`].
    pub async fn read(&self, key: ChunkKey) -> Result<Option<Chunk>, StoreError> {
        let Some((shard, slot)) = ShardKey::locate(&self.shape, key) else {
            return Err(StoreError::OutsideLattice { key });
        };
        let Some(bytes) = self.read_bytes(shard, slot).await? else { return Ok(None) };
        let path = || shard.path().to_string();
        let chunk = chunk_bytes::decode(&bytes).map_err(|reason| StoreError::DamagedChunk {
            key,
            path: path(),
            reason,
        })?;
        self.counters.bytes_read.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.counters.chunks_read.fetch_add(1, Ordering::Relaxed);
        Ok(Some(chunk))
    }

    /// All stored chunks, in no fixed order. Lists every shard and reads its index.
    ///
    /// # Errors
    /// [`StoreError::UnknownShard`], [`StoreError::DamagedShard`], [`StoreError::Mismatch`] and
    /// [`StoreError::MissingMetadata`] if an array is not as it must be; [`StoreError::Object`].
    pub async fn keys(&self) -> Result<Vec<ChunkKey>, StoreError> {
        let root = object_store::path::Path::default();
        let mut shards = Vec::new();
        let mut objects = self.objects.list(None);
        while let Some(object) = objects.try_next().await.map_err(object_error(&root, "listing"))? {
            match ShardKey::of_path(&self.shape, &object.location) {
                Ok(shard) => shards.extend(shard),
                Err(()) => {
                    return Err(StoreError::UnknownShard { path: object.location.to_string() });
                }
            }
        }
        shards.sort_unstable_by_key(|shard| (shard.region, shard.lod, shard.pos.to_array()));
        let mut keys = Vec::new();
        let mut checked = None;
        for shard in shards {
            let array = (shard.region, shard.lod);
            if checked != Some(array) {
                self.check_array(shard.region, shard.lod).await?;
                checked = Some(array);
            }
            if let Some(known) = self.index(shard).await? {
                keys.extend(known.index.slots().map(|slot| shard.chunk(&self.shape, slot)));
            }
        }
        Ok(keys)
    }

    /// [`ChunkStore::keys`], blocking.
    ///
    /// # Errors
    /// As [`ChunkStore::keys`].
    pub fn keys_blocking(&self) -> Result<Vec<ChunkKey>, StoreError> {
        block_on(self.keys())
    }

    async fn read_bytes(&self, shard: ShardKey, slot: usize) -> Result<Option<Bytes>, StoreError> {
        let path = shard.path();
        for _ in 0..ATTEMPTS {
            let Some(known) = self.index(shard).await? else { return Ok(None) };
            let Some(range) = known.index.range(slot) else { return Ok(None) };
            if range.is_empty() {
                return Ok(Some(Bytes::new()));
            }
            let options = GetOptions {
                range: Some(GetRange::Bounded(range)),
                if_match: known.tag.clone(),
                ..GetOptions::default()
            };
            let bytes = match self.objects.get_opts(&path, options).await {
                Ok(result) => result.bytes().await.map_err(object_error(&path, "reading")),
                Err(source) => Err(object_error(&path, "reading")(source)),
            };
            // What came back belongs to the index only if nothing was replaced since it was read. In the
            // middle of a replacement only the object's own tag can tell.
            let generation = self.stripe(shard).generation.load(Ordering::Acquire);
            if generation == known.generation
                && (generation.is_multiple_of(2) || known.tag.is_some())
            {
                match bytes {
                    Ok(bytes) => return Ok(Some(bytes)),
                    Err(error) if !is_replaced(&error) => return Err(error),
                    Err(_) => {}
                }
            }
            self.indices.remove(&shard);
        }
        Err(StoreError::Contended { path: path.to_string() })
    }

    /// The index of a shard, remembered or read; `None` if there is no such shard.
    async fn index(&self, shard: ShardKey) -> Result<Option<Arc<KnownIndex>>, StoreError> {
        let generation = self.stripe(shard).generation.load(Ordering::Acquire);
        let settled = generation.is_multiple_of(2);
        if settled
            && let Some(known) = self.indices.get(&shard)
            && known.generation == generation
        {
            return Ok(Some(known));
        }
        let path = shard.path();
        let slots = self.slots(shard);
        let bytes = shard::index_bytes(slots) as u64;
        let options = GetOptions { range: Some(GetRange::Suffix(bytes)), ..GetOptions::default() };
        let result = match self.objects.get_opts(&path, options).await {
            Ok(result) => result,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(source) => return Err(object_error(&path, "reading")(source)),
        };
        let (size, tag) = (result.meta.size, result.meta.e_tag.clone());
        let bytes = result.bytes().await.map_err(object_error(&path, "reading"))?;
        let index = ShardIndex::parse(&bytes, slots, size)
            .map_err(|reason| StoreError::DamagedShard { path: path.to_string(), reason })?;
        self.counters.bytes_read.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        // A range and whether it is there take half as much again as in the file.
        let memory_bytes = 256 + bytes.len() as u64 * 3 / 2;
        let known = Arc::new(KnownIndex { index, generation, tag, memory_bytes });
        if settled {
            self.indices.insert(shard, Arc::clone(&known));
        }
        Ok(Some(known))
    }

    /// Reads a whole shard, one entry a slot; all empty if there is no such shard.
    pub(super) async fn read_shard(
        &self,
        shard: ShardKey,
    ) -> Result<(Vec<Option<Bytes>>, Seen), StoreError> {
        let path = shard.path();
        let slots = self.slots(shard);
        let result = match self.objects.get(&path).await {
            Ok(result) => result,
            Err(object_store::Error::NotFound { .. }) => {
                return Ok((vec![None; slots], Seen::Missing));
            }
            Err(source) => return Err(object_error(&path, "reading")(source)),
        };
        let damaged = |reason| StoreError::DamagedShard { path: path.to_string(), reason };
        let seen = Seen::object(&result.meta);
        let (size, most) = (result.meta.size, shard::max_shard_bytes(slots));
        if size > most {
            return Err(damaged(format!("{size} bytes, no shard has more than {most}")));
        }
        let bytes = result.bytes().await.map_err(object_error(&path, "reading"))?;
        self.counters.bytes_read.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok((shard::parse(&bytes, slots).map_err(damaged)?, seen))
    }
}

/// Whether an object was not the one asked for any more.
fn is_replaced(error: &StoreError) -> bool {
    let StoreError::Object { source, .. } = error else { return false };
    matches!(
        source.downcast_ref(),
        Some(object_store::Error::Precondition { .. } | object_store::Error::NotFound { .. })
    )
}
