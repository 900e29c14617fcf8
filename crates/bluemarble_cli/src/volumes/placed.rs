//! [`PlacedVolume`]: numbers that have become materials, and have a place in the lattice.

use std::hash::{DefaultHasher, Hash, Hasher};

use bluemarble_core::{LatticeBox, MaterialId, VoxelBox};
use bluemarble_world::{VolumeError, VoxelVolume};

use super::numbers::Numbers;
use crate::mapping::Mapping;

/// A volume of numbers with a place in a world.
pub struct PlacedVolume {
    numbers: Box<dyn Numbers>,
    /// The lattice axis along which each axis of the file runs.
    axes: [usize; 3],
    voxels: VoxelBox,
    mapping: Mapping,
    fingerprint: String,
}

impl PlacedVolume {
    /// Places numbers with their first one at the lower corner of `voxels`, which is as large as they are. The files that they are
    /// in have a fingerprint.
    pub fn new(
        numbers: Box<dyn Numbers>,
        axes: [usize; 3],
        voxels: VoxelBox,
        mapping: Mapping,
        fingerprint: &str,
    ) -> Self {
        let mut hasher = DefaultHasher::new();
        mapping.hash(&mut hasher);
        let fingerprint = format!("{fingerprint}, axes {axes:?}, mapping {:016x}", hasher.finish());
        Self { numbers, axes, voxels, mapping, fingerprint }
    }
}

impl VoxelVolume for PlacedVolume {
    fn voxels(&self) -> VoxelBox {
        self.voxels
    }

    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    fn read(&self, part: LatticeBox, cells: &mut [MaterialId]) -> Result<(), VolumeError> {
        let low = (part.min - self.voxels.voxels.min).as_u64vec3();
        let size = part.size().as_usizevec3();
        let range = |axis: usize| low[axis]..low[axis] + size[axis] as u64;
        let numbers = self.numbers.read(&self.axes.map(range))?;
        // From one cell to the next along x, y and z.
        let step = [1, size.z * size.x, size.x];
        let [slow, middle, fast] = self.axes;
        let mut rows = numbers.chunks_exact(size[fast]);
        for i in 0..size[slow] {
            for j in 0..size[middle] {
                let Some(row) = rows.next() else { return Err("it is cut short".into()) };
                let mut cell = i * step[slow] + j * step[middle];
                for &number in row {
                    let material = self.mapping.get(number);
                    cells[cell] = material.ok_or_else(|| Mapping::refusal(number))?;
                    cell += step[fast];
                }
            }
        }
        Ok(())
    }
}
