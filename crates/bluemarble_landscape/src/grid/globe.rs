//! [`GlobeGrid`]: the nodes of a whole planet, on the six faces of its cube-sphere.

use bluemarble_core::{CellPos, CubeSphere, LatticePos, REGION_EDGE, Shape};
use glam::{DVec3, IVec3};

use super::{Grid, STEPS};

/// The six faces of a planet, one after the other, each a square of nodes: those in the middles of the cells of a lod.
///
/// A node has the column of cells below it: column `x` of the lod and row `z`. At the eight corners of the cube, where three
/// faces meet, a node has seven neighbours.
#[derive(Clone, Debug)]
pub struct GlobeGrid {
    shape: Shape,
    lod: u8,
    edge: usize,
    /// Of the nodes of one face: all have the same.
    areas_m2: Vec<f64>,
    /// And the distances of the eight neighbours.
    distances_m: Vec<[f32; 8]>,
}

impl GlobeGrid {
    /// A grid of `edge` nodes along each edge of a face; a power of two from 4 to 8192, else the next lower one of those.
    pub fn new(planet: CubeSphere, edge: usize) -> Self {
        let edge = 1usize << edge.clamp(4, 8192).ilog2();
        let lod = (REGION_EDGE as usize / edge).ilog2() as u8;
        let mut grid = Self {
            shape: Shape::CubeSphere(planet),
            lod,
            edge,
            areas_m2: Vec::new(),
            distances_m: Vec::new(),
        };
        let nodes = edge * edge;
        grid.areas_m2 = (0..nodes).map(|node| grid.measured_area_m2(planet, node)).collect();
        let directions: Vec<_> = (0..6 * nodes).map(|node| grid.direction(node)).collect();
        // Half of a great circle's angle; of what is close the sine is exact.
        let distance = |one: DVec3, other: DVec3| {
            2.0 * planet.radius_m * (one.distance(other) / 2.0).min(1.0).asin()
        };
        let distances = |node: usize| {
            STEPS.map(|step| {
                let beside = grid.beside(node, step).map_or(node, |beside| beside);
                distance(directions[node], directions[beside]) as f32
            })
        };
        grid.distances_m = (0..nodes).map(distances).collect();
        grid
    }

    /// Nodes along each edge of a face.
    pub const fn edge(&self) -> usize {
        self.edge
    }

    /// The cell of a node at the grid's lod, in the layer y = 0.
    pub fn cell(&self, node: usize) -> CellPos {
        let (face, within) = (node / (self.edge * self.edge), node % (self.edge * self.edge));
        let cell = IVec3::new((within % self.edge) as i32, 0, (within / self.edge) as i32);
        CellPos::new(face as u8, self.lod, cell)
    }

    /// The node in whose cell a column of the lattice lies, given in voxels of a region.
    pub fn node_at(&self, region: u8, x: i32, z: i32) -> usize {
        let last = self.edge as i32 - 1;
        let (x, z) = ((x >> self.lod).clamp(0, last), (z >> self.lod).clamp(0, last));
        (usize::from(region) * self.edge + z as usize) * self.edge + x as usize
    }

    /// The node nearest to a direction from the planet's centre, or one beside it.
    pub fn node_towards(&self, direction: DVec3) -> usize {
        let Shape::CubeSphere(planet) = self.shape else { return 0 };
        let LatticePos { region, lattice } =
            self.shape.lattice_from_local(direction * planet.radius_m);
        self.node_at(region, lattice.x as i32, lattice.z as i32)
    }

    /// The radius of the planet, in metres.
    pub fn radius_m(&self) -> f64 {
        let Shape::CubeSphere(planet) = self.shape else { return 0.0 };
        planet.radius_m
    }

    /// The unit direction from the planet's centre to a node.
    pub fn direction(&self, node: usize) -> DVec3 {
        let CellPos { region, cell, .. } = self.cell(node);
        self.direction_of(region, f64::from(cell.x) + 0.5, f64::from(cell.z) + 0.5)
    }

    fn direction_of(&self, region: u8, column: f64, row: f64) -> DVec3 {
        let Shape::CubeSphere(planet) = self.shape else { return DVec3::Y };
        let width = f64::from(REGION_EDGE) / self.edge as f64;
        planet.direction(region, column * width, row * width)
    }

