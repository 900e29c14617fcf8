//! Directions: those of the columns of a face, quickly, and what they are in degrees.

use bluemarble_core::{CubeSphere, REGION_EDGE};
use glam::DVec3;

/// Directions on a face, taken apart: tangents are slow, and the columns of a row share one.
pub(super) struct FaceAxes {
    sphere: CubeSphere,
    region: u8,
    pub out: DVec3,
}

impl FaceAxes {
    const MIDDLE: f64 = REGION_EDGE as f64 * 0.5;

    pub fn new(sphere: CubeSphere, region: u8) -> Self {
        Self { sphere, region, out: sphere.direction(region, Self::MIDDLE, Self::MIDDLE) }
    }

    /// From the middle of the face, at distance 1, to where the plane of an x lies.
    pub fn along_x(&self, x: f64) -> DVec3 {
        let direction = self.sphere.direction(self.region, x, Self::MIDDLE);
        direction / direction.dot(self.out) - self.out
    }

    pub fn along_z(&self, z: f64) -> DVec3 {
        let direction = self.sphere.direction(self.region, Self::MIDDLE, z);
        direction / direction.dot(self.out) - self.out
    }
}

/// Latitude and longitude in degrees of a unit direction.
pub(super) fn lat_lon_deg(direction: DVec3) -> [f64; 2] {
    [
        direction
            .y
            .atan2((direction.x * direction.x + direction.z * direction.z).sqrt())
            .to_degrees(),
        (-direction.z).atan2(direction.x).to_degrees(),
    ]
}
