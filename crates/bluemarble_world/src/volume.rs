//! [`VoxelVolume`]: a box full of voxels that can be read part by part.

use std::{error::Error, io};

use bluemarble_core::{LatticeBox, MaterialId, VoxelBox};
use thiserror::Error;

/// What is wrong with a volume, in its own words.
#[derive(Debug, Error)]
pub enum VolumeError {
    /// It holds what means nothing: it would fail again.
    #[error("{0}")]
    Contents(String),
    /// It cannot be read now.
    #[error("{0}")]
    Read(Box<dyn Error + Send + Sync>),
}

impl From<io::Error> for VolumeError {
    fn from(error: io::Error) -> Self {
        Self::Read(error.into())
    }
}

/// A box full of voxels, such as a file of numbers, that can be read part by part: it need not fit in memory.
///
/// ```
/// use bluemarble_core::{LatticeBox, MaterialId, VoxelBox};
/// use bluemarble_world::{VolumeError, VoxelVolume};
///
/// /// A cube of one material.
/// struct Cube(VoxelBox, MaterialId);
///
/// impl VoxelVolume for Cube {
///     fn voxels(&self) -> VoxelBox {
///         self.0
///     }
///
///     fn fingerprint(&self) -> String {
///         format!("a cube of material {}", self.1.0)
///     }
///
///     fn read(&self, _part: LatticeBox, cells: &mut [MaterialId]) -> Result<(), VolumeError> {
///         cells.fill(self.1);
///         Ok(())
///     }
/// }
/// ```
pub trait VoxelVolume: Sync {
    /// The box.
    fn voxels(&self) -> VoxelBox;

    /// What the volume is, in few words: another one if any voxel of it is another one. Asked for before and after it is read.
    fn fingerprint(&self) -> String;

    /// The parts of the box outside of which every voxel of the world stays as it is, told without reading it. They may
    /// overlap.
    fn parts(&self) -> Vec<LatticeBox> {
        vec![self.voxels().voxels]
    }

    /// Reads a part of the box: x fastest, then z, then y. [`MaterialId::UNSTORED`] leaves a voxel of the world as it is; the cells
    /// all are that when this is called. Called from several threads at once, most often for whole shards
    /// ([`bluemarble_store::SHARD_CELLS`]).
    ///
    /// # Errors
    /// What is wrong with the volume, and where.
    fn read(&self, part: LatticeBox, cells: &mut [MaterialId]) -> Result<(), VolumeError>;
}