    /// The area of a cell's spherical quadrilateral, as two triangles (Van Oosterom and Strackee 1983).
    fn measured_area_m2(&self, planet: CubeSphere, node: usize) -> f64 {
        let (column, row) = ((node % self.edge) as f64, (node / self.edge) as f64);
        let corner = |across, down| self.direction_of(0, column + across, row + down);
        let [a, b, c, d] = [corner(0.0, 0.0), corner(1.0, 0.0), corner(1.0, 1.0), corner(0.0, 1.0)];
        let triangle = |a: DVec3, b: DVec3, c: DVec3| {
            let volume = a.dot(b.cross(c)).abs();
            2.0 * volume.atan2(1.0 + a.dot(b) + b.dot(c) + c.dot(a))
        };
        (triangle(a, b, c) + triangle(a, c, d)) * planet.radius_m * planet.radius_m
    }

    fn beside(&self, node: usize, (across, down): (i32, i32)) -> Option<usize> {
        let CellPos { region, lod, cell } = self.cell(node);
        let last = self.edge as i32 - 1;
        let moved = cell + IVec3::new(across, 0, down);
        let is_out = |at: i32| at < 0 || at > last;
        if is_out(moved.x) && is_out(moved.z) {
            return None;
        }
        let CellPos { region, cell, .. } = self.shape.fold(CellPos::new(region, lod, moved))?;
        Some((usize::from(region) * self.edge + cell.z as usize) * self.edge + cell.x as usize)
    }
}

impl Grid for GlobeGrid {
    fn len(&self) -> usize {
        6 * self.edge * self.edge
    }

    fn area_m2(&self, node: usize) -> f64 {
        self.areas_m2[node % self.areas_m2.len()]
    }

    #[inline]
    fn for_each_neighbour(&self, node: usize, mut visit: impl FnMut(usize, f64)) {
        let within = node % self.distances_m.len();
        let (column, row) = (within % self.edge, within / self.edge);
        let inside = 1..self.edge - 1;
        let distances = &self.distances_m[within];
        if inside.contains(&column) && inside.contains(&row) {
            for ((across, down), distance) in STEPS.into_iter().zip(distances) {
                let step = down as isize * self.edge as isize + across as isize;
                visit(node.wrapping_add_signed(step), f64::from(*distance));
            }
        } else {
            for (step, distance) in STEPS.into_iter().zip(distances) {
                if let Some(beside) = self.beside(node, step) {
                    visit(beside, f64::from(*distance));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const PLANET: CubeSphere = CubeSphere { radius_m: 6_371_000.0 };

    #[test]
    fn neighbours_on_a_globe_are_mutual_and_as_far_from_either_side() {
        let grid = GlobeGrid::new(PLANET, 16);
        let mut pairs = HashMap::new();
        let mut counts = HashMap::new();
        for node in 0..grid.len() {
            let mut count = 0;
            grid.for_each_neighbour(node, |beside, distance| {
                count += 1;
                assert_ne!(node, beside);
                assert!(pairs.insert((node, beside), distance).is_none(), "met once");
            });
            *counts.entry(count).or_insert(0) += 1;
        }
        assert_eq!(counts, HashMap::from([(8, 6 * 256 - 24), (7, 24)]));
        for (&(one, other), distance) in &pairs {
            let back = pairs[&(other, one)];
            assert!((distance / back - 1.0).abs() < 1e-6, "{one} and {other}: {distance}, {back}");
            let true_distance =
                grid.direction(one).angle_between(grid.direction(other)) * PLANET.radius_m;
            assert!((distance / true_distance - 1.0).abs() < 1e-5, "{distance}, {true_distance}");
        }
    }

    #[test]
    fn the_areas_of_a_globe_add_up_to_that_of_the_sphere() {
        let grid = GlobeGrid::new(PLANET, 64);
        let sum: f64 = (0..grid.len()).map(|node| grid.area_m2(node)).sum();
        let sphere = 4.0 * std::f64::consts::PI * PLANET.radius_m * PLANET.radius_m;
        assert!((sum / sphere - 1.0).abs() < 1e-12, "{sum} is not {sphere}");
    }

    #[test]
    fn a_column_of_the_lattice_lies_in_the_cell_of_its_node() {
        let grid = GlobeGrid::new(PLANET, 32);
        for node in (0..grid.len()).step_by(7) {
            let CellPos { region, lod, cell } = grid.cell(node);
            let voxel = (cell << i32::from(lod)) + 5;
            assert_eq!(grid.node_at(region, voxel.x, voxel.z), node);
            assert_eq!(grid.node_towards(grid.direction(node)), node);
        }
    }
}
