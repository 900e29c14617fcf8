//! Every stored byte of a world, checked: what is there, and what is damaged.

use std::path::Path;

use bluemarble_core::{Chunk, ChunkKey, Shape};
use serde::Serialize;

use crate::{
    failure::Failure,
    progress,
    stored::{self, Listing},
};

/// What kind of thing is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A `zarr.json`, or the world document.
    Document,
    /// A shard as a whole: none of its chunks can be read.
    Shard,
    /// One chunk; the others of its shard are whole.
    Chunk,
    /// A file that is no part of a world.
    Stray,
}

/// One damaged thing.
#[derive(Clone, Debug, Serialize)]
pub struct Damage {
    /// What it is.
    pub part: Part,
    /// Where it lies in the world directory.
    pub path: String,
    /// The chunk, as `r0/l0/x,y,z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunk: Option<String>,
    /// Its lod; `None` for what belongs to no lod.
    #[serde(skip)]
    pub lod: Option<u8>,
    /// What is wrong with it.
    pub reason: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.chunk {
            Some(chunk) => write!(f, "{}: chunk {chunk}: {}", self.path, self.reason),
            None => write!(f, "{}: {}", self.path, self.reason),
        }
    }
}

/// Looks at the documents of all arrays.
pub fn documents(dir: &Path, shape: &Shape, listing: &Listing) -> Vec<Damage> {
    let damage = |document: stored::Document| {
        let reason = document.check(dir).err()?;
        Some(Damage { part: Part::Document, path: document.name, chunk: None, lod: None, reason })
    };
    stored::documents(shape, &listing.arrays).into_iter().filter_map(damage).collect()
}

/// A chunk of a shard that could be read.
pub struct Found {
    /// Which chunk it is.
    pub key: ChunkKey,
    /// The chunk.
    pub chunk: Chunk,
}

/// Reads every shard and decodes every chunk of it.
pub fn chunks(
    dir: &Path,
    shape: &Shape,
    listing: &Listing,
    job: &'static str,
    mut each: impl FnMut(Found) -> Result<(), Failure>,
) -> Result<Vec<Damage>, Failure> {
    let mut damages: Vec<Damage> = Vec::new();
    for path in listing.strays.clone() {
        let reason = "not the name of a shard of this world".to_owned();
        damages.push(Damage { part: Part::Stray, path, chunk: None, lod: None, reason });
    }
    let bar = progress::bar(listing.shards.len() as u64, job);
    for shard in &listing.shards {
        let (path, lod) = (shard.name.clone(), Some(shard.key.lod));
        match shard.read(dir, shape) {
            Err(reason) => {
                damages.push(Damage { part: Part::Shard, path, chunk: None, lod, reason });
            }
            Ok(slots) => {
                for (slot, bytes) in slots.into_iter().enumerate() {
                    let Some(bytes) = bytes else { continue };
                    let key = shard.key.chunk(shape, slot);
                    match stored::decode(&bytes) {
                        Ok(chunk) => each(Found { key, chunk })?,
                        Err(reason) => damages.push(Damage {
                            part: Part::Chunk,
                            path: path.clone(),
                            chunk: Some(key.to_string()),
                            lod,
                            reason,
                        }),
                    }
                }
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(damages)
}
