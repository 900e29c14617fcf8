//! [`Empty`]: air everywhere, for worlds that hold nothing but what is put into them.

use bluemarble_core::{Chunk, ChunkKey, CubeSphere, Flat, MaterialId, Shape, VoxelBox};

use crate::{
    baseline::{Baseline, Classification},
    error::TerrainError,
    superflat::check_voxel,
};

/// Air everywhere, in any shape.
#[derive(Clone, Copy, Debug)]
pub struct Empty {
    shape: Shape,
}

impl Empty {
    /// An empty world of this shape.
    ///
    /// # Errors
    /// [`TerrainError::Parameter`] if the shape's length in metres is none that a world can have.
    pub fn new(shape: Shape) -> Result<Self, TerrainError> {
        match shape {
            Shape::Flat(Flat { voxel_m }) => check_voxel(voxel_m)?,
            Shape::CubeSphere(CubeSphere { radius_m }) => {
                if !(1.0..=1e9).contains(&radius_m) {
                    return Err(TerrainError::Parameter {
                        parameter: "radius_m",
                        value: radius_m.to_string(),
                        expected: "1..=1e9 metres",
                    });
                }
            }
        }
        Ok(Self { shape })
    }
}

impl Baseline for Empty {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn fill(&self, _key: ChunkKey, chunk: &mut Chunk) {
        *chunk = Chunk::uniform(MaterialId::AIR);
    }

    fn classify(&self, _voxels: VoxelBox, _lod: u8) -> Classification {
        Classification::Uniform(MaterialId::AIR)
    }

    fn surface_y(&self, _region: u8, _x: f64, _z: f64) -> f64 {
        f64::from(self.shape.sea_level_y())
    }

    fn fingerprint(&self) -> String {
        match self.shape {
            Shape::Flat(Flat { voxel_m }) => format!("empty-1 voxel_m={voxel_m}"),
            Shape::CubeSphere(CubeSphere { radius_m }) => format!("empty-1 radius_m={radius_m}"),
        }
    }
}
