//! Which way the ground faces, from the heights of its columns.

use glam::DVec2;

use super::{NORMAL_NODES, metric::Metric};

/// Columns along an edge of a chunk and one more on each side.
const RING: usize = 66;
/// From this lod up a chunk is so wide that the lattice lies differently in each of its corners.
const CURVED_LOD: u8 = 10;

/// Shares of the unit normal along the two tangents at every second corner of cells, x fastest. `ring_m`:
/// heights of 66 x 66 columns, one beyond the chunk on each side; `metric` tells how the lattice lies at a
/// place in cells.
pub(super) fn normals(
    ring_m: &[f32],
    lod: u8,
    metric: impl Fn([f64; 2]) -> Metric,
) -> Vec<[f64; 2]> {
    let middle = metric([32.0; 2]);
    let mut normals = Vec::with_capacity(NORMAL_NODES * NORMAL_NODES);
    for z in (0..NORMAL_NODES).map(|z| 2 * z) {
        for x in (0..NORMAL_NODES).map(|x| 2 * x) {
            // The four columns around the corner.
            let at = |dx: usize, dz: usize| f64::from(ring_m[(z + dz) * RING + x + dx]);
            let rise_x = (at(1, 0) + at(1, 1) - at(0, 0) - at(0, 1)) * 0.5;
            let rise_z = (at(0, 1) + at(1, 1) - at(0, 0) - at(1, 0)) * 0.5;
            let metric = if lod < CURVED_LOD { middle } else { metric([x as f64, z as f64]) };
            let gradient = metric.gradient(DVec2::new(rise_x, rise_z));
            let normal = -gradient / (1.0 + gradient.length_squared()).sqrt();
            normals.push(normal.to_array());
        }
    }
    normals
}
