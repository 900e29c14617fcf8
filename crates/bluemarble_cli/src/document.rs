//! `bluemarble.json`: how to make the baseline of a world again, beside its `zarr.json`.
//!
//! Worlds that a game has made have none; what needs no baseline works on them all the same.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bluemarble_terrain::Recipe;
use serde::{Deserialize, Serialize};

use crate::{atomic, failure::Failure};

/// The name of the document.
pub const DOCUMENT_NAME: &str = "bluemarble.json";
/// The elevation grid that was copied into a world.
pub const ELEVATION_NAME: &str = "elevation.tif";
/// The material table that was copied into a world.
pub const MATERIALS_NAME: &str = "materials.ron";
/// The version of the document.
const FORMAT_VERSION: u32 = 1;
/// No document that means anything is larger.
const MAX_BYTES: u64 = 1 << 20;

/// What is written down about a world beside its voxels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldDocument {
    /// The version of this document.
    pub format_version: u32,
    /// How to make the baseline.
    pub baseline: Recipe,
    /// The material table in the world directory; the standard table if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub materials: Option<PathBuf>,
}

impl WorldDocument {
    /// A document of this version.
    pub fn new(baseline: Recipe, materials: Option<PathBuf>) -> Self {
        Self { format_version: FORMAT_VERSION, baseline, materials }
    }

    /// Reads the document of a world; `None` if it has none.
    pub fn read(dir: &Path) -> Result<Option<Self>, Failure> {
        let path = dir.join(DOCUMENT_NAME);
        let Some(text) = read_small(&path)? else { return Ok(None) };
        let damaged = |error: serde_json::Error| {
            let place = path.display();
            let advice = "restore it from a backup, or move it away and give --baseline";
            Failure::damaged(format!("{place}: not a world document: {error}; {advice}"))
        };
        // The version first: it explains every other difference.
        #[derive(Deserialize)]
        struct Version {
            format_version: u32,
        }
        let Version { format_version } = serde_json::from_slice(&text).map_err(damaged)?;
        if format_version != FORMAT_VERSION {
            return Err(Failure::new(format!(
                "{}: format_version is {format_version}, this program reads {FORMAT_VERSION}; use the \
                 program that made the world",
                path.display()
            )));
        }
        serde_json::from_slice(&text).map(Some).map_err(damaged)
    }

    /// Writes the document of a world.
    pub fn write(&self, dir: &Path) -> Result<(), Failure> {
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|error| Failure::new(format!("cannot write the recipe as JSON: {error}")))?;
        text.push(b'\n');
        atomic::write(&dir.join(DOCUMENT_NAME), &text)
    }
}

/// Reads a document that cannot be large; `None` if it is not there.
fn read_small(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let unreadable = |error| Failure::file(path, "cannot read", &error);
    match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
        Ok(metadata) if metadata.len() > MAX_BYTES => {
            let (path, bytes) = (path.display(), metadata.len());
            let advice = "restore it from a backup";
            return Err(Failure::damaged(format!(
                "{path}: {bytes} bytes, no document has more than {MAX_BYTES}; {advice}"
            )));
        }
        Ok(_) => {}
    }
    fs::read(path).map(Some).map_err(unreadable)
}
