//! [`Cap`]: the part of the globe that the columns of a box lie in.

use bluemarble_core::CubeSphere;
use glam::DVec3;

/// A spherical cap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cap {
    /// A unit direction.
    pub middle: DVec3,
    /// No place of the cap is farther from the middle: a chord of the unit sphere.
    pub radius: f64,
}

impl Cap {
    /// A cap around some columns of a region, in voxels (min x, min z, max x, max z), and all that lies up to
    /// `reach` voxels beside them.
    pub fn around(sphere: CubeSphere, region: u8, columns: [i64; 4], reach: i32) -> Self {
        let reach = f64::from(reach);
        let [x0, z0, x1, z1] = columns.map(|v| v as f64);
        let (x0, z0, x1, z1) = (x0 - reach, z0 - reach, x1 + reach, z1 + reach);
        let direction = |x: f64, z: f64| sphere.direction(region, x, z);
        let middle = direction((x0 + x1) * 0.5, (z0 + z1) * 0.5);
        // Lattice lines are great circles, so no place of the box is farther than a corner.
        let corners = [(x0, z0), (x1, z0), (x0, z1), (x1, z1)];
        let radius =
            corners.into_iter().map(|(x, z)| direction(x, z).distance(middle)).fold(0.0, f64::max);
        Self { middle, radius: radius * 1.000_001 + 1e-12 }
    }
}
