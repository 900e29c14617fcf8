//! [`SphereCrossings`]: on a planet.

use glam::DVec3;

use super::borders::{Crossings, SizedBox, settle};
use crate::shape::{
    cube_sphere::{self, CubeSphere},
    ray::Ray,
};

/// A ray that nears a plane by less than this per metre does not meet it within a planet's reach.
const PARALLEL: f64 = 1e-12;
/// A crossing may seem to lie this much, in metres, behind the place that the ray has reached.
const BEHIND_M: f64 = 1e-6;

/// On a planet, in one region. Has a meaning only on the region's side of the globe.
#[derive(Clone, Copy, Debug)]
pub struct SphereCrossings {
    planet: CubeSphere,
    ray: Ray,
    /// Of x and of z: the axis' part of the origin and of the direction.
    along: [(f64, f64); 2],
    /// The outward part of the same.
    out: (f64, f64),
    /// Which way x and z go.
    steps: [i32; 2],
    /// Where the ray is nearest to the centre, in metres along it.
    lowest_m: f64,
    origin_radius_m: f64,
}

impl SphereCrossings {
    /// The crossings of a ray with the borders of a region.
    pub fn new(planet: &CubeSphere, region: u8, ray: &Ray) -> Self {
        let (axis_x, out, axis_z) = cube_sphere::face_axes(region);
        let parts = |axis: DVec3| (axis.dot(ray.origin), axis.dot(ray.direction));
        let (along, out) = ([parts(axis_x), parts(axis_z)], parts(out));
        // Seen from the planet's centre the ray turns one way only.
        let step = |along: (f64, f64)| if along.1 * out.0 - along.0 * out.1 > 0.0 { 1 } else { -1 };
        Self {
            planet: *planet,
            ray: *ray,
            along,
            out,
            steps: along.map(step),
            lowest_m: -ray.origin.dot(ray.direction),
            origin_radius_m: ray.origin.length(),
        }
    }

    /// The crossing with a border of constant x (0) or z (1); infinite if there is none ahead.
    #[inline]
    fn plane_m(&self, which: usize, border: i32) -> f64 {
        let (sin, cos) = cube_sphere::angle_of(f64::from(border)).sin_cos();
        let (origin, direction) = self.along[which];
        let height = origin * cos - self.out.0 * sin;
        let speed = direction * cos - self.out.1 * sin;
        let is_ahead = speed * f64::from(self.steps[which]) > PARALLEL;
        if is_ahead { -height / speed } else { f64::INFINITY }
    }

    /// The crossing with a border of constant y on the way down or up; `None` if the ray stays above.
    #[inline]
    fn sphere_m(&self, border: i32, is_up: bool) -> Option<f64> {
        let radius_m = self.planet.radius_of(f64::from(border));
        // (|o| - r)(|o| + r) keeps the digits that |o|² - r² loses.
        let beyond = (self.origin_radius_m - radius_m) * (self.origin_radius_m + radius_m);
        let discriminant = self.lowest_m * self.lowest_m - beyond;
        (radius_m >= 0.0 && discriminant >= 0.0).then(|| {
            let half_m = discriminant.sqrt();
            if is_up { self.lowest_m + half_m } else { self.lowest_m - half_m }
        })
    }
}

impl Crossings for SphereCrossings {
    #[inline]
    fn exit_along(&self, axis: usize, within: SizedBox, now_m: f64) -> (f64, i32) {
        let (min, max) = (within.min[axis], within.min[axis].wrapping_add(within.size[axis]));
        if axis != 1 {
            let step = self.steps[axis / 2];
            return (self.plane_m(axis / 2, if step > 0 { max } else { min }), step);
        }
        if now_m < self.lowest_m
            && let Some(at_m) = self.sphere_m(min, false)
            && at_m >= now_m - BEHIND_M
        {
            return (at_m, -1);
        }
        (self.sphere_m(max, true).unwrap_or(f64::INFINITY), 1)
    }

    fn coordinate(&self, axis: usize, from: i32, within: SizedBox, at_m: f64, ties: bool) -> i32 {
        let (min, max) = (within.min[axis], within.min[axis] + within.size[axis]);
        let is_made = |crossing_m: f64| crossing_m < at_m || ties && crossing_m == at_m;
        if axis != 1 {
            let (origin, direction) = self.along[axis / 2];
            let depth = self.out.0 + self.out.1 * at_m;
            let position = cube_sphere::lattice_of((origin + direction * at_m).atan2(depth));
            let crossed = |border| is_made(self.plane_m(axis / 2, border));
            return settle(position, (min, max), from, self.steps[axis / 2], crossed);
        }
        let position = self.planet.lattice_y(self.ray.at(at_m));
        if at_m < self.lowest_m {
            let crossed = |border| self.sphere_m(border, false).is_some_and(is_made);
            settle(position, (min, max), from, -1, crossed)
        } else {
            // On the way down it may have been lower than it is now.
            let crossed = |border| self.sphere_m(border, true).is_none_or(is_made);
            settle(position, (min, max), min, 1, crossed)
        }
    }
}
