//! [`MigrationError`]: why an octree does not move in.

use std::{io, path::PathBuf};

use bluemarble_core::{Cancelled, VoxelPos};
use bluemarble_terrain::TerrainError;
use thiserror::Error;

use crate::WorldError;

/// Why an octree does not move in.
#[derive(Debug, Error)]
pub enum MigrationError {
    /// One of the worlds refused or failed; it says what to do.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The octree that moves in cannot be read.
    #[error(transparent)]
    Octree(#[from] TerrainError),
    /// An octree was to move in where voxels are edited already.
    #[error(
        "voxel {} of region {} is edited, and is in the box of the octree; if it was not moved in before, \
         choose another place or a new world",
        pos.voxel, pos.region
    )]
    Occupied {
        /// The voxel.
        pos: VoxelPos,
    },
    /// Another octree, another place for it or another meaning of its numbers is under way.
    #[error(
        "{}: another octree moves in already, or this one in another way; give its file, place and rules \
         to go on, or remove the folder to forget it",
        dir.display()
    )]
    OtherOctree {
        /// The folder in which it is.
        dir: PathBuf,
    },
    /// What is left of an octree that has moved in cannot be removed.
    #[error("{}: cannot be removed: {source}; remove it by hand", path.display())]
    Remove {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The work was told to stop. What was copied until then stays.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}
