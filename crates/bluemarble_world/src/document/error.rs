//! [`DocumentError`]: why a world cannot be opened by its document.

use std::path::PathBuf;

use bluemarble_core::MaterialError;
use bluemarble_terrain::TerrainError;
use thiserror::Error;

use crate::draft::FileError;

/// Why a world cannot be opened by its `bluemarble.json`, or none can be written.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The document is larger than any that means something.
    #[error("{}: {bytes} bytes, no document has more than {max}; restore it from a backup", path.display())]
    TooLarge {
        /// The document.
        path: PathBuf,
        /// Its length.
        bytes: u64,
        /// The longest that is read.
        max: u64,
    },
    /// The document is damaged.
    #[error(
        "{}: not a world document: {source}; restore it from a backup, or move it away and open the world with its \
         baseline",
        path.display()
    )]
    Damaged {
        /// The document.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Another program has written the document.
    #[error(
        "{}: format_version is {found}, this program reads {known}; use the program that made the world",
        path.display()
    )]
    OtherVersion {
        /// The document.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version that is read.
        known: u32,
    },
    /// There is no world in the directory.
    #[error(
        "{}: no world is there (no zarr.json); check the path, or make one with its recipe or `bluemarble new`",
        dir.display()
    )]
    NoWorld {
        /// The directory.
        dir: PathBuf,
    },
    /// There is a world, and nothing says how to make its baseline.
    #[error(
        "{}: is not there, and nothing else says how to make the baseline of this world, `{baseline}`; open it with \
         its baseline or recipe, or write the recipe down with `bluemarble new`",
        path.display()
    )]
    Missing {
        /// The document that is not there.
        path: PathBuf,
        /// The fingerprint of the baseline.
        baseline: String,
    },
    /// The document makes another baseline than that of the world.
    #[error(
        "{}: makes the baseline `{made}`, and the world was made with `{found}`; restore it from a backup, or move \
         it away and open the world with its baseline",
        path.display()
    )]
    OtherBaseline {
        /// The document.
        path: PathBuf,
        /// The fingerprint of what it makes.
        made: String,
        /// The fingerprint of the world's.
        found: String,
    },
    /// A world that lies over another one was opened without it.
    #[error(
        "{}: this world lies over another one, which it names, and its edits belong on that; open that one, too, and \
         give it with `WorldBuilder::over`",
        path.display()
    )]
    NeedsBase {
        /// The note that says so.
        path: PathBuf,
    },
    /// A world that stands alone was to be laid over another one.
    #[error(
        "{}: the world in this directory stands alone, and its edits belong on its own baseline; lay a world in \
         another directory over that one",
        path.display()
    )]
    StandsAlone {
        /// The document of the world that stands alone.
        path: PathBuf,
    },
    /// The recipe makes no baseline.
    #[error(transparent)]
    Baseline(#[from] TerrainError),
    /// The material table cannot be used.
    #[error(transparent)]
    Materials(#[from] MaterialError),
}
