//! One damaged thing.

use std::fmt;

use bluemarble_core::ChunkKey;
use serde::{Serialize, Serializer};

/// What kind of thing is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DamagedPart {
    /// A `zarr.json` that says something else than it must.
    Document,
    /// A `zarr.json`, or the recipe, that is not there.
    MissingDocument,
    /// A shard as a whole: none of its chunks can be read.
    Shard,
    /// A shard that the manifest knows and that is not there.
    MissingShard,
    /// A shard that is not the one that the manifest knows, or of which it knows nothing.
    OtherShard,
    /// A `zarr.json`, or the recipe, that another program has changed, or that is an older one.
    ChangedDocument,
    /// One stored chunk; the others of its shard are whole.
    Chunk,
    /// A file where only shards may lie, and which is none.
    Stray,
    /// A segment of the delta log.
    Log,
}

/// One damaged thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// What it is.
    pub part: DamagedPart,
    /// Where it lies in the world.
    pub path: String,
    /// Its lod; `None` for what belongs to no lod.
    #[serde(skip)]
    pub lod: Option<u8>,
    /// The chunks of 64³ cells of which the damaged stored chunk holds cells; empty for everything that
    /// is no [`DamagedPart::Chunk`].
    #[serde(serialize_with = "as_text", skip_serializing_if = "Vec::is_empty")]
    pub chunks: Vec<ChunkKey>,
    /// What is wrong with it, in one clause.
    pub reason: String,
}

impl Damage {
    /// Damage to a file as a whole, of no particular lod.
    pub fn of_file(part: DamagedPart, path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { part, path: path.into(), lod: None, chunks: Vec::new(), reason: reason.into() }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.chunks.as_slice() {
            [] => write!(f, "{}: {}", self.path, self.reason),
            [chunk] => write!(f, "{}: chunk {chunk}: {}", self.path, self.reason),
            chunks => {
                write!(f, "{}: chunks", self.path)?;
                chunks.iter().try_for_each(|chunk| write!(f, " {chunk}"))?;
                write!(f, ": {}", self.reason)
            }
        }
    }
}

fn as_text<S: Serializer>(chunks: &[ChunkKey], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(chunks.iter().map(ChunkKey::to_string))
}
