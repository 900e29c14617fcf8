//! [`EditError`] and [`VoxError`]: what cannot be done to a world, and what is wrong with a scene.

use std::{io, path::PathBuf};

use bluemarble_core::MaterialId;
use bluemarble_world::WorldError;
use thiserror::Error;

/// Why a brush, a clipboard or a history refused or failed.
#[derive(Debug, Error)]
pub enum EditError {
    /// The world refused or failed; it says what to do.
    #[error(transparent)]
    World(#[from] WorldError),
    /// A shape that can hold no voxel.
    #[error("the {what} holds no voxel: {reason}; give it a size")]
    Empty {
        /// Brush or clipboard.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A shape that holds more cells than are worked on at once.
    #[error("the {what} holds more than {max} {unit}; make it smaller, or do it in parts")]
    TooLarge {
        /// Brush or clipboard.
        what: &'static str,
        /// Cells or chunks.
        unit: &'static str,
        /// How many are allowed.
        max: u64,
    },
    /// Changes that are too scattered for one batch.
    #[error("the changes are more than {max} steps of a batch; make the brush or the box smaller")]
    TooManySteps {
        /// How many are allowed.
        max: usize,
    },
    /// A smoothing brush with a strength that does not exist.
    #[error("the strength of smoothing is {strength}; it is 1 to {max}")]
    Strength {
        /// The strength asked for.
        strength: u8,
        /// The largest one.
        max: u8,
    },
}

/// Why a MagicaVoxel scene cannot be read or written.
#[derive(Debug, Error)]
pub enum VoxError {
    /// Which file it is about.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<VoxError>,
    },
    /// The file cannot be read.
    #[error("cannot read: {0}; check the path and its permissions")]
    Read(io::Error),
    /// The file cannot be written.
    #[error("cannot write: {0}; check the path, its permissions and the disk")]
    Write(io::Error),
    /// The file is larger than any that is read.
    #[error("{bytes} bytes; at most {max} are read: split the scene")]
    FileTooLarge {
        /// Its length.
        bytes: u64,
        /// The longest allowed.
        max: u64,
    },
    /// The bytes are no scene, or a damaged one.
    #[error("{0}; export it again as .vox")]
    Malformed(String),
    /// The scene shows nothing.
    #[error("it shows no model; export one that does")]
    NoModel,
    /// More cells than a clipboard holds.
    #[error("the scene is {size}; at most {max} cells are taken at once: split it")]
    SceneTooLarge {
        /// Its size along x, y and z.
        size: String,
        /// The most cells.
        max: u64,
    },
    /// More materials than a palette has colours.
    #[error("{count} materials; a .vox palette has no more than 255: take a smaller box")]
    TooManyMaterials {
        /// How many there are.
        count: usize,
    },
    /// A material that the table does not have.
    #[error("material {} is not in the table; give the table that the world was made with", material.0)]
    UnknownMaterial {
        /// The id.
        material: MaterialId,
    },
    /// A box too long for the models that a scene may place.
    #[error("{models} models of 256 cells each way; a scene has at most {max}: take a smaller box")]
    TooManyModels {
        /// How many there would be.
        models: usize,
        /// How many are allowed.
        max: usize,
    },
}

impl VoxError {
    /// The same with the file it is about in front.
    pub(crate) fn of(self, path: &std::path::Path) -> Self {
        Self::File { path: path.to_owned(), source: Box::new(self) }
    }
}
