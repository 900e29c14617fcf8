//! Reading: one ranged request for the index of a shard, one for the chunks that lie together in it.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    ops::Range,
    sync::{Arc, atomic::Ordering},
};

use super::{
    chunk_store::ChunkStore,
    errors::damaged_chunk,
    fetch::ATTEMPTS,
    maintain::StoredShard,
    ranges::{merge, slice},
};
use crate::{
    StoreError, chunk_bytes::Part, layout::ShardKey, metadata::ArrayFormat, objects::object_error,
};
use bluemarble_core::{CHUNK_VOLUME, Chunk, ChunkKey, MaterialId, block_on};
use bytes::Bytes;
use futures::future::join_all;
use object_store::{GetOptions, GetRange};

/// In place of a generation where there is nothing to remember.
const NO_GENERATION: u64 = u64::MAX;

impl ChunkStore {
    /// Reads a chunk; `None` if it is not stored ([`ChunkStore::keys`] lists those that are).
    ///
    /// What this program writes is always complete. Other programs may have stored only some cells: the
    /// others then hold [`MaterialId::UNSTORED`], and are to be taken from the baseline.
    ///
    /// Where stored chunks are larger than 64³ cells, all of the stored chunk is fetched and decoded; the
    /// last 64 MiB of these are remembered.
    ///
    /// # Errors
    /// [`StoreError::OutsideLattice`]; [`StoreError::DamagedShard`] and [`StoreError::DamagedChunk`] if
    /// the bytes are not those that were written; [`StoreError::Mismatch`] and
    /// [`StoreError::MissingMetadata`] if the array is not as it must be; [`StoreError::Object`].
    pub async fn read(&self, key: ChunkKey) -> Result<Option<Chunk>, StoreError> {
        let Some((shard, within)) = ShardKey::locate(&self.shape, key) else {
            return Err(StoreError::OutsideLattice { key });
        };
        let Some(format) = self.array_of(shard).await? else { return Ok(None) };
        let parts: Vec<_> = format.layout.parts(within).collect();
        let slots: Vec<_> = parts.iter().map(|part| part.slot).collect();
        if let ([part], false) = (parts.as_slice(), format.layout.is_within_chunks()) {
            return self.read_within(key, shard, &format, part).await;
        }
        let (stored, _) = self.read_slots(shard, &format, &slots).await?;
        if stored.iter().all(Option::is_none) {
            return Ok(None);
        }
        let chunk = with_cells(|cells| {
            format.decode_parts(&parts, &stored, cells).map_err(damaged_chunk(key, shard))?;
            Ok(Chunk::from_cells(cells))
        })?;
        self.counters.chunks_read.fetch_add(1, Ordering::Relaxed);
        Ok(Some(chunk))
    }

    /// Reads a chunk that is a part of a larger stored chunk.
    async fn read_within(
        &self,
        key: ChunkKey,
        shard: ShardKey,
        format: &ArrayFormat,
        part: &Part,
    ) -> Result<Option<Chunk>, StoreError> {
        let place = (shard, part.slot);
        let generation = self.stripe(shard).generation.load(Ordering::Acquire);
        let raw = match self.decoded.get(place, generation) {
            Some(raw) => raw,
            None => {
                let (stored, generation) = self.read_slots(shard, format, &[part.slot]).await?;
                let Some(Some(bytes)) = stored.first() else { return Ok(None) };
                let raw = format.chain.decode(bytes, format.layout.raw_bytes());
                let raw = Arc::new(raw.map_err(damaged_chunk(key, shard))?);
                self.decoded.insert(place, generation, &raw);
                raw
            }
        };
        let chunk = with_cells(|cells| {
            part.take(&raw, cells);
            Chunk::from_cells(cells)
        });
        if chunk.as_uniform() == Some(MaterialId::UNSTORED) {
            return Ok(None);
        }
        self.counters.chunks_read.fetch_add(1, Ordering::Relaxed);
        Ok(Some(chunk))
    }

