//! Shards as they lie on disk, one by one, so that one that is damaged does not hide the others.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use bluemarble_core::{Chunk, MAX_LOD, Shape};
use bluemarble_store::{
    chunk_bytes,
    layout::{ArrayLayout, METADATA_NAME, ShardKey, array_name, region_name},
    shard,
};
use bytes::Bytes;
use glam::IVec3;

use crate::{atomic, failure::Failure};

/// A shard of a world.
#[derive(Clone, Debug)]
pub struct ShardFile {
    /// Which shard it is.
    pub key: ShardKey,
    /// Its path in the world directory.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

/// What lies in the arrays of a world.
#[derive(Debug, Default)]
pub struct Listing {
    /// The shards by region, lod and place.
    pub shards: Vec<ShardFile>,
    /// The folders of arrays, with or without shards.
    pub arrays: BTreeSet<(u8, u8)>,
    /// Files where only shards may lie, and which are none.
    pub strays: Vec<String>,
    /// Files of writers that were killed; the next writer removes them.
    pub unfinished: Vec<String>,
}

/// Lists the arrays and shards of a world, without opening them.
pub fn list(dir: &Path, shape: &Shape) -> Result<Listing, Failure> {
    let mut listing = Listing::default();
    for region in 0..shape.regions() {
        for lod in 0..=MAX_LOD {
            let array = array_name(region, lod);
            if !dir.join(&array).is_dir() {
                continue;
            }
            listing.arrays.insert((region, lod));
            for name in files(dir, &format!("{array}/c"))? {
                let path = dir.join(&name);
                let bytes = fs::metadata(&path)
                    .map_err(|error| Failure::file(&path, "cannot read", &error))?
                    .len();
                match shard_of(shape, region, lod, &name) {
                    Some(key) => listing.shards.push(ShardFile { key, name, bytes }),
                    None if name.contains('#') => listing.unfinished.push(name),
                    None => listing.strays.push(name),
                }
            }
        }
    }
    listing.shards.sort_by_key(|shard| {
        let key = shard.key;
        (key.region, key.lod, key.pos.y, key.pos.z, key.pos.x)
    });
    Ok(listing)
}

/// The files under a folder, by their names in the world directory.
fn files(dir: &Path, folder: &str) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let path = dir.join(&folder);
        let unreadable = |error| Failure::file(&path, "cannot read", &error);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(unreadable(error)),
        };
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.file_type().map_err(unreadable)?.is_dir() {
                folders.push(name);
            } else {
                found.push(name);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The shard that a file of an array holds.
fn shard_of(shape: &Shape, region: u8, lod: u8, name: &str) -> Option<ShardKey> {
    let mut numbers = name.rsplit('/').map(|part| part.parse::<i32>().ok());
    let (x, z, y) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let layout = ArrayLayout::new(shape, lod);
    let end = IVec3::splat(layout.edge_cells / layout.shard_cells());
    let key = ShardKey { region, lod, pos: IVec3::new(x, y, z) };
    let is_inside = key.pos.cmpge(IVec3::ZERO).all() && key.pos.cmplt(end).all();
    // Other spellings of the same numbers are no shards that would ever be found again.
    (is_inside && key.path().to_string() == name).then_some(key)
}

impl ShardFile {
    /// Its path.
    pub fn path(&self, dir: &Path) -> PathBuf {
        dir.join(&self.name)
    }

    /// Reads the shard and takes it apart: one entry a slot, in order of [`ShardKey::chunk`].
    ///
    /// # Errors
    /// One clause that says what is wrong with it.
    pub fn read(&self, dir: &Path, shape: &Shape) -> Result<Vec<Option<Bytes>>, String> {
        let slots = ArrayLayout::new(shape, self.key.lod).slots();
        let most = shard::max_shard_bytes(slots);
        if self.bytes > most {
            return Err(format!("{} bytes, no shard has more than {most}", self.bytes));
        }
        let bytes = fs::read(self.path(dir)).map_err(|error| format!("cannot read: {error}"))?;
        shard::parse(&bytes.into(), slots)
    }

    /// Replaces the shard with these chunks; without any, it is removed.
    pub fn replace(&self, dir: &Path, chunks: &[Option<Bytes>]) -> Result<u64, Failure> {
        let path = self.path(dir);
        if chunks.iter().all(Option::is_none) {
            fs::remove_file(&path)
                .and_then(|()| atomic::sync_dir(&path))
                .map_err(|error| Failure::file(&path, "cannot remove", &error))?;
            return Ok(0);
        }
        let bytes = shard::build(chunks);
        atomic::write(&path, &bytes)?;
        Ok(bytes.len() as u64)
    }
}

/// Decodes one chunk of a shard.
///
/// # Errors
/// One clause that says what is wrong with it.
pub fn decode(bytes: &[u8]) -> Result<Chunk, String> {
    chunk_bytes::decode(bytes)
}

/// Encodes one chunk for a shard.
pub fn encode(chunk: &Chunk) -> Result<Bytes, Failure> {
    match chunk_bytes::encode(chunk) {
        Ok(bytes) => Ok(bytes.into()),
        Err(cell) => Err(Failure::new(format!("cell {cell} of a chunk is not stored"))),
    }
}

/// A metadata document that must be there, and what it must say.
pub struct Document {
    /// Its path in the world directory.
    pub name: String,
    /// What it must say.
    pub expected: serde_json::Value,
}

/// The documents that the arrays of a world need, its own aside.
pub fn documents(shape: &Shape, arrays: &BTreeSet<(u8, u8)>) -> Vec<Document> {
    let regions: BTreeSet<u8> = arrays.iter().map(|&(region, _)| region).collect();
    let groups = regions.into_iter().map(|region| Document {
        name: format!("{}/{METADATA_NAME}", region_name(region)),
        expected: bluemarble_store::metadata::group_document(),
    });
    let arrays = arrays.iter().map(|&(region, lod)| Document {
        name: format!("{}/{METADATA_NAME}", array_name(region, lod)),
        expected: bluemarble_store::metadata::array_document(shape, lod),
    });
    groups.chain(arrays).collect()
}

impl Document {
    /// What is wrong with the document, in one clause.
    pub fn check(&self, dir: &Path) -> Result<(), String> {
        let path = dir.join(&self.name);
        let bytes = match fs::metadata(&path) {
            Ok(metadata) if metadata.len() > 1 << 20 => {
                return Err(format!("{} bytes are too many for a document", metadata.len()));
            }
            Ok(_) => fs::read(&path).map_err(|error| format!("cannot read: {error}"))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err("missing".to_owned());
            }
            Err(error) => return Err(format!("cannot read: {error}")),
        };
        let found = bluemarble_store::metadata::parse(&self.name, &bytes);
        found
            .and_then(|found| bluemarble_store::metadata::check(&self.name, &self.expected, &found))
            .map_err(|error| clause(&error.to_string(), &self.name))
    }

    /// Writes the document as it must be.
    pub fn write(&self, dir: &Path) -> Result<(), Failure> {
        atomic::write(&dir.join(&self.name), format!("{:#}\n", self.expected).as_bytes())
    }
}

/// What an error says, without the path in front and the advice behind.
fn clause(text: &str, path: &str) -> String {
    let text = text.strip_prefix(path).unwrap_or(text).trim_start_matches(": ");
    text.rsplit_once("; ").map_or(text, |(what, _)| what).to_owned()
}
