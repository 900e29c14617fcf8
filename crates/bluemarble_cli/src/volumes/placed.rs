//! [`PlacedVolume`]: numbers that have become materials, and have a place in the lattice.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use bluemarble_core::{LatticeBox, MaterialId, VoxelBox};
use bluemarble_world::{VolumeError, VoxelVolume};

use super::{files, numbers::Numbers};
use crate::mapping::Mapping;

/// A volume of numbers with a place in a world.
pub struct PlacedVolume {
    numbers: Box<dyn Numbers>,
    /// The lattice axis along which each axis of the file runs.
    axes: [usize; 3],
    voxels: VoxelBox,
    mapping: Mapping,
    /// The file or folder that they are in.
    path: PathBuf,
}

impl PlacedVolume {
    /// Places the numbers of a file or folder with their first one at the lower corner of `voxels`, which is as large as
    /// they are.
    pub fn new(
        numbers: Box<dyn Numbers>,
        axes: [usize; 3],
        voxels: VoxelBox,
        mapping: Mapping,
        path: &Path,
    ) -> Self {
        Self { numbers, axes, voxels, mapping, path: path.to_owned() }
    }
}

impl VoxelVolume for PlacedVolume {
    fn voxels(&self) -> VoxelBox {
        self.voxels
    }

    fn fingerprint(&self) -> String {
        let files = files::fingerprint(&self.path).unwrap_or_else(|what| what);
        let mut hasher = DefaultHasher::new();
        self.mapping.hash(&mut hasher);
        format!("{files}, axes {:?}, mapping {:016x}", self.axes, hasher.finish())
    }

    fn read(&self, part: LatticeBox, cells: &mut [MaterialId]) -> Result<(), VolumeError> {
        let low = (part.min - self.voxels.voxels.min).as_u64vec3();
        let size = part.size().as_usizevec3();
        let range = |axis: usize| low[axis]..low[axis] + size[axis] as u64;
        let numbers = self.numbers.read(&self.axes.map(range));
        let numbers = numbers.map_err(|what| VolumeError::Read(what.into()))?;
        // From one cell to the next along x, y and z.
        let step = [1, size.z * size.x, size.x];
        let [slow, middle, fast] = self.axes;
        let mut rows = numbers.chunks_exact(size[fast]);
        for i in 0..size[slow] {
            for j in 0..size[middle] {
                let short = || VolumeError::Read("it is cut short".into());
                let row = rows.next().ok_or_else(short)?;
                let mut cell = i * step[slow] + j * step[middle];
                for &number in row {
                    let material = self.mapping.get(number);
                    cells[cell] =
                        material.ok_or_else(|| VolumeError::Contents(Mapping::refusal(number)))?;
                    cell += step[fast];
                }
            }
        }
        Ok(())
    }
}
