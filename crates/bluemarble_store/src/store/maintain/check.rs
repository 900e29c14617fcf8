//! What is damaged: the documents of arrays, and every stored chunk of a shard.

use std::collections::{BTreeMap, BTreeSet};

use bluemarble_core::{CHUNK_VOLUME, Chunk, ChunkKey, MaterialId};
use bytes::Bytes;
use glam::IVec3;
use object_store::path::Path;

use super::{
    damage::{Damage, DamagedPart},
    groups::groups,
};
use crate::{
    StoreError,
    codec::CodecError,
    layout::{ArrayLayout, METADATA_NAME, ShardKey, array_name, region_name},
    metadata::{self, ArrayFormat},
    shard,
    store::{arrays, chunk_store::ChunkStore, stored_shard::StoredShard},
};

/// A stored chunk of which nothing is damaged.
#[derive(Clone, Debug)]
pub struct WholeChunk {
    /// Its key.
    pub key: ChunkKey,
    /// Its cells; those that are not stored are [`MaterialId::UNSTORED`].
    pub chunk: Chunk,
    /// What it takes in its shard; an even share of a larger stored chunk.
    pub stored_bytes: u64,
}

impl ChunkStore {
    /// Checks the documents of arrays, and those of their regions.
    ///
    /// # Errors
    /// [`StoreError::Object`] if one cannot be read at all.
    pub async fn check_documents(
        &self,
        arrays: &BTreeSet<(u8, u8)>,
    ) -> Result<Vec<Damage>, StoreError> {
        let mut damages = Vec::new();
        let regions: BTreeSet<u8> = arrays.iter().map(|&(region, _)| region).collect();
        for region in regions {
            let path = Path::from(format!("{}/{METADATA_NAME}", region_name(region)));
            let found = arrays::document(&*self.objects, &path).await;
            let checked = found.and_then(|found| match found {
                None => Err(StoreError::MissingMetadata { path: path.to_string() }),
                Some(found) => {
                    let found = Some(&found);
                    metadata::region_document(path.as_ref(), &self.shape, region, &[], found)
                }
            });
            damages.extend(document_damage(&path, checked)?);
        }
        for &(region, lod) in arrays {
            let path = Path::from(format!("{}/{METADATA_NAME}", array_name(region, lod)));
            let found = arrays::document(&*self.objects, &path).await;
            let checked = found.and_then(|found| match found {
                None => Err(StoreError::MissingMetadata { path: path.to_string() }),
                Some(found) => self.parse_array(&path, lod, &found),
            });
            damages.extend(document_damage(&path, checked)?);
        }
        Ok(damages)
    }

    /// Reads a shard, decodes every stored chunk of it, and passes on every chunk of 64³ cells of which
    /// something is stored and nothing is damaged. Returns what is damaged.
    ///
    /// If the array's document is missing or damaged, the shard is read as the world's own would be.
    ///
    /// # Errors
    /// [`StoreError::Object`] if it cannot be read at all.
    pub async fn check_shard(
        &self,
        shard: &StoredShard,
        mut each: impl FnMut(WholeChunk),
    ) -> Result<Vec<Damage>, StoreError> {
        let (key, lod) = (shard.key, Some(shard.key.lod));
        let format = self.format_or_own(key).await?;
        let damage =
            |part, chunks, reason| Damage { part, path: shard.path.clone(), lod, chunks, reason };
        let whole = |part, reason| Ok(vec![damage(part, Vec::new(), reason)]);
        let bytes = match self.fetch_shard(key, &format).await {
            Ok(Some((bytes, _))) => bytes,
            Ok(None) => return Ok(Vec::new()),
            Err(StoreError::DamagedShard { reason, .. }) => {
                return whole(DamagedPart::Shard, reason);
            }
            Err(StoreError::OtherShard { reason, .. }) => {
                return whole(DamagedPart::OtherShard, reason);
            }
            Err(StoreError::MissingShard { .. }) => {
                return whole(DamagedPart::MissingShard, "missing".to_owned());
            }
            Err(error) => return Err(error),
        };
        let slots = match shard::parse(&bytes, &format.form) {
            Ok(slots) => slots,
            Err(error) => return whole(DamagedPart::Shard, error.to_string()),
        };
        let mut damages = Vec::new();
        for group in groups(&format.layout) {
            let keys = group.chunks.iter().map(|&within| key.chunk(&self.shape, within));
            match decode(&format, &group.slots, &slots) {
                Err(error) => {
                    damages.push(damage(DamagedPart::Chunk, keys.collect(), error.to_string()));
                }
                Ok(raw) => {
                    let bytes = group.slots.iter().filter_map(|&slot| slots.get(slot)?.as_ref());
                    let bytes: u64 = bytes.map(|bytes| bytes.len() as u64).sum();
                    let stored_bytes = bytes / group.chunks.len().max(1) as u64;
                    for (chunk_key, &within) in keys.zip(&group.chunks) {
                        let Some(chunk) = take(&format.layout, within, &raw) else { continue };
                        match self.unknown_material(&chunk) {
                            None => each(WholeChunk { key: chunk_key, chunk, stored_bytes }),
                            Some(reason) => {
                                damages.push(damage(DamagedPart::Chunk, vec![chunk_key], reason));
                            }
                        }
                    }
                }
            }
        }
        if damages.is_empty() && !shard::is_as_stamped(&bytes, &format.form) {
            let reason = "its bytes are not those that its stamp was made for".to_owned();
            return whole(DamagedPart::Shard, reason);
        }
        Ok(damages)
    }

