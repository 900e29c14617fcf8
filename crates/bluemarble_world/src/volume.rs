//! [`VoxelVolume`]: a box full of voxels that can be read part by part.

use std::error::Error;

use bluemarble_core::{LatticeBox, MaterialId, VoxelBox};

/// What is wrong with a volume, in its own words.
pub type VolumeError = Box<dyn Error + Send + Sync>;

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

    /// What the volume is, in few words: another one if any voxel of it is another one.
    fn fingerprint(&self) -> String;

    /// Whether a part is known to leave every voxel of the world as it is, without reading it.
    fn is_empty(&self, part: LatticeBox) -> bool {
        _ = part;
        false
    }

    /// Reads a part of the box: x fastest, then z, then y. [`MaterialId::UNSTORED`] leaves a voxel of the world as it is; the cells
    /// all are that when this is called. Called from several threads at once, most often for whole shards
    /// ([`bluemarble_store::SHARD_CELLS`]).
    ///
    /// # Errors
    /// What is wrong with the volume, and where.
    fn read(&self, part: LatticeBox, cells: &mut [MaterialId]) -> Result<(), VolumeError>;
}
