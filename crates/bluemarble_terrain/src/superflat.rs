//! [`Superflat`]: the same layers everywhere, with the surface at y = 0.

use bluemarble_core::{Chunk, ChunkKey, Flat, MaterialId, Shape, VoxelBox};

use crate::{
    baseline::{Baseline, Classification},
    error::TerrainError,
};

/// Cells of a chunk in a layer.
const LAYER_CELLS: usize = 64 * 64;

/// Horizontal layers on a plane, for tests and creative building.
pub struct Superflat {
    voxel_m: f64,
    /// Material and lowest voxel of each layer, from the top. The last one reaches down for ever.
    layers: Vec<(MaterialId, i32)>,
    name: String,
}

impl Superflat {
    /// Layers from the top down, with their thickness in voxels; the last goes on for ever whatever its
    /// thickness. Without layers the world is empty. `voxel_m` is the edge of a voxel in metres.
    ///
    /// # Errors
    /// [`TerrainError::Parameter`] if `voxel_m` is no length or the layers do not fit.
    pub fn new(voxel_m: f64, layers: Vec<(MaterialId, u32)>) -> Result<Self, TerrainError> {
        check_voxel(voxel_m)?;
        let name = format!("superflat-1 voxel_m={voxel_m} layers={layers:?}");
        let mut floor = 0i64;
        let mut floors = Vec::with_capacity(layers.len());
        for (material, thickness) in layers {
            floor -= i64::from(thickness);
            let Ok(lowest) = i32::try_from(floor) else {
                return Err(TerrainError::Parameter {
                    parameter: "the thickness of the layers",
                    value: floor.unsigned_abs().to_string(),
                    expected: "less than 2^31 voxels in all",
                });
            };
            floors.push((material, lowest));
        }
        if let Some(last) = floors.last_mut() {
            last.1 = i32::MIN;
        }
        Ok(Self { voxel_m, layers: floors, name })
    }

    /// The material of a layer of cells.
    fn cell(&self, y: i32, lod: u8) -> MaterialId {
        let Some(top) = self.layers.first() else { return MaterialId::AIR };
        if y >= 0 {
            return MaterialId::AIR;
        }
        if y == -1 {
            return top.0;
        }
        let middle = ((i64::from(y) * 2 + 1) << lod).div_euclid(2);
        self.layers
            .iter()
            .find(|&&(_, floor)| middle >= i64::from(floor))
            .map_or(MaterialId::AIR, |&(material, _)| material)
    }
}

pub(crate) fn check_voxel(voxel_m: f64) -> Result<(), TerrainError> {
    if (1e-3..=1e3).contains(&voxel_m) {
        return Ok(());
    }
    Err(TerrainError::Parameter {
        parameter: "voxel_m",
        value: voxel_m.to_string(),
        expected: "0.001..=1000 metres",
    })
}

impl Baseline for Superflat {
    fn shape(&self) -> Shape {
        Shape::Flat(Flat { voxel_m: self.voxel_m })
    }

    fn fill(&self, key: ChunkKey, chunk: &mut Chunk) {
        let low = key.pos.y * 64;
        let layers: [MaterialId; 64] = std::array::from_fn(|y| self.cell(low + y as i32, key.lod));
        *chunk = Chunk::uniform(layers[0]);
        let mut first = 0;
        for run in layers.chunk_by(|one, next| one == next) {
            let count = run.len() * LAYER_CELLS;
            chunk.fill_run(first, count, run[0]);
            first += count;
        }
    }

    fn classify(&self, voxels: VoxelBox, lod: u8) -> Classification {
        let VoxelBox { voxels, .. } = voxels;
        let cell = 1i64 << lod;
        let low = i64::from(voxels.min.y).div_euclid(cell) * cell;
        let high = -(-i64::from(voxels.max.y)).div_euclid(cell) * cell;
        if low >= 0 || self.layers.is_empty() {
            return Classification::Uniform(MaterialId::AIR);
        }
        // The cells beside the box count, and the topmost cell shows the first layer at every lod.
        let (low, high) = (low - cell, high + cell);
        if high > 0 {
            return Classification::Mixed;
        }
        let mut roof = 0i64;
        for (index, &(material, floor)) in self.layers.iter().enumerate() {
            let floor = i64::from(floor);
            let is_clear = index == 0 || high <= -cell;
            if low >= floor && high <= roof && is_clear {
                return Classification::Uniform(material);
            }
            roof = floor;
        }
        Classification::Mixed
    }

    fn surface_y(&self, _region: u8, _x: f64, _z: f64) -> f64 {
        0.0
    }

    fn fingerprint(&self) -> String {
        self.name.clone()
    }
}
