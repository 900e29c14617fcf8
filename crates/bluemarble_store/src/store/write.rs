//! Writing: a shard is read, changed in memory and replaced whole.

use std::{cmp::Reverse, collections::BTreeMap, sync::atomic::Ordering};

use bluemarble_core::{CHUNK_VOLUME, Chunk, ChunkKey, MaterialId, block_on, parallel};
use bytes::Bytes;

use super::{
    chunk_store::ChunkStore,
    commit::{Group, Replacement},
    errors::{damaged_chunk, unencodable},
};
use crate::{
    StoreError, chunk_bytes, layout::ShardKey, manifest::Entry, metadata::ArrayFormat, shard,
};

/// Shards that are put together before the first of them is written.
const PREPARED_AT_ONCE: usize = 16;

/// Chunks to be written to one shard, by where they lie in it.
pub(super) type Chunks<'a> = BTreeMap<[i32; 3], (ChunkKey, &'a Chunk)>;

impl ChunkStore {
    /// Writes chunks and returns once they are durable, coarser lods before finer ones; the chunks of one shard are
    /// written at once.
    ///
    /// Of two chunks with the same key the later one counts. Writers wait for each other; nothing is lost. Where stored chunks are larger than 64³ cells, the stored chunk around
    /// each chunk is decoded, changed and encoded again.
    ///
    /// # Errors
    /// [`StoreError::OutsideLattice`] and [`StoreError::Incomplete`] before anything is written.
    /// After any other error some shards may have been written and others not; a shard is never left
    /// half written. [`StoreError::DamagedShard`] or [`StoreError::DamagedChunk`] if a shard that must
    /// be changed cannot be read: it is left as it is. [`StoreError::Mismatch`] if its array is not as it
    /// must be.
    pub async fn write(&self, chunks: &[(ChunkKey, &Chunk)]) -> Result<(), StoreError> {
        type Place = (Reverse<u8>, u8, [i32; 3]);
        let mut shards: BTreeMap<Place, (ShardKey, Chunks<'_>)> = BTreeMap::new();
        for &(key, chunk) in chunks {
            let Some((shard, within)) = ShardKey::locate(&self.shape, key) else {
                return Err(StoreError::OutsideLattice { key });
            };
            if let Some(cell) = first_unstored(chunk) {
                return Err(StoreError::Incomplete { key, cell });
            }
            let place = (Reverse(shard.lod), shard.region, shard.pos.to_array());
            let (_, chunks) = shards.entry(place).or_insert_with(|| (shard, BTreeMap::new()));
            chunks.insert(within.to_array(), (key, chunk));
        }
        let _writer = self.writer.lock().await;
        self.refuse_unfinished().await?;
        let shards: Vec<_> = shards.into_values().collect();
        let mut group = Group::default();
        for shards in shards.chunks(PREPARED_AT_ONCE) {
            for replacement in self.prepare_some(shards).await? {
                group.push(replacement);
                if group.is_full() {
                    self.replace_group(&mut group).await?;
                }
            }
        }
        self.replace_group(&mut group).await?;
        self.counters.chunks_written.fetch_add(chunks.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    /// Shards with chunks in them, on as many threads as there may be; they are not written yet.
    async fn prepare_some(
        &self,
        shards: &[(ShardKey, Chunks<'_>)],
    ) -> Result<Vec<Replacement>, StoreError> {
        let mut with_formats = Vec::with_capacity(shards.len());
        for (shard, chunks) in shards {
            let format = self.ensure_array(shard.region, shard.lod).await?;
            with_formats.push((*shard, format, chunks));
        }
        let threads = self.threads.load(Ordering::Relaxed);
        if threads > 1 {
            let prepared = parallel::map_with(
                threads,
                &with_formats,
                || (),
                |(), shard| {
                    let (shard, format, chunks) = shard;
                    block_on(self.prepare(*shard, format, chunks))
                },
            );
            return prepared.into_iter().collect();
        }
        let mut prepared = Vec::with_capacity(shards.len());
        for (shard, format, chunks) in with_formats {
            prepared.push(self.prepare(shard, &format, chunks).await?);
        }
        Ok(prepared)
    }

    /// A shard with some chunks in it; it is not written yet.
    pub(super) async fn prepare(
        &self,
        shard: ShardKey,
        format: &ArrayFormat,
        chunks: &Chunks<'_>,
    ) -> Result<Replacement, StoreError> {
        let manifest = self.own_manifest()?;
        let before = self.versions(shard).await?;
        let (mut slots, seen) = self.read_shard(shard, format).await?;
        let encoded = match format.layout.is_within_chunks() {
            true => encode_whole(format, chunks)?,
            false => encode_into(format, shard, chunks, &slots)?,
        };
        for (slot, bytes) in encoded {
            slots[slot] = Some(bytes);
        }
        let order = format.layout.slot_order();
        let (bytes, stamp) =
            shard::build(shard, manifest.lsn(), &slots, &order, format.form.index_location);
        let entry = Entry::stamped(bytes.len() as u64, &stamp);
        Ok(Replacement { shard, now: Some((bytes, entry)), seen, before })
    }
}

/// The first cell that a chunk lacks.
fn first_unstored(chunk: &Chunk) -> Option<usize> {
    let is_unstored = |material| material == MaterialId::UNSTORED;
    if !chunk.any_material(is_unstored) {
        return None;
    }
    (0..CHUNK_VOLUME).find(|&cell| is_unstored(chunk.get_index(cell)))
}

fn encode(format: &ArrayFormat, key: ChunkKey, raw: &[u8]) -> Result<Bytes, StoreError> {
    let bytes = format.chain.encode(raw);
    bytes.map(Bytes::from).map_err(unencodable(key))
}

/// The slots that chunks fill whole.
fn encode_whole(
    format: &ArrayFormat,
    chunks: &Chunks<'_>,
) -> Result<BTreeMap<usize, Bytes>, StoreError> {
    let mut encoded = BTreeMap::new();
    let mut raw = vec![0; format.layout.raw_bytes()];
    let mut cells = vec![MaterialId::AIR; CHUNK_VOLUME];
    for (&within, &(key, chunk)) in chunks {
        chunk.write_cells(&mut cells);
        for part in format.layout.parts(within.into()) {
            part.put(&cells, &mut raw);
            encoded.insert(part.slot, encode(format, key, &raw)?);
        }
    }
    Ok(encoded)
}

/// The slots of which chunks fill a part; the rest stays as it is. Decodes one slot at a time.
fn encode_into(
    format: &ArrayFormat,
    shard: ShardKey,
    chunks: &Chunks<'_>,
    slots: &[Option<Bytes>],
) -> Result<BTreeMap<usize, Bytes>, StoreError> {
    let mut by_slot: BTreeMap<usize, Vec<_>> = BTreeMap::new();
    for (&within, &(key, chunk)) in chunks {
        for part in format.layout.parts(within.into()) {
            by_slot.entry(part.slot).or_default().push((part, key, chunk));
        }
    }
    let mut encoded = BTreeMap::new();
    for (slot, parts) in by_slot {
        let Some(&(_, key, _)) = parts.first() else { continue };
        let mut raw = match &slots[slot] {
            Some(bytes) => format
                .chain
                .decode(bytes, format.layout.raw_bytes())
                .map_err(damaged_chunk(key, shard))?,
            None => chunk_bytes::unstored(format.layout.chunk_cells),
        };
        for (part, _, chunk) in parts {
            part.put(&chunk.to_cells(), &mut raw);
        }
        encoded.insert(slot, encode(format, key, &raw)?);
    }
    Ok(encoded)
}