    /// All stored chunks, in no fixed order. Lists every shard and reads its index.
    ///
    /// Where stored chunks are larger than 64³ cells, each is also fetched and decoded, one at a time,
    /// to see which parts of it are stored: about as slow as reading the whole world. Where they are
    /// not, a chunk whose every cell another program has explicitly stored as 0xFFFF is one, too.
    ///
    /// # Errors
    /// [`StoreError::UnknownShard`], [`StoreError::DamagedShard`], [`StoreError::DamagedChunk`],
    /// [`StoreError::Mismatch`] and [`StoreError::MissingMetadata`] if an array is not as it must be;
    /// [`StoreError::Object`].
    pub async fn keys(&self) -> Result<Vec<ChunkKey>, StoreError> {
        let mut keys = Vec::new();
        for shard in self.list_known_shards().await? {
            keys.extend(self.keys_of(shard.key).await?);
        }
        Ok(keys)
    }

    /// All shards that the manifest knows of; reads none of them. Of a world that has no manifest yet, all that are there.
    ///
    /// # Errors
    /// [`StoreError::DamagedManifest`]; without a manifest [`StoreError::UnknownShard`] if there is something else where
    /// only shards may lie; [`StoreError::Object`].
    pub async fn list_known_shards(&self) -> Result<Vec<StoredShard>, StoreError> {
        if let Some(manifest) = &self.manifest {
            let entries = manifest.list().await?.into_iter();
            let stored = entries
                .filter_map(|(key, entry)| Some(StoredShard::of_entry(key.shard()?, &entry)));
            return Ok(stored.collect());
        }
        let listing = self.list_shards().await?;
        match listing.strays.into_iter().next() {
            Some(path) => Err(StoreError::UnknownShard { path }),
            None => Ok(listing.shards),
        }
    }

    /// The stored chunks of a shard, in no fixed order; reads its index.
    ///
    /// # Errors
    /// As [`ChunkStore::keys`].
    pub async fn keys_of(&self, shard: ShardKey) -> Result<Vec<ChunkKey>, StoreError> {
        let mut keys = Vec::new();
        let format = self.check_array(shard.region, shard.lod).await?;
        let Some(known) = self.index(shard, &format).await? else { return Ok(keys) };
        if format.layout.is_within_chunks() {
            let chunks = known.index.slots().flat_map(|slot| format.layout.chunks_of_slot(slot));
            let chunks: BTreeSet<_> = chunks.map(|within| within.to_array()).collect();
            keys.extend(chunks.into_iter().map(|at| shard.chunk(&self.shape, at.into())));
        } else {
            for slot in known.index.slots() {
                self.push_keys_within(shard, &format, slot, &mut keys).await?;
            }
        }
        Ok(keys)
    }

    /// [`ChunkStore::keys_of`], or, if the shard or the document of its array is damaged, missing or another one, all chunks
    /// that it may have held, and why: reading any of them says so, and nothing else of the world is lost.
    ///
    /// # Errors
    /// [`StoreError::Object`]; [`StoreError::DamagedManifest`].
    pub async fn possible_keys_of(
        &self,
        shard: ShardKey,
    ) -> Result<(Vec<ChunkKey>, Option<StoreError>), StoreError> {
        match self.keys_of(shard).await {
            Ok(keys) => Ok((keys, None)),
            Err(
                error @ (StoreError::MissingMetadata { .. }
                | StoreError::Mismatch { .. }
                | StoreError::Syntax { .. }
                | StoreError::MissingShard { .. }
                | StoreError::OtherShard { .. }
                | StoreError::DamagedShard { .. }
                | StoreError::DamagedChunk { .. }),
            ) => {
                let layout = self.format_or_own(shard).await?.layout;
                let keys = layout.chunks().map(|within| shard.chunk(&self.shape, within));
                Ok((keys.collect(), Some(error)))
            }
            Err(error) => Err(error),
        }
    }

