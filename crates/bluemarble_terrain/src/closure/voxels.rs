//! [`VoxelClosure`]: a material for every cell.

use bluemarble_core::{CHUNK_EDGE, Chunk, ChunkKey, Flat, MaterialId, Shape, VoxelBox};
use glam::{IVec3, ivec3};

use crate::{
    baseline::{Baseline, Classification},
    error::TerrainError,
    superflat::check_voxel,
};

/// A plane whose every cell a game's own function gives: caves, floating islands, whatever it likes.
///
/// The function is called as `(voxel, lod)` with the middle voxel of a cell that is `2^lod` voxels wide,
/// and must not depend on anything else. It is called 262,144 times a chunk: where the world is a
/// ground with nothing below, [`GroundClosure`](crate::GroundClosure) is far cheaper.
///
/// ```
/// use bluemarble_core::{MaterialId, MaterialTable};
/// use bluemarble_terrain::VoxelClosure;
///
/// let rock = MaterialTable::standard().id("granite")?;
/// let asteroid = move |voxel: glam::IVec3, _lod: u8| {
///     if voxel.as_vec3().length() < 200.0 { rock } else { MaterialId::AIR }
/// };
/// let baseline = VoxelClosure::new(0.5, "asteroid 1", -200..200, asteroid)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct VoxelClosure<F> {
    shape: Shape,
    name: String,
    y: std::ops::Range<i32>,
    material: F,
}

impl<F: Fn(IVec3, u8) -> MaterialId + Send + Sync + 'static> VoxelClosure<F> {
    /// A plane of voxels of `voxel_m` metres. Above and below `y`, in voxels, all is air and the
    /// function is not asked. `name` is all that tells this world from another one: change it whenever
    /// the function changes, so that edits are never laid over another world.
    ///
    /// # Errors
    /// [`TerrainError::Parameter`] if `voxel_m` is no length.
    pub fn new(
        voxel_m: f64,
        name: impl Into<String>,
        y: std::ops::Range<i32>,
        material: F,
    ) -> Result<Self, TerrainError> {
        check_voxel(voxel_m)?;
        Ok(Self { shape: Shape::Flat(Flat { voxel_m }), name: name.into(), y, material })
    }
}

impl<F: Fn(IVec3, u8) -> MaterialId + Send + Sync + 'static> Baseline for VoxelClosure<F> {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn fill(&self, key: ChunkKey, chunk: &mut Chunk) {
        let (low, width) = (key.min_voxel(), key.cell_voxels());
        let edge = CHUNK_EDGE;
        let mut cells = Vec::with_capacity((edge * edge * edge) as usize);
        for y in 0..edge {
            for z in 0..edge {
                for x in 0..edge {
                    let middle = low + ivec3(x, y, z) * width + width / 2;
                    let inside = self.y.contains(&middle.y);
                    let material =
                        if inside { (self.material)(middle, key.lod) } else { MaterialId::AIR };
                    // What is reserved on disk is no material.
                    let known = material != MaterialId::UNSTORED;
                    cells.push(if known { material } else { MaterialId::AIR });
                }
            }
        }
        *chunk = Chunk::from_cells(&cells);
    }

    fn classify(&self, voxels: VoxelBox, lod: u8) -> Classification {
        let VoxelBox { voxels, .. } = voxels;
        // Whole cells count, of which the middle decides.
        let cell = 1i64 << lod;
        let low = i64::from(voxels.min.y).div_euclid(cell) * cell;
        let high = -(-i64::from(voxels.max.y)).div_euclid(cell) * cell;
        if low >= i64::from(self.y.end) || high <= i64::from(self.y.start) || self.y.is_empty() {
            Classification::Uniform(MaterialId::AIR)
        } else {
            Classification::Mixed
        }
    }

    fn surface_y(&self, _region: u8, x: f64, z: f64) -> f64 {
        let (x, z) = (x.floor() as i32, z.floor() as i32);
        let top = self.y.clone().rev().find(|&y| !(self.material)(ivec3(x, y, z), 0).is_air());
        f64::from(top.map_or(self.y.start, |y| y + 1))
    }

    fn fingerprint(&self) -> String {
        format!("voxels {} y={:?} voxel_m={}", self.name, self.y, self.shape.voxel_m())
    }
}
