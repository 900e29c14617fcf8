//! [`Metric`]: how steps of the lattice lie on the ground.

use bluemarble_core::{ChunkKey, LatticePos, Shape};
use glam::{DMat2, DVec2, DVec3, dvec3};

/// Two level unit directions at a place, and what a step of one cell along the lattice's x and z is in them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metric {
    /// Metres along the two tangents for steps of a cell along x and along z, as columns.
    pub metres_from_cells: DMat2,
    pub cells_from_metres: DMat2,
    /// The planet's radius in metres; infinite on a plane.
    pub radius_m: f64,
}

impl Metric {
    /// At a place of a chunk, in cells from its corner along x and z, at sea level.
    pub fn at(shape: &Shape, key: ChunkKey, [x, z]: [f64; 2]) -> Self {
        let cell = f64::from(key.cell_voxels());
        let corner = key.min_voxel().as_dvec3();
        let world = |x: f64, z: f64| {
            let sea_y = f64::from(shape.sea_level_y());
            shape.local_from_lattice(LatticePos::new(
                key.region,
                dvec3(corner.x + x * cell, sea_y, corner.z + z * cell),
            ))
        };
        let up = shape.up(world(x, z));
        let axis = shape.x_axis(key.region);
        let first = (axis - up * axis.dot(up)).normalize_or(DVec3::X);
        let second = first.cross(up);
        let flat = |step: DVec3| DVec2::new(step.dot(first), step.dot(second));
        let metres_from_cells = DMat2::from_cols(
            flat(world(x + 0.5, z) - world(x - 0.5, z)),
            flat(world(x, z + 0.5) - world(x, z - 0.5)),
        );
        let radius_m = match shape {
            Shape::CubeSphere(sphere) => sphere.radius_m,
            Shape::Flat(_) => f64::INFINITY,
        };
        Self { metres_from_cells, cells_from_metres: metres_from_cells.inverse(), radius_m }
    }

    /// Between two places.
    pub fn lerp(t: f64, a: &Self, b: &Self) -> Self {
        let mix = |a: DMat2, b: DMat2| a + (b - a) * t;
        Self {
            metres_from_cells: mix(a.metres_from_cells, b.metres_from_cells),
            cells_from_metres: mix(a.cells_from_metres, b.cells_from_metres),
            radius_m: a.radius_m,
        }
    }

    /// The gradient of a height along the two tangents, from its rises in metres a cell along x and z.
    pub fn gradient(&self, rises_m: DVec2) -> DVec2 {
        self.cells_from_metres.transpose() * rises_m
    }
}
