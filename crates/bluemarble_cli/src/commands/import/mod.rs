//! `import`: elevations, volumes, scenes and octrees come in.

mod bulk;
mod heights;
mod numbers;
mod octree;
mod placed_scene;
mod volume;
mod vox;

use std::process::ExitCode;

use clap::Subcommand;

use self::{heights::Heights, octree::Octree, volume::Volume, vox::Vox};
use crate::failure::Failure;

/// What to bring in.
#[derive(Subcommand)]
pub enum Import {
    /// Make a planet from a GeoTIFF of elevations.
    Heights(Heights),
    /// Put a volume of numbers into a world: .npy, a Zarr array, TIFF pictures, or bare numbers.
    Volume(Volume),
    /// Put a MagicaVoxel scene into a world.
    Vox(Vox),
    /// Move a pure octree into a world, while both are in use.
    Octree(Octree),
}

impl Import {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        match self {
            Self::Heights(import) => import.run(json),
            Self::Volume(import) => import.run(json),
            Self::Vox(import) => import.run(json),
            Self::Octree(import) => import.run(json),
        }
    }
}
