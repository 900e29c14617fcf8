//! [`first_hit_in_chunk`]: the first cell of a chunk that a ray hits.

use bluemarble_core::{CellPos, Cells, Chunk, ChunkKey, MaterialId, Ray, Shape};

use super::hit::RayHit;

/// No ray meets more cells within the box of a chunk: 64 along each axis of a box, more where cells
/// narrow towards the centre of a planet.
const MAX_STEPS: usize = 8192;

/// The first cell of a chunk along a ray whose material satisfies `hits`.
///
/// `span_m` is where the ray enters and leaves a box around the chunk, in metres along it, as
/// [`bluemarble_core::NodeBounds::ray_span_m`] gives it. Cells are walked exactly (see
/// [`Shape::walk`]); a bounded number of them.
pub fn first_hit_in_chunk(
    shape: &Shape,
    ray: &Ray,
    key: ChunkKey,
    cells: &impl Cells,
    span_m: (f64, f64),
    hits: impl Fn(MaterialId) -> bool,
) -> Option<RayHit> {
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
            return Some(RayHit {
                pos: CellPos::new(key.region, key.lod, step.cell).min_voxel(),
                lod: key.lod,
                face: step.entered,
                material,
                distance_m: step.enter_m,
                point: ray.at(step.enter_m),
            });
        }
    }
    None
}
