//! The first cell of a chunk that a ray hits.

use bluemarble_core::{
    CellPos, Cells, Chunk, ChunkKey, Face, MaterialId, Shape, VoxelPos, shape::Ray,
};
use glam::{DVec3, IVec3};

/// No ray meets more cells within the box of a chunk: 64 along each axis of a box, more where cells
/// narrow towards the centre of a planet.
const MAX_STEPS: usize = 8192;

/// A cell that a ray has hit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoxelHit {
    /// The chunk it lies in.
    pub key: ChunkKey,
    /// The cell in the chunk, 0..64 along each axis.
    pub cell: IVec3,
    /// The lowest voxel of the cell.
    pub pos: VoxelPos,
    /// The side that was hit; up if the ray starts inside the cell.
    pub face: Face,
    /// What it is made of.
    pub material: MaterialId,
    /// Distance along the ray in metres.
    pub distance_m: f64,
    /// Where in local space, in metres.
    pub point: DVec3,
}

/// The first cell of a chunk along a ray whose material satisfies `hits`.
///
/// `span_m` is where the ray enters and leaves a box around the chunk, in metres along it, as
/// [`bluemarble_core::shape::NodeBounds::ray_span_m`] gives it. Cells are walked exactly (see
/// [`Shape::walk`]); a bounded number of them.
pub fn first_hit(
    shape: &Shape,
    ray: &Ray,
    key: ChunkKey,
    cells: &impl Cells,
    span_m: (f64, f64),
    hits: impl Fn(MaterialId) -> bool,
) -> Option<VoxelHit> {
    // The span's own rounding must not cost a cell.
    let slack_m = shape.voxel_m() * f64::from(key.cell_voxels());
    let start_m = (span_m.0 - slack_m).max(0.0);
    let corner = key.pos * bluemarble_core::CHUNK_EDGE;
    for step in shape.walk(*ray, key.region, key.lod, start_m).take(MAX_STEPS) {
        if step.enter_m > span_m.1 + slack_m {
            break;
        }
        // Far from the region a cell's position has no meaning and may be anything.
        let cell = step.cell.wrapping_sub(corner);
        if !Chunk::is_cell(cell) {
            continue;
        }
        let material = cells.get(cell);
        if hits(material) {
            return Some(VoxelHit {
                key,
                cell,
                pos: CellPos::new(key.region, key.lod, step.cell).min_voxel(),
                face: step.entered.unwrap_or(Face::PosY),
                material,
                distance_m: step.enter_m,
                point: ray.at(step.enter_m),
            });
        }
    }
    None
}

#[cfg(test)]
mod tests;
