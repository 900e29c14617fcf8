//! How high the horizon stands around the places of a chunk.
//!
//! From each node the ground is looked at in sixteen directions, at distances that grow geometrically: each
//! time they have doubled, heights are taken from a lod coarser (the idea of N. Max, "Horizon mapping:
//! shadows for bump-mapped surfaces", The Visual Computer 4, 1988, with a pyramid of heights). Ground nearer
//! than five cells is left out: the normals shade it. Far ground is looked at from a quarter of the nodes
//! along each axis only, and corrected for their heights.

use std::sync::Arc;

use bluemarble_core::{CancelToken, Cancelled, ChunkKey};
use glam::{DVec2, dvec2};
use quick_cache::sync::Cache;

use super::{
    heights::{EDGE, HeightBlock, MakeHeights, OpenBlock, block_over},
    metric::Metric,
    nodes::{HORIZON_DIRECTIONS, HORIZON_NODES, NORMAL_NODES},
};

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
    /// Sines of elevations: all nodes, x fastest, for each of [`HORIZON_DIRECTIONS`] in turn.
    sines: Vec<f32>,
    /// Part of the sky seen at each node.
    sky: Vec<f32>,
}

impl Horizons {
    /// Sines of the elevations at a node, 0..17 along x and z, in all directions.
    pub fn sines(&self, x: usize, z: usize) -> [f32; HORIZON_DIRECTIONS] {
        let at = z * HORIZON_NODES + x;
        std::array::from_fn(|k| self.sines[k * HORIZON_NODES * HORIZON_NODES + at])
    }

    /// The part of the sky seen at a node of the normals' grid, which is twice as fine.
    pub fn sky(&self, x: usize, z: usize) -> f64 {
        debug_assert!(x < NORMAL_NODES && z < NORMAL_NODES, "a node of the chunk");
        let at = |x: usize, z: usize| f64::from(self.sky[z * HORIZON_NODES + x]);
        let (x0, z0, x1, z1) = (x / 2, z / 2, x.div_ceil(2), z.div_ceil(2));
        (at(x0, z0) + at(x1, z0) + at(x0, z1) + at(x1, z1)) * 0.25
    }
}

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

/// Looks around. `ring_m`: heights of 66 x 66 columns, one beyond the
/// chunk on each side; `metric`: how the lattice lies in the chunk's middle.
pub(super) fn trace(
    heights: impl MakeHeights,
    blocks: &Cache<ChunkKey, Arc<HeightBlock>>,
    key: ChunkKey,
    ring_m: &[f32],
    metric: &Metric,
    cancel: &CancelToken,
) -> Result<Horizons, Cancelled> {
    let directions = directions(metric);
    let mut near = Nodes::<false>::new(HORIZON_NODES, ring_m);
    let mut far = Nodes::<true>::new(FAR_NODES, ring_m);
    let near_end = (key.lod + NEAR_LODS).min(LAST_LOD);
    for lod in key.lod + 1..=LAST_LOD {
        let block = block_over(&heights, blocks, key, lod)?;
        if lod <= near_end {
            near.look(key, lod, &block, &directions, metric.radius_m);
        } else {
            far.look(key, lod, &block, &directions, metric.radius_m);
        }
        cancel.check()?;
    }
    let mut sines = near.tangents;
    let mut sky = vec![1.0; HORIZON_NODES * HORIZON_NODES];
    for (k, direction) in directions.iter().enumerate() {
        let nodes = &mut sines[k * sky.len()..][..sky.len()];
        far.raise(k, direction, &near.heights_m, nodes);
        for (tangent, sky) in nodes.iter_mut().zip(&mut sky) {
            let square = *tangent * *tangent;
            // The square of a sine is the part of the sky that is hidden below it, as a level surface is lit.
            *sky -= square / (1.0 + square) / HORIZON_DIRECTIONS as f32;
            *tangent /= (1.0 + square).sqrt();
        }
    }
    Ok(Horizons { sines, sky })
}

/// Nodes of a chunk, evenly spread, and what stands highest as seen from each, in each direction in turn;
/// how far away that is only if `HAS_DISTANCES`.
struct Nodes<const HAS_DISTANCES: bool> {
    along: usize,
    heights_m: Vec<f32>,
    /// Of its elevation; 0 if nothing stands above the level of the node.
    tangents: Vec<f32>,
    /// How far away it is; empty if it is not asked for.
    distances_m: Vec<f32>,
}

/// Where nodes in a row or a column lie in a block: between which of its columns, and which part of the way.
fn places(first: f64, spacing: f64, count: usize) -> impl Iterator<Item = (usize, f32)> {
    let last = (EDGE - 2) as f64;
    (0..count).map(move |i| {
        let place = (first + i as f64 * spacing).clamp(0.0, last);
        (place as usize, place.fract() as f32)
    })
}

