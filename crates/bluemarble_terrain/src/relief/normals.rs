//! Which way the ground faces, from the heights of its columns.

use glam::DVec2;

use super::{metric::Metric, nodes::NORMAL_NODES};

/// Columns along an edge of a chunk and one more on each side.
const RING: usize = 66;
/// From this lod up a chunk is so wide that the lattice lies differently in each of its corners,
const CURVED_LOD: u8 = 10;
/// and from this one up so wide that it must be asked at every node.
const BENT_LOD: u8 = 15;
/// Nodes between places where it is asked otherwise.
const STRIDE: usize = 8;

/// Shares of the unit normal along the two tangents at every second corner of cells, x fastest. `ring_m`:
/// heights of 66 x 66 columns, one beyond the chunk on each side; `metric` tells how the lattice lies at a
/// place in cells.
pub(super) fn normals(
    ring_m: &[f32],
    lod: u8,
    metric: impl Fn([f64; 2]) -> Metric,
) -> Vec<[f64; 2]> {
    let at_node = |x: usize, z: usize| metric([2.0 * x as f64, 2.0 * z as f64]);
    let middle = metric([32.0; 2]);
    let places: Vec<Metric> = if (CURVED_LOD..BENT_LOD).contains(&lod) {
        let along = || (0..NORMAL_NODES).step_by(STRIDE);
        along().flat_map(|z| along().map(move |x| (x, z))).map(|(x, z)| at_node(x, z)).collect()
    } else {
        Vec::new()
    };
    let between = |x: usize, z: usize| {
        let last = (NORMAL_NODES - 1) / STRIDE - 1;
        let (column, row) = ((x / STRIDE).min(last), (z / STRIDE).min(last));
        let part = |node: usize, place: usize| (node - place * STRIDE) as f64 / STRIDE as f64;
        let (u, v) = (part(x, column), part(z, row));
        let at = |dx: usize, dz: usize| &places[(row + dz) * (last + 2) + column + dx];
        let [north, south] = [0, 1].map(|dz| Metric::lerp(u, at(0, dz), at(1, dz)));
        Metric::lerp(v, &north, &south)
    };
    let mut normals = Vec::with_capacity(NORMAL_NODES * NORMAL_NODES);
    for z in 0..NORMAL_NODES {
        for x in 0..NORMAL_NODES {
            // The four columns around the corner.
            let at = |dx: usize, dz: usize| f64::from(ring_m[(2 * z + dz) * RING + 2 * x + dx]);
            let rise_x = (at(1, 0) + at(1, 1) - at(0, 0) - at(0, 1)) * 0.5;
            let rise_z = (at(0, 1) + at(1, 1) - at(0, 0) - at(1, 0)) * 0.5;
            let metric = match lod {
                0..CURVED_LOD => middle,
                CURVED_LOD..BENT_LOD => between(x, z),
                BENT_LOD.. => at_node(x, z),
            };
            let gradient = metric.gradient(DVec2::new(rise_x, rise_z));
            let normal = -gradient / (1.0 + gradient.length_squared()).sqrt();
            normals.push(normal.to_array());
        }
    }
    normals
}
