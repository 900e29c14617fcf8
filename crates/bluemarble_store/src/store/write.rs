//! Writing: a shard is read, changed in memory and replaced whole.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use bluemarble_core::{Chunk, ChunkKey};
use bytes::Bytes;

use super::ChunkStore;
use crate::{StoreError, chunk_bytes, layout::ShardKey, shard};

/// Marks a stripe as being written for as long as it lives, even if the write is dropped half-way.
struct Replacing<'a>(&'a AtomicU64);

impl<'a> Replacing<'a> {
    fn new(generation: &'a AtomicU64) -> Self {
        generation.fetch_add(1, Ordering::AcqRel);
        Self(generation)
    }
}

impl Drop for Replacing<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

impl ChunkStore {
    /// Writes chunks and returns once they are durable; the chunks of one shard are written at once.
    ///
    /// Of two chunks with the same key the later one counts. Writers of the same shard wait for each
    /// other; nothing is lost.
    ///
    /// # Errors
    /// [`StoreError::OutsideLattice`] and [`StoreError::Incomplete`] before anything is written.
    /// After any other error some shards may have been written and others not; a shard is never left
    /// half written. [`StoreError::DamagedShard`] if a shard that must be changed cannot be read: it
    /// is left as it is.
    pub async fn write(&self, chunks: &[(ChunkKey, &Chunk)]) -> Result<(), StoreError> {
        type Place = (u8, u8, [i32; 3]);
        let mut shards: BTreeMap<Place, (ShardKey, BTreeMap<usize, Bytes>)> = BTreeMap::new();
        for &(key, chunk) in chunks {
            let Some((shard, slot)) = ShardKey::locate(&self.shape, key) else {
                return Err(StoreError::OutsideLattice { key });
            };
            let bytes =
                chunk_bytes::encode(chunk).map_err(|cell| StoreError::Incomplete { key, cell })?;
            let place = (shard.region, shard.lod, shard.pos.to_array());
            let (_, slots) = shards.entry(place).or_insert_with(|| (shard, BTreeMap::new()));
            slots.insert(slot, bytes.into());
        }
        for (shard, slots) in shards.into_values() {
            self.ensure_array(shard.region, shard.lod).await?;
            self.replace(shard, slots).await?;
        }
        Ok(())
    }

    async fn replace(
        &self,
        shard: ShardKey,
        slots: BTreeMap<usize, Bytes>,
    ) -> Result<(), StoreError> {
        let stripe = self.stripe(shard);
        let _writer = stripe.writer.lock().await;
        let count = slots.len() as u64;
        let (mut chunks, seen) = self.read_shard(shard).await?;
        for (slot, bytes) in slots {
            chunks[slot] = Some(bytes);
        }
        let bytes = shard::build(&chunks);
        let written = bytes.len() as u64;
        let path = shard.path();
        let put = {
            let _replacing = Replacing::new(&stripe.generation);
            self.put_over(&path, bytes, seen).await
        };
        self.indices.remove(&shard);
        put?;
        self.counters.bytes_written.fetch_add(written, Ordering::Relaxed);
        self.counters.chunks_written.fetch_add(count, Ordering::Relaxed);
        self.counters.shards_replaced.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
