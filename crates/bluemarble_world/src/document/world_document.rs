//! [`WorldDocument`]: read, written, and the files that belong to it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use bluemarble_core::{MaterialId, MaterialTable};
use bluemarble_terrain::{Elevation, Recipe};
use serde::{Deserialize, Serialize};

use super::error::DocumentError;
use crate::draft::{self, FileError};

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
    ///
    /// # Errors
    /// [`DocumentError::File`], [`DocumentError::TooLarge`], [`DocumentError::Damaged`],
    /// [`DocumentError::OtherVersion`].
    pub fn read(dir: &Path) -> Result<Option<Self>, DocumentError> {
        let path = dir.join(DOCUMENT_NAME);
        let Some(text) = read_small(&path)? else { return Ok(None) };
        let damaged = |source| DocumentError::Damaged { path: path.clone(), source };
        // The version first: it explains every other difference.
        #[derive(Deserialize)]
        struct Version {
            format_version: u32,
        }
        let Version { format_version: found } = serde_json::from_slice(&text).map_err(damaged)?;
        if found != FORMAT_VERSION {
            return Err(DocumentError::OtherVersion { path, found, known: FORMAT_VERSION });
        }
        serde_json::from_slice(&text).map(Some).map_err(damaged)
    }

    /// Writes the document of a world.
    ///
    /// # Errors
    /// [`DocumentError::File`]; the document is as it was.
    pub fn write(&self, dir: &Path) -> Result<(), DocumentError> {
        Ok(draft::write_json(&dir.join(DOCUMENT_NAME), self)?)
    }

    /// Writes down how a world was made: copies the files that the recipe and the material table are made from into its
    /// directory, so that a world that is moved does not depend on files elsewhere, and writes the document last.
    ///
    /// # Errors
    /// [`DocumentError::File`]; there is no new document then.
    pub fn install(
        dir: &Path,
        recipe: &Recipe,
        materials: Option<&Path>,
    ) -> Result<Self, DocumentError> {
        let mut baseline = recipe.clone();
        if let Recipe::Earth { elevation: Elevation::File(path), .. } = &mut baseline {
            draft::copy(path, &dir.join(ELEVATION_NAME))?;
            *path = ELEVATION_NAME.into();
        }
        if let Some(path) = materials {
            draft::copy(path, &dir.join(MATERIALS_NAME))?;
        }
        let document = Self::new(baseline, materials.map(|_| MATERIALS_NAME.into()));
        document.write(dir)?;
        Ok(document)
    }

    /// Takes a table to which materials were appended into the world's directory, in place of the one that is there.
    ///
    /// # Errors
    /// [`DocumentError::Materials`] if the world's own table cannot be read; [`DocumentError::File`].
    pub(crate) fn grow(
        &self,
        dir: &Path,
        file: &Path,
        grown: &MaterialTable,
    ) -> Result<(), DocumentError> {
        let own = self.table(dir)?;
        // Anything else is refused when the world is opened, which has another list of materials.
        let is_grown = grown.rows().len() > own.rows().len()
            && own.ids().all(|id| own.name(MaterialId(id)) == grown.name(MaterialId(id)));
        if !is_grown {
            return Ok(());
        }
        draft::copy(file, &dir.join(MATERIALS_NAME))?;
        if self.materials.is_none() {
            let materials = Some(MATERIALS_NAME.into());
            Self { materials, ..self.clone() }.write(dir)?;
        }
        Ok(())
    }

    /// The material table of the world in a directory.
    ///
    /// # Errors
    /// [`DocumentError::Materials`] if the world has one of its own and it cannot be read.
    pub fn table(&self, dir: &Path) -> Result<MaterialTable, DocumentError> {
        match &self.materials {
            Some(path) => Ok(MaterialTable::load(&dir.join(path))?),
            None => Ok(MaterialTable::standard()),
        }
    }
}

/// Reads a document that cannot be large; `None` if it is not there.
fn read_small(path: &Path) -> Result<Option<Vec<u8>>, DocumentError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(FileError::read(path, error).into()),
        Ok(metadata) if metadata.len() > MAX_BYTES => {
            let (path, bytes) = (path.to_owned(), metadata.len());
            return Err(DocumentError::TooLarge { path, bytes, max: MAX_BYTES });
        }
        Ok(_) => {}
    }
    Ok(Some(fs::read(path).map_err(|error| FileError::read(path, error))?))
}
