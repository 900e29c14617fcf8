//! [`Ray`]: a half-line in space.

use glam::DVec3;

/// A half-line: in the local space of a world, unless whatever takes it says otherwise.
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
