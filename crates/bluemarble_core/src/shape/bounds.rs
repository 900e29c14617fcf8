//! [`NodeBounds`]: a box in local space around what a node covers.

use glam::{DMat3, DVec3};

use super::ray::Ray;

/// A box in local space, turned so that its axes follow the lattice at its centre.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NodeBounds {
    /// Centre in metres.
    pub centre: DVec3,
    /// Columns are the unit directions of x, y (up) and z of the lattice at the centre.
    pub axes: DMat3,
    /// Half of the edge lengths along those directions, in metres.
    pub half_extent_m: DVec3,
}

impl NodeBounds {
    /// Distance from a point to the box in metres, 0 inside.
    pub fn distance_m(&self, point: DVec3) -> f64 {
        let local = (self.axes.transpose() * (point - self.centre)).abs();
        (local - self.half_extent_m).max(DVec3::ZERO).length()
    }

    /// Half of the edge lengths of the axis-aligned box around this box.
    pub fn aligned_half_extent_m(&self) -> DVec3 {
        let m = self.axes;
        m.x_axis.abs() * self.half_extent_m.x
            + m.y_axis.abs() * self.half_extent_m.y
            + m.z_axis.abs() * self.half_extent_m.z
    }

    /// Where a ray enters and leaves the box, in metres along it; `None` if it misses or lies behind.
    pub fn ray_span_m(&self, ray: &Ray) -> Option<(f64, f64)> {
        let into_box = self.axes.transpose();
        let origin = into_box * (ray.origin - self.centre);
        let direction = into_box * ray.direction;
        let (mut enter, mut leave) = (0.0f64, f64::INFINITY);
        for axis in 0..3 {
            let (o, d, half) = (origin[axis], direction[axis], self.half_extent_m[axis]);
            if d.abs() < 1e-12 {
                if o.abs() > half {
                    return None;
                }
                continue;
            }
            let (a, b) = ((-half - o) / d, (half - o) / d);
            enter = enter.max(a.min(b));
            leave = leave.min(a.max(b));
        }
        (enter <= leave).then_some((enter, leave))
    }
}
