//! [`PlacedScene`]: a MagicaVoxel scene that has a place in the lattice.

use std::hash::{DefaultHasher, Hash, Hasher};

use bluemarble_core::{LatticeBox, MaterialId, VoxelBox};
use bluemarble_edit::{KEEP, vox::Scene};
use bluemarble_world::{VolumeError, VoxelVolume};
use glam::I64Vec3;

use crate::mapping::Mapping;

/// A scene as a volume: what is empty in it stays as it is in the world.
pub struct PlacedScene {
    pub scene: Scene,
    /// From a position of the scene to the lattice.
    pub shift: I64Vec3,
    /// All of it, in the lattice.
    pub voxels: VoxelBox,
    pub mapping: Mapping,
}

impl PlacedScene {
    /// The box of a placed model, which lies in that of the scene.
    fn of_model(&self, index: usize) -> LatticeBox {
        let (low, high) = self.scene.instance_bounds(index);
        LatticeBox::new((low + self.shift).as_ivec3(), (high + self.shift).as_ivec3())
    }
}

impl VoxelVolume for PlacedScene {
    fn voxels(&self) -> VoxelBox {
        self.voxels
    }

    fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.mapping.hash(&mut hasher);
        for index in 0..self.scene.len() {
            self.scene.instance_bounds(index).hash(&mut hasher);
            self.scene.voxels(index).for_each(|voxel| voxel.hash(&mut hasher));
        }
        format!("a scene, {:016x}", hasher.finish())
    }

    fn parts(&self) -> Vec<LatticeBox> {
        (0..self.scene.len()).map(|index| self.of_model(index)).collect()
    }

    fn read(&self, part: LatticeBox, cells: &mut [MaterialId]) -> Result<(), VolumeError> {
        let size = part.size().as_usizevec3();
        for index in 0..self.scene.len() {
            if !self.of_model(index).intersects(&part) {
                continue;
            }
            for (at, number) in self.scene.voxels(index) {
                let at = (at + self.shift).as_ivec3();
                if let Some(material) = self.mapping.get(number.into())
                    && material != KEEP
                    && part.contains(at)
                {
                    let at = (at - part.min).as_usizevec3();
                    cells[(at.y * size.z + at.z) * size.x + at.x] = material;
                }
            }
        }
        Ok(())
    }
}
