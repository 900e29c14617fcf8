//! Directions: those of the columns of a face, quickly, and what they are in degrees.

use bluemarble_core::{CubeSphere, REGION_EDGE};
use glam::DVec3;

/// Directions on a face, taken apart: tangents are slow, and the columns of a row share one.
#[derive(Clone, Copy)]
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

    /// The directions of places `step` voxels apart, in rows of `width`; `first` is the x and z of the first
    /// one, in steps.
    pub fn rows(&self, first: [f64; 2], width: usize, step: f64) -> DirectionRows {
        let along_x = (0..width).map(|i| self.along_x((first[0] + i as f64) * step)).collect();
        DirectionRows { axes: *self, along_x, first_z: first[1], step }
    }
}

/// Directions of places at even distances, row by row.
pub(super) struct DirectionRows {
    axes: FaceAxes,
    along_x: Vec<DVec3>,
    first_z: f64,
    step: f64,
}

impl DirectionRows {
    /// The unit directions of a row.
    #[inline]
    pub fn row(&self, row: usize) -> impl Iterator<Item = DVec3> {
        let from = self.axes.out + self.axes.along_z((self.first_z + row as f64) * self.step);
        self.along_x.iter().map(move |along| (from + *along).normalize())
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
