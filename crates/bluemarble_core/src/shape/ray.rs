//! Exact walks of a ray through the cells of a region.
//!
//! The cells of a cube-sphere are bounded by planes through the planet's centre (x and z constant) and
//! by spheres around it (y constant). The walk of Amanatides and Woo ("A Fast Voxel Traversal Algorithm
//! for Ray Tracing", 1987) carries over unchanged once the next crossing along each axis is computed
//! from these surfaces instead of from parallel planes: no cell is missed and none is visited twice.

use glam::{DVec3, IVec3};

use super::{CubeSphere, Shape, cube_sphere};
use crate::key::Face;

/// Positions this close to a border of a region, in voxels, are only kept from it by rounding.
const BORDER_VOXELS: f64 = 1e-6;
/// A ray that nears a plane by less than this per metre does not meet it within a planet's reach.
const PARALLEL: f64 = 1e-12;

/// A half-line in world space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ray {
    /// Where it starts, in metres.
    pub origin: DVec3,
    /// Unit direction.
    pub direction: DVec3,
}

impl Ray {
    /// The point `distance_m` along the ray.
    pub fn at(&self, distance_m: f64) -> DVec3 {
        self.origin + self.direction * distance_m
    }
}

/// One cell on the way of a ray.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RayStep {
    /// The cell, counted in cells of the walk's lod from the lattice origin of the region.
    pub cell: IVec3,
    /// The side through which the ray came in; `None` for the cell it started in.
    pub entered: Option<Face>,
    /// Where it came in, in metres along the ray.
    pub enter_m: f64,
}

/// An endless walk through the cells of one lod in one region; see [`Shape::walk`].
#[derive(Clone, Debug)]
pub struct CellWalk {
    shape: Shape,
    region: u8,
    cell_voxels: f64,
    ray: Ray,
    next: RayStep,
}

impl Shape {
    /// Walks the cells of `lod` along a ray as `region` counts them, from `start_m` on.
    ///
    /// The walk does not end by itself and, on a planet, has a meaning only on the region's side of the
    /// globe: the caller bounds it.
    pub fn walk(&self, ray: Ray, region: u8, lod: u8, start_m: f64) -> CellWalk {
        let cell_voxels = f64::from(1u32 << lod);
        let mut lattice = self.from_world_in(region, ray.at(start_m));
        // A ray along the border of two regions must not fall between them.
        let around = self.region_box();
        for axis in [0, 2] {
            let (low, high) = (f64::from(around.min[axis]), f64::from(around.max[axis]));
            if (low - BORDER_VOXELS..low).contains(&lattice[axis]) {
                lattice[axis] = low;
            } else if (high..high + BORDER_VOXELS).contains(&lattice[axis]) {
                lattice[axis] = high - BORDER_VOXELS;
            }
        }
        let next = RayStep {
            cell: (lattice / cell_voxels).floor().as_ivec3(),
            entered: None,
            enter_m: start_m,
        };
        CellWalk { shape: *self, region, cell_voxels, ray, next }
    }
}

impl CellWalk {
    /// The next crossing of a border of constant x (axis 0) or z (axis 2): distance and direction.
    fn plane_crossing(&self, axis: usize) -> (f64, i32) {
        let (axis_x, out, axis_z) = cube_sphere::face_axes(self.region);
        let along = if axis == 0 { axis_x } else { axis_z };
        let border = |cell: i32| {
            let (sin, cos) = cube_sphere::angle_of(f64::from(cell) * self.cell_voxels).sin_cos();
            let normal = along * cos - out * sin;
            (normal.dot(self.ray.origin), normal.dot(self.ray.direction))
        };
        // Seen from the planet's centre the ray turns one way only, so just one of the two borders can be ahead.
        let (origin, direction) = (self.ray.origin, self.ray.direction);
        let turn = along.dot(direction) * out.dot(origin) - along.dot(origin) * out.dot(direction);
        let step = if turn > 0.0 { 1 } else { -1 };
        let (height, speed) = border(self.next.cell[axis] + i32::from(turn > 0.0));
        let is_ahead = speed * f64::from(step) > PARALLEL;
        (if is_ahead { -height / speed } else { f64::INFINITY }, step)
    }

    /// The next crossing of a sphere of constant y: distance and direction.
    fn sphere_crossing(&self, planet: &CubeSphere) -> (f64, i32) {
        let along = self.ray.origin.dot(self.ray.direction);
        let origin_radius = self.ray.origin.length();
        let crossing = |cell: i32, sign: f64| {
            let radius = planet.radius_of(f64::from(cell) * self.cell_voxels);
            // (|o| - r)(|o| + r) keeps the digits that |o|² - r² loses.
            let discriminant = along * along - (origin_radius - radius) * (origin_radius + radius);
            (discriminant >= 0.0).then(|| -along + sign * discriminant.sqrt())
        };
        let cell = self.next.cell.y;
        if self.next.enter_m < -along
            && let Some(distance) = crossing(cell, -1.0)
            && distance >= self.next.enter_m - 1e-6
        {
            return (distance, -1);
        }
        (crossing(cell + 1, 1.0).unwrap_or(f64::INFINITY), 1)
    }

    fn crossing(&self, axis: usize) -> (f64, i32) {
        match &self.shape {
            Shape::CubeSphere(planet) if axis == 1 => self.sphere_crossing(planet),
            Shape::CubeSphere(_) => self.plane_crossing(axis),
            Shape::Flat(flat) => {
                let speed = self.ray.direction[axis];
                let step = if speed > 0.0 { 1 } else { -1 };
                let border = self.next.cell[axis] + i32::from(speed > 0.0);
                let distance_m =
                    f64::from(border) * self.cell_voxels * flat.voxel_m - self.ray.origin[axis];
                (if speed == 0.0 { f64::INFINITY } else { distance_m / speed }, step)
            }
        }
    }
}

impl Iterator for CellWalk {
    type Item = RayStep;

    fn next(&mut self) -> Option<RayStep> {
        let current = self.next;
        let crossings = [0, 1, 2].map(|axis| self.crossing(axis));
        let axis = (0..3).min_by(|&a, &b| crossings[a].0.total_cmp(&crossings[b].0))?;
        let (distance, step) = crossings[axis];
        self.next.cell[axis] += step;
        self.next.entered = Some(Face::ALL[axis * 2 + usize::from(step < 0)]);
        // Rounding may put a crossing a hair before the last one; distances never run backwards.
        self.next.enter_m = distance.max(current.enter_m);
        Some(current)
    }
}
