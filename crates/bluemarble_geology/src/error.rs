//! [`GeologyError`].

use std::{io, path::PathBuf};

use bluemarble_core::{Cancelled, MaterialError};
use bluemarble_world::WorldError;
use thiserror::Error;

/// What can go wrong.
#[derive(Debug, Error)]
pub enum GeologyError {
    /// The area does not fit the world.
    #[error("{area} cannot be shaped: {reason}")]
    Area {
        /// The area: its region, lod, first node and size.
        area: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A scenario does not say what it must.
    #[error("{path}: not a scenario: {message}")]
    Scenario {
        /// The file.
        path: String,
        /// What is wrong, and where.
        message: String,
    },
    /// What was kept of a run cannot be gone on with.
    #[error("{path}: {reason}; remove it to begin the run anew")]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file of a run cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The world could not be read or edited.
    #[error(transparent)]
    World(#[from] WorldError),
    /// A material that a process leaves is not in the table.
    #[error(transparent)]
    Material(#[from] MaterialError),
    /// Somebody wanted it to stop; what was kept can be gone on with.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl GeologyError {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