    /// How the array of a shard stores its chunks, or, if its document is missing or damaged, how ours would.
    pub(in crate::store) async fn format_or_own(
        &self,
        shard: ShardKey,
    ) -> Result<ArrayFormat, StoreError> {
        match self.check_array(shard.region, shard.lod).await {
            Ok(format) => Ok(*format),
            Err(error @ (StoreError::Object { .. } | StoreError::LeaseLost { .. })) => Err(error),
            Err(_) => self.own_format(shard.lod),
        }
    }

    /// The format of an array that we would make.
    fn own_format(&self, lod: u8) -> Result<ArrayFormat, StoreError> {
        let document = metadata::array_document(&self.shape, lod, self.storage);
        self.parse_array(&Path::default(), lod, &document)
    }

    /// Says which material of a chunk the world does not have.
    fn unknown_material(&self, chunk: &Chunk) -> Option<String> {
        let known = self.metadata.materials.len();
        let is_unknown = |material: MaterialId| {
            material != MaterialId::UNSTORED && usize::from(material.0) >= known
        };
        if !chunk.any_material(is_unknown) {
            return None;
        }
        let found = chunk.counts_unsorted().into_iter().find(|&(found, _)| is_unknown(found));
        let found = found.map_or(0, |(material, _)| material.0);
        Some(format!("it holds material {found}, the world has {known}"))
    }
}

/// The raw bytes of those of some slots that hold anything.
fn decode(
    format: &ArrayFormat,
    of: &[usize],
    slots: &[Option<Bytes>],
) -> Result<BTreeMap<usize, Vec<u8>>, CodecError> {
    let stored = of.iter().filter_map(|&slot| Some((slot, slots.get(slot)?.as_ref()?)));
    let raw_bytes = format.layout.raw_bytes();
    stored.map(|(slot, bytes)| Ok((slot, format.chain.decode(bytes, raw_bytes)?))).collect()
}

/// A chunk out of raw stored chunks; `None` if nothing of it is stored.
fn take(layout: &ArrayLayout, within: IVec3, raw: &BTreeMap<usize, Vec<u8>>) -> Option<Chunk> {
    let parts = || layout.parts(within).filter_map(|part| Some((part, raw.get(&part.slot)?)));
    if !parts().any(|(part, raw)| part.is_stored(raw)) {
        return None;
    }
    let mut cells = vec![MaterialId::UNSTORED; CHUNK_VOLUME];
    parts().for_each(|(part, raw)| part.take(raw, &mut cells));
    Some(Chunk::from_cells(&cells))
}

fn document_damage<T>(
    path: &Path,
    checked: Result<T, StoreError>,
) -> Result<Option<Damage>, StoreError> {
    let (part, reason) = match checked {
        Ok(_) => return Ok(None),
        Err(StoreError::MissingMetadata { .. }) => {
            (DamagedPart::MissingDocument, "missing".to_owned())
        }
        Err(StoreError::Syntax { message, .. }) => {
            (DamagedPart::Document, format!("not a Zarr v3 document: {message}"))
        }
        Err(StoreError::Mismatch { field, expected, found, .. }) => {
            (DamagedPart::Document, format!("{field} is {found}, expected {expected}"))
        }
        Err(error) => return Err(error),
    };
    Ok(Some(Damage::of_file(part, path.as_ref(), reason)))
}
