//! [`Steps`]: changed cells of chunks on their way into a batch, and what every batch is checked for.

use bluemarble_core::{
    Cause, ChunkKey, EditBatch, LatticeBox, MaterialId, Shape, VoxelBox, VoxelPos,
};
use bluemarble_world::{WorldError, uniform_box::UniformBox};

use crate::EditError;

/// The most steps of a batch: a quarter of a gigabyte.
pub const MAX_STEPS: usize = 1 << 22;
/// How many single cells of a chunk take as much of the world's memory as a box.
const MIN_BOX_CELLS: u64 = 8;

/// What cells become, chunk by chunk.
#[derive(Debug, Default)]
pub struct Steps {
    boxes: Vec<(ChunkKey, UniformBox<MaterialId>)>,
    cells: u64,
}

impl Steps {
    /// Adds cells of a chunk of lod 0, which lies in its region.
    pub fn add(
        &mut self,
        key: ChunkKey,
        boxes: impl IntoIterator<Item = UniformBox<MaterialId>>,
    ) -> Result<(), EditError> {
        for uniform in boxes {
            self.cells += uniform.count();
            self.boxes.push((key, uniform));
        }
        if self.boxes.len() > MAX_STEPS {
            return Err(EditError::TooManySteps { max: MAX_STEPS });
        }
        Ok(())
    }

    /// The batch, in the smaller of its forms: boxes, or cell by cell.
    pub fn batch(self, cause: Cause) -> Result<EditBatch, EditError> {
        let mut batch = EditBatch::new().caused_by(cause);
        let as_boxes =
            self.boxes.len() as u64 * MIN_BOX_CELLS <= self.cells || self.cells > MAX_STEPS as u64;
        for (key, uniform) in self.boxes {
            let (cells, corner) = (uniform.cells(), key.min_voxel());
            let voxels = LatticeBox::new(corner + cells.min, corner + cells.max);
            if as_boxes {
                batch.fill_box(VoxelBox::new(key.region, voxels), uniform.value);
            } else {
                voxels_of(voxels)
                    .for_each(|at| _ = batch.set(VoxelPos::new(key.region, at), uniform.value));
            }
        }
        Ok(batch)
    }
}

/// All voxels of a box: x fastest, then z, then y.
pub fn voxels_of(voxels: LatticeBox) -> impl Iterator<Item = glam::IVec3> {
    let LatticeBox { min, max } = voxels;
    (min.y..max.y).flat_map(move |y| {
        (min.z..max.z).flat_map(move |z| (min.x..max.x).map(move |x| glam::ivec3(x, y, z)))
    })
}

/// Refuses a region that does not exist, and a box that does not meet it.
pub fn check_place(shape: &Shape, region: u8, voxels: LatticeBox) -> Result<(), WorldError> {
    let (regions, lattice) = (shape.regions(), shape.region_box());
    if region >= regions {
        return Err(WorldError::UnknownRegion { region, regions });
    }
    if !voxels.intersects(&lattice) {
        return Err(WorldError::BoxOutside { region, voxels, lattice });
    }
    Ok(())
}
