//! How high the horizon stands around the places of a chunk.
//!
//! From each node the ground is looked at in sixteen directions, at distances that grow geometrically: each
//! time they have doubled, heights are taken from a lod coarser (the idea of N. Max, "Horizon mapping:
//! shadows for bump-mapped surfaces", The Visual Computer 4, 1988, with a pyramid of heights). Ground nearer
//! than five cells is left out: the normals shade it. Far ground is looked at from a quarter of the nodes
//! along each axis only, and corrected for their heights.

use std::sync::Arc;

use bluemarble_core::ChunkKey;
use glam::{DVec2, dvec2};
use quick_cache::sync::Cache;

use super::{
    HORIZON_DIRECTIONS, HORIZON_NODES, NORMAL_NODES,
    heights::{HeightBlock, OpenBlock, block_over},
    metric::Metric,
};
use crate::columns::ColumnSource;

/// Distances looked at in each lod, in its cells.
const DISTANCES: [f64; 2] = [2.5, 3.54];
/// How many lods above a chunk's own count as near.
const NEAR_LODS: u8 = 5;
/// No lod coarser than this is looked at: the ground is curved away there.
const LAST_LOD: u8 = 15;
/// Nodes along an edge from which far ground is looked at.
const FAR_NODES: usize = 5;
/// Columns along an edge of a chunk and one more on each side.
const RING: usize = 66;

/// The horizons of a chunk.
pub(super) struct Horizons {
    /// Sines of elevations, [`HORIZON_DIRECTIONS`] at each node, x fastest.
    sines: Vec<f32>,
    /// Part of the sky seen at each node.
    sky: Vec<f32>,
}

impl Horizons {
    pub fn sines(&self) -> &[f32] {
        &self.sines
    }

    /// The part of the sky seen at a node of the normals' grid, which is twice as fine.
    pub fn sky(&self, x: usize, z: usize) -> f64 {
        debug_assert!(x < NORMAL_NODES && z < NORMAL_NODES, "a node of the chunk");
        let at = |x: usize, z: usize| f64::from(self.sky[z * HORIZON_NODES + x]);
        let (x0, z0, x1, z1) = (x / 2, z / 2, x.div_ceil(2), z.div_ceil(2));
        (at(x0, z0) + at(x1, z0) + at(x0, z1) + at(x1, z1)) * 0.25
    }
}

/// What is highest in one direction: tangent of its elevation, and how far away it is.
#[derive(Clone, Copy)]
struct Sight {
    tangent: f32,
    distance_m: f32,
}

const NOTHING: Sight = Sight { tangent: 0.0, distance_m: 1.0 };

/// A direction, in cells along x and z, and the metres that a step of it is long.
#[derive(Clone, Copy)]
struct Direction {
    step: DVec2,
    metres: f64,
}

fn directions(metric: &Metric) -> [Direction; HORIZON_DIRECTIONS] {
    std::array::from_fn(|k| {
        let angle = std::f64::consts::TAU * k as f64 / HORIZON_DIRECTIONS as f64;
        let step = (metric.cells_from_metres * DVec2::from_angle(angle)).normalize();
        Direction { step, metres: (metric.metres_from_cells * step).length() }
    })
}

/// Looks around; `None` if `go_on` said no on the way. `ring_m`: heights of 66 x 66 columns, one beyond the
/// chunk on each side; `metric`: how the lattice lies in the chunk's middle.
pub(super) fn trace(
    source: &impl ColumnSource,
    blocks: &Cache<ChunkKey, Arc<HeightBlock>>,
    key: ChunkKey,
    ring_m: &[f32],
    metric: &Metric,
    go_on: &dyn Fn() -> bool,
) -> Option<Horizons> {
    let directions = directions(metric);
    let mut near = Nodes::new(HORIZON_NODES, ring_m);
    let mut far = Nodes::new(FAR_NODES, ring_m);
    let near_end = (key.lod + NEAR_LODS).min(LAST_LOD);
    for lod in key.lod + 1..=LAST_LOD {
        let block = block_over(source, blocks, key, lod, go_on)?;
        let nodes = if lod <= near_end { &mut near } else { &mut far };
        nodes.look(key, lod, &block, &directions, metric.radius_m);
        if !go_on() {
            return None;
        }
    }
    let mut sines = Vec::with_capacity(HORIZON_NODES * HORIZON_NODES * HORIZON_DIRECTIONS);
    let mut sky = Vec::with_capacity(HORIZON_NODES * HORIZON_NODES);
    for z in 0..HORIZON_NODES {
        for x in 0..HORIZON_NODES {
            let at = z * HORIZON_NODES + x;
            let mut unseen = 0.0;
            for (k, direction) in directions.iter().enumerate() {
                let height_m = near.heights_m[at];
                let beyond = far.tangent_between([x, z], k, direction, height_m);
                let tangent = near.sights[at * HORIZON_DIRECTIONS + k].tangent.max(beyond);
                let sine = tangent / (1.0 + tangent * tangent).sqrt();
                sines.push(sine);
                unseen += sine * sine;
            }
            sky.push(1.0 - unseen / HORIZON_DIRECTIONS as f32);
        }
    }
    Some(Horizons { sines, sky })
}

