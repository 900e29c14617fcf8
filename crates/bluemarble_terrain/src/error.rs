//! Why a baseline could not be made.

use std::path::{Path, PathBuf};

use bluemarble_core::MaterialError;
use thiserror::Error;

/// Why a baseline could not be made.
#[derive(Debug, Error)]
pub enum TerrainError {
    /// A file could not be opened or read.
    #[error("{path}: cannot read: {source}; check the path and its permissions")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a TIFF at all.
    #[error(
        "{path}: not a TIFF (it starts with {found:?}); give a single-band GeoTIFF of elevations"
    )]
    NotTiff {
        /// The file.
        path: PathBuf,
        /// Its first bytes.
        found: Vec<u8>,
    },
    /// The file starts as a TIFF but does not hold what it claims.
    #[error("{path}: the TIFF is damaged or cut short ({message}); fetch or export it again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        message: String,
    },
    /// A TIFF, but not a grid of elevations over degrees.
    #[error("{path}: is not an elevation grid: {reason}")]
    NotElevation {
        /// The file.
        path: PathBuf,
        /// What is missing or wrong, and what would be right.
        reason: String,
    },
    /// More samples than a world can use.
    #[error(
        "{path}: {columns} x {rows} samples; at most {max_samples} are read: export it at a lower resolution"
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Samples from west to east.
        columns: u32,
        /// Samples from north to south.
        rows: u32,
        /// The limit.
        max_samples: u64,
    },
    /// The file is no linear octree, a damaged one, or one that has no room where it shall lie.
    #[error("{path}: is no linear octree that can be read: {reason}")]
    NotOctree {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is no raster of classes of ground.
    #[error("{path}: is no land cover that can be read: {reason}")]
    NotLandCover {
        /// The file.
        path: PathBuf,
        /// What is missing or wrong, and what would be right.
        reason: String,
    },
    /// The file is no list of summits.
    #[error("{path}: line {line} of the list of summits cannot be read: {reason}")]
    NotSummits {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is missing or wrong, and what would be right.
        reason: String,
    },
    /// A material that the baseline lays is missing from the table.
    #[error(transparent)]
    Material(#[from] MaterialError),
    /// A parameter makes no world.
    #[error("{parameter} is {value}, but must be {expected}")]
    Parameter {
        /// Its name.
        parameter: &'static str,
        /// What was given.
        value: String,
        /// What would do.
        expected: &'static str,
    },
}

impl TerrainError {
    pub(crate) fn not_elevation(path: &Path, reason: impl Into<String>) -> Self {
        Self::NotElevation { path: path.to_owned(), reason: reason.into() }
    }
}
