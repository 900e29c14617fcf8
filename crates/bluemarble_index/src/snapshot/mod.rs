//! [`IndexSnapshot`]: what the index knows, kept in files from one session to the next.
//!
//! Everything in it can be derived again. It is kept in groups, one for each shard of the store, each with the
//! stamp of the shard's version that it was derived from: a group counts only where the shard is still that
//! version. The groups of neighbouring shards lie in one file, a tile, which is read when one of them is asked for:
//! however large a world is, opening it reads none. A tile that is missing, damaged or of another world costs time,
//! nothing else.
//!
//! | module | what it holds |
//! |---|---|
//! | `tile` | [`SnapshotTile`]: the groups of a tile, as bytes |

mod tile;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use twox_hash::XxHash3_128;

pub use tile::{SnapshotGroup, SnapshotTile};

/// The file could not be read or written. Nothing depends on it.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}; nothing is lost, what is known of the chunks is looked up again")]
pub struct SnapshotError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub source: io::Error,
}

/// A folder of tiles.
#[derive(Clone, Debug)]
pub struct IndexSnapshot {
    dir: PathBuf,
    identity: String,
}

impl IndexSnapshot {
    /// The snapshot in a folder, which need not be there. Its tiles count only for a world of this identity.
    pub fn new(dir: &Path, identity: String) -> Self {
        Self { dir: dir.to_owned(), identity }
    }

    /// The groups of a tile, named by a path in the folder; none if there is no such tile, or none that is of use.
    ///
    /// # Errors
    /// [`SnapshotError`] if the file cannot be read.
    pub fn read(&self, name: &str) -> Result<SnapshotTile, SnapshotError> {
        let path = self.dir.join(name);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(SnapshotTile::new()),
            Err(source) => return Err(SnapshotError { path, source }),
        };
        Ok(tile::decode(self.mark(name), &bytes).unwrap_or_else(|reason| {
            tracing::warn!("{} is of no use and will be replaced: {reason}", path.display());
            SnapshotTile::new()
        }))
    }

    /// Replaces a tile. A crash leaves the one before, or none that is of use.
    ///
    /// # Errors
    /// [`SnapshotError`]; the tile is as it was.
    pub fn write(&self, name: &str, tile: &SnapshotTile) -> Result<(), SnapshotError> {
        let path = self.dir.join(name);
        let begun = path.with_added_extension("new");
        let written = fs::create_dir_all(path.parent().unwrap_or(&self.dir))
            .and_then(|()| fs::write(&begun, tile::encode(self.mark(name), tile)))
            .and_then(|()| fs::rename(&begun, &path));
        written.map_err(|source| SnapshotError { path, source })
    }

    /// What all tiles take.
    pub fn bytes(&self) -> u64 {
        bytes_below(&self.dir)
    }

    /// What a tile must begin with: it can neither be of another world nor of another place.
    fn mark(&self, name: &str) -> u128 {
        XxHash3_128::oneshot(format!("{} {name}", self.identity).as_bytes())
    }
}

fn bytes_below(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let bytes = entries.map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_below(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    });
    bytes.sum()
}

#[cfg(test)]
mod tests;