    /// The chunks of which a larger stored chunk holds at least one cell.
    async fn push_keys_within(
        &self,
        shard: ShardKey,
        format: &ArrayFormat,
        slot: usize,
        keys: &mut Vec<ChunkKey>,
    ) -> Result<(), StoreError> {
        let (stored, _) = self.read_slots(shard, format, &[slot]).await?;
        let Some(Some(bytes)) = stored.first() else { return Ok(()) };
        let mut raw = None;
        for within in format.layout.chunks_of_slot(slot) {
            let key = shard.chunk(&self.shape, within);
            let raw: &Vec<u8> = match &mut raw {
                Some(raw) => raw,
                raw => raw.insert(
                    format
                        .chain
                        .decode(bytes, format.layout.raw_bytes())
                        .map_err(damaged_chunk(key, shard))?,
                ),
            };
            if format.layout.parts(within).any(|part| part.is_stored(raw)) {
                keys.push(key);
            }
        }
        Ok(())
    }

    /// [`ChunkStore::keys`], blocking.
    ///
    /// # Errors
    /// As [`ChunkStore::keys`].
    pub fn keys_blocking(&self) -> Result<Vec<ChunkKey>, StoreError> {
        block_on(self.keys())
    }

    /// The bytes of some slots of one shard as they were at one moment, `None` for an empty slot, and the
    /// generation of the shard's stripe at that moment.
    async fn read_slots(
        &self,
        shard: ShardKey,
        format: &ArrayFormat,
        slots: &[usize],
    ) -> Result<(Vec<Option<Bytes>>, u64), StoreError> {
        let path = shard.path();
        for _ in 0..ATTEMPTS {
            let is_remembered = self.is_read_only && self.indices.peek(&shard).is_some();
            let Some(known) = self.index(shard, format).await? else {
                return Ok((vec![None; slots.len()], NO_GENERATION));
            };
            let ranges: Vec<_> = slots.iter().map(|&slot| known.index.range(slot)).collect();
            let requests = merge(&ranges);
            // A writer may have filled a slot since the index was read.
            if is_remembered && ranges.contains(&None) {
                self.indices.remove(&shard);
                continue;
            }
            if requests.is_empty() {
                let empty = ranges.into_iter().map(|range| range.map(|_| Bytes::new()));
                return Ok((empty.collect(), known.generation));
            }
            let fetched = join_all(requests.iter().map(|request| async {
                let options = GetOptions {
                    range: Some(GetRange::Bounded(request.clone())),
                    if_match: known.tag.clone(),
                    ..GetOptions::default()
                };
                let result = self.objects.get_opts(&path, options).await;
                result
                    .map_err(object_error(&path, "reading"))?
                    .bytes()
                    .await
                    .map_err(object_error(&path, "reading"))
            }))
            .await;
            // What came back belongs to the index only if nothing was replaced since it was read. In the
            // middle of a replacement only the object's own tag can tell.
            let generation = self.stripe(shard).generation.load(Ordering::Acquire);
            if generation == known.generation
                && (generation.is_multiple_of(2) || known.tag.is_some())
            {
                match fetched.into_iter().collect::<Result<Vec<_>, _>>() {
                    Ok(fetched) => {
                        let bytes = fetched.iter().map(Bytes::len).sum::<usize>() as u64;
                        self.counters.bytes_read.fetch_add(bytes, Ordering::Relaxed);
                        let slice = |range: Range<u64>| slice(&requests, &fetched, range);
                        let bytes = ranges.into_iter().map(|range| range.map(slice));
                        return Ok((bytes.collect(), generation));
                    }
                    Err(error) if !is_replaced(&error) => return Err(error),
                    Err(_) => {}
                }
            }
            self.indices.remove(&shard);
        }
        Err(StoreError::Contended { path: path.to_string() })
    }
}

/// Lends 64³ cells of this thread. Fresh memory for every chunk would take longer to get than the chunk
/// to decode.
fn with_cells<T>(work: impl FnOnce(&mut [MaterialId]) -> T) -> T {
    thread_local! {
        static CELLS: RefCell<Vec<MaterialId>> = const { RefCell::new(Vec::new()) };
    }
    CELLS.with_borrow_mut(|cells| {
        cells.resize(CHUNK_VOLUME, MaterialId::UNSTORED);
        work(cells)
    })
}

/// Whether an object was not the one asked for any more.
fn is_replaced(error: &StoreError) -> bool {
    let StoreError::Object { source, .. } = error else { return false };
    matches!(
        source.downcast_ref(),
        Some(object_store::Error::Precondition { .. } | object_store::Error::NotFound { .. })
    )
}
