//! Shards without gaps, or without some of their chunks.

use std::collections::BTreeSet;

use bluemarble_core::{CHUNK_VOLUME, ChunkKey, MaterialId};
use bytes::Bytes;
use glam::IVec3;

use super::groups::{Group, groups};
use crate::{
    StoreError,
    layout::ShardKey,
    manifest::Entry,
    metadata::ArrayFormat,
    shard,
    store::{
        chunk_store::ChunkStore,
        commit::Replacement,
        errors::{damaged_chunk, damaged_shard, unencodable},
    },
};

/// What became of a shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShardRewrite {
    /// Bytes of the shard before.
    pub bytes_before: u64,
    /// Bytes of the shard after; 0 if it has no chunks any more and is gone.
    pub bytes_after: u64,
    /// Whether anything was written or removed.
    pub is_rewritten: bool,
}

impl ChunkStore {
    /// Rewrites a shard without gaps between its chunks, and without some of them: their cells are not
    /// stored any more. A shard that would neither change nor shrink is left as it is, and one without
    /// chunks is removed.
    ///
    /// Chunks that stay are not decoded, unless they share a stored chunk with one that goes.
    ///
    /// # Errors
    /// [`StoreError::DamagedShard`]; [`StoreError::DamagedChunk`] if a stored chunk cannot be read that
    /// holds both chunks that go and chunks that stay; [`StoreError::Mismatch`],
    /// [`StoreError::Syntax`] and [`StoreError::MissingMetadata`] if the array's document is damaged;
    /// [`StoreError::Conflict`]; [`StoreError::Object`]. The shard is as it was then.
    pub async fn rewrite_shard(
        &self,
        shard: ShardKey,
        without: &[ChunkKey],
    ) -> Result<ShardRewrite, StoreError> {
        let format = self.check_array(shard.region, shard.lod).await?;
        let places = without.iter().filter_map(|&key| ShardKey::locate(&self.shape, key));
        let lost: BTreeSet<[i32; 3]> =
            places.filter(|(of, _)| *of == shard).map(|(_, within)| within.to_array()).collect();
        let _writer = self.writer.lock().await;
        self.refuse_unfinished().await?;
        let manifest = self.own_manifest()?;
        let versions = self.versions(shard).await?;
        let Some((before, seen)) = self.fetch_shard(shard, &format).await? else {
            return Ok(ShardRewrite::default());
        };
        let mut slots = shard::parse(&before, &format.form).map_err(damaged_shard(shard))?;
        // A shard of another program gets a stamp.
        let mut is_changed = format.form.head(&before).1.is_none();
        for group in groups(&format.layout) {
            is_changed |= self.drop_chunks(shard, &format, &group, &lost, &mut slots)?;
        }
        let bytes_before = before.len() as u64;
        let after = if slots.iter().all(Option::is_none) {
            None
        } else {
            let order = format.layout.slot_order();
            let location = format.form.index_location;
            let (bytes, stamp) = shard::build(shard, manifest.lsn(), &slots, &order, location);
            Some((Entry::stamped(bytes.len() as u64, &stamp), bytes))
        };
        let bytes_after = after.as_ref().map_or(0, |(entry, _)| entry.bytes);
        if !is_changed && bytes_after >= bytes_before {
            let bytes_after = bytes_before;
            return Ok(ShardRewrite { bytes_before, bytes_after, is_rewritten: false });
        }
        let now = after.map(|(entry, bytes)| (bytes, entry));
        self.replace_all(vec![Replacement { shard, now, seen, before: versions }]).await?;
        Ok(ShardRewrite { bytes_before, bytes_after, is_rewritten: true })
    }

    /// Drops those chunks of a group that are lost; true if any of them was there.
    fn drop_chunks(
        &self,
        shard: ShardKey,
        format: &ArrayFormat,
        group: &Group,
        lost: &BTreeSet<[i32; 3]>,
        slots: &mut [Option<Bytes>],
    ) -> Result<bool, StoreError> {
        let is_lost = |within: &&IVec3| lost.contains(&within.to_array());
        let going: Vec<IVec3> = group.chunks.iter().filter(is_lost).copied().collect();
        if going.is_empty() {
            return Ok(false);
        }
        if going.len() == group.chunks.len() {
            let taken = group.slots.iter().filter(|&&slot| slots[slot].take().is_some());
            return Ok(taken.count() > 0);
        }
        // Several chunks share one stored chunk.
        let Some(&slot) = group.slots.first() else { return Ok(false) };
        let Some(bytes) = &slots[slot] else { return Ok(false) };
        let key = shard.chunk(&self.shape, going[0]);
        let raw = format.chain.decode(bytes, format.layout.raw_bytes());
        let mut raw = raw.map_err(damaged_chunk(key, shard))?;
        let is_stored = |within: &IVec3, raw: &[u8]| {
            format.layout.parts(*within).any(|part| part.is_stored(raw))
        };
        if !going.iter().any(|within| is_stored(within, &raw)) {
            return Ok(false);
        }
        let unstored = vec![MaterialId::UNSTORED; CHUNK_VOLUME];
        for part in going.iter().flat_map(|&within| format.layout.parts(within)) {
            part.put(&unstored, &mut raw);
        }
        slots[slot] = if group.chunks.iter().any(|within| is_stored(within, &raw)) {
            let encoded = format.chain.encode(&raw);
            Some(encoded.map_err(unencodable(key))?.into())
        } else {
            None
        };
        Ok(true)
    }
}