impl<const HAS_DISTANCES: bool> Nodes<HAS_DISTANCES> {
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
        let sights = along * along * HORIZON_DIRECTIONS;
        let distances_m = if HAS_DISTANCES { vec![1.0; sights] } else { Vec::new() };
        Self { along, heights_m, tangents: vec![0.0; sights], distances_m }
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
        let Self { along, heights_m, tangents, distances_m } = self;
        let finer = f64::from(1u32 << (lod - key.lod));
        let spacing = 64.0 / (*along - 1) as f64 / finer;
        // The chunk's corner, in columns of the block.
        let corner = [key.pos.x, key.pos.z].map(|v| f64::from(v) * 64.0 / finer - 0.5);
        let corner =
            dvec2(corner[0] - f64::from(block.first[0]), corner[1] - f64::from(block.first[1]));
        let mut line = [0.0; EDGE];
        let mut unread = [0.0; HORIZON_NODES];
        for (k, direction) in directions.iter().enumerate() {
            for distance in DISTANCES {
                let from = corner + direction.step * distance;
                let distance_m = direction.metres * distance * finer;
                let drop_m = (distance_m * distance_m / (2.0 * radius_m)) as f32;
                let (distance_m, per_metre) = (distance_m as f32, (1.0 / distance_m) as f32);
                let mut columns = [(0, 0.0); HORIZON_NODES];
                columns.iter_mut().zip(places(from.x, spacing, *along)).for_each(|(a, b)| *a = b);
                let columns = &columns[..*along];
                let (first, last) = (columns[0].0, columns[*along - 1].0 + 2);
                for (z, (row, part)) in places(from.y, spacing, *along).enumerate() {
                    let [north, south] = [row, row + 1]
                        .map(|row| &block.heights_m[row * EDGE + first..row * EDGE + last]);
                    for ((there_m, north), south) in
                        line[first..last].iter_mut().zip(north).zip(south)
                    {
                        *there_m = north + part * (south - north);
                    }
                    let at = z * *along;
                    let seen = k * heights_m.len() + at;
                    let nodes = columns.iter().zip(&heights_m[at..]);
                    let away_m =
                        if HAS_DISTANCES { &mut distances_m[seen..] } else { &mut unread[..] };
                    let sights = tangents[seen..].iter_mut().zip(away_m);
                    for ((&(column, part), height_m), (tangent, away_m)) in nodes.zip(sights) {
                        let there_m = line[column] + part * (line[column + 1] - line[column]);
                        let here = (there_m - drop_m - height_m) * per_metre;
                        let is_higher = here > *tangent;
                        *tangent = if is_higher { here } else { *tangent };
                        if HAS_DISTANCES {
                            *away_m = if is_higher { distance_m } else { *away_m };
                        }
                    }
                }
            }
        }
    }
}

impl Nodes<true> {
    /// Raises the tangents of the nodes of the finer grid in a direction to what these nodes see, as it looks
    /// from the finer ones, at their own heights and distances.
    fn raise(&self, k: usize, direction: &Direction, heights_m: &[f32], tangents: &mut [f32]) {
        let count = self.along * self.along;
        let seen = &self.tangents[k * count..][..count];
        if seen.iter().all(|&tangent| tangent <= 0.0) {
            return;
        }
        let finer = (HORIZON_NODES - 1) / (self.along - 1);
        // Metres towards what is seen for a step from node to node of the coarse grid.
        let step_m = (direction.step * (4.0 * finer as f64 * direction.metres)).as_vec2();
        for z in 0..HORIZON_NODES {
            let row = (z / finer).min(self.along - 2);
            let v = (z - row * finer) as f32 / finer as f32;
            for x in 0..HORIZON_NODES {
                let column = (x / finer).min(self.along - 2);
                let u = (x - column * finer) as f32 / finer as f32;
                let at = z * HORIZON_NODES + x;
                let mut beyond = 0.0;
                for (dx, dz) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                    let node = (row + dz) * self.along + column + dx;
                    let [away_x, away_z] = [dx as f32 - u, dz as f32 - v];
                    let away_m = self.distances_m[k * count + node];
                    let higher_m = seen[node] * away_m + self.heights_m[node] - heights_m[at];
                    let nearer_m = away_x * step_m.x + away_z * step_m.y;
                    let tangent = (higher_m / (away_m + nearer_m).max(0.5 * away_m)).max(0.0);
                    let weight = (1.0 - away_x.abs()) * (1.0 - away_z.abs());
                    beyond += if seen[node] > 0.0 { weight * tangent } else { 0.0 };
                }
                tangents[at] = tangents[at].max(beyond);
            }
        }
    }
}