/// Nodes of a chunk, evenly spread, and what is seen from each.
struct Nodes {
    along: usize,
    heights_m: Vec<f32>,
    sights: Vec<Sight>,
}

impl Nodes {
    fn new(along: usize, ring_m: &[f32]) -> Self {
        let spacing = 64 / (along - 1);
        let mut heights_m = Vec::with_capacity(along * along);
        for z in (0..along).map(|z| z * spacing) {
            for x in (0..along).map(|x| x * spacing) {
                // A corner of cells lies between four columns; the ring begins a column before the chunk.
                let at = |dx: usize, dz: usize| ring_m[(z + dz) * RING + x + dx];
                heights_m.push((at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) * 0.25);
            }
        }
        Self { along, heights_m, sights: vec![NOTHING; along * along * HORIZON_DIRECTIONS] }
    }

    /// Looks at the ground of one lod in all directions.
    fn look(
        &mut self,
        key: ChunkKey,
        lod: u8,
        block: &OpenBlock,
        directions: &[Direction; HORIZON_DIRECTIONS],
        radius_m: f64,
    ) {
        let finer = f64::from(1u32 << (lod - key.lod));
        let spacing = 64.0 / (self.along - 1) as f64 / finer;
        // The chunk's corner, in columns of the block.
        let corner = [key.pos.x, key.pos.z].map(|v| f64::from(v) * 64.0 / finer - 0.5);
        let corner =
            dvec2(corner[0] - f64::from(block.first[0]), corner[1] - f64::from(block.first[1]));
        for (k, direction) in directions.iter().enumerate() {
            for distance in DISTANCES {
                let from = corner + direction.step * distance;
                let distance_m = direction.metres * distance * finer;
                let drop_m = (distance_m * distance_m / (2.0 * radius_m)) as f32;
                let (distance_m, per_metre) = (distance_m as f32, (1.0 / distance_m) as f32);
                let (from_x, from_z, spacing) = (from.x as f32, from.y as f32, spacing as f32);
                for z in 0..self.along {
                    for x in 0..self.along {
                        let at = z * self.along + x;
                        let there_m = block
                            .height_m(from_x + x as f32 * spacing, from_z + z as f32 * spacing);
                        let tangent = (there_m - drop_m - self.heights_m[at]) * per_metre;
                        let sight = &mut self.sights[at * HORIZON_DIRECTIONS + k];
                        if tangent > sight.tangent {
                            *sight = Sight { tangent, distance_m };
                        }
                    }
                }
            }
        }
    }

    /// The tangent of the horizon of these nodes in a direction, as what stands there is seen from a node of
    /// the finer grid, at its own height and distance.
    fn tangent_between(
        &self,
        [x, z]: [usize; 2],
        k: usize,
        direction: &Direction,
        height_m: f32,
    ) -> f32 {
        let finer = (HORIZON_NODES - 1) / (self.along - 1);
        let (column, row) = ((x / finer).min(self.along - 2), (z / finer).min(self.along - 2));
        let u = (x - column * finer) as f32 / finer as f32;
        let v = (z - row * finer) as f32 / finer as f32;
        let mut tangent = 0.0;
        for (dx, dz, weight) in [
            (0, 0, (1.0 - u) * (1.0 - v)),
            (1, 0, u * (1.0 - v)),
            (0, 1, (1.0 - u) * v),
            (1, 1, u * v),
        ] {
            let at = (row + dz) * self.along + column + dx;
            let Sight { tangent: there, distance_m } = self.sights[at * HORIZON_DIRECTIONS + k];
            if there > 0.0 {
                let away = dvec2(dx as f64 - f64::from(u), dz as f64 - f64::from(v));
                let nearer_m = away.dot(direction.step) * 4.0 * finer as f64 * direction.metres;
                let higher_m = there * distance_m + self.heights_m[at] - height_m;
                let distance_m = (distance_m + nearer_m as f32).max(0.5 * distance_m);
                tangent += weight * (higher_m / distance_m).max(0.0);
            }
        }
        tangent
    }
}
