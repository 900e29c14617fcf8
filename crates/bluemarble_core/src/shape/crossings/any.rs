//! [`AnyCrossings`]: crossings of any shape.

use glam::{DVec3, IVec3};

use super::{
    borders::{Crossings, SizedBox},
    flat::FlatCrossings,
    sphere::SphereCrossings,
};
use crate::shape::{any::Shape, ray::Ray};

/// Positions this close to a border of a region, in voxels, are only kept from it by rounding.
const BORDER_VOXELS: f64 = 1e-6;

/// [`Crossings`] of any shape.
#[derive(Clone, Copy, Debug)]
pub enum AnyCrossings {
    /// In a flat world.
    Flat(FlatCrossings),
    /// On a planet.
    Sphere(SphereCrossings),
}

impl Crossings for AnyCrossings {
    fn exit_along(&self, axis: usize, within: SizedBox, now_m: f64) -> (f64, i32) {
        match self {
            Self::Flat(crossings) => crossings.exit_along(axis, within, now_m),
            Self::Sphere(crossings) => crossings.exit_along(axis, within, now_m),
        }
    }

    fn coordinate(&self, axis: usize, from: i32, within: SizedBox, at_m: f64, ties: bool) -> i32 {
        match self {
            Self::Flat(crossings) => crossings.coordinate(axis, from, within, at_m, ties),
            Self::Sphere(crossings) => crossings.coordinate(axis, from, within, at_m, ties),
        }
    }
}

/// Rounds down; what no voxel is numbered by comes as the nearest number that there is.
#[inline]
fn floor(lattice: DVec3) -> IVec3 {
    // A cast rounds towards zero; a call of the library's function takes longer.
    let whole = lattice.as_ivec3();
    whole.saturating_sub(IVec3::select(whole.as_dvec3().cmpgt(lattice), IVec3::ONE, IVec3::ZERO))
}

impl Shape {
    /// The crossings of a ray with the borders of a region.
    pub fn crossings(&self, region: u8, ray: &Ray) -> AnyCrossings {
        match self {
            Self::Flat(flat) => AnyCrossings::Flat(FlatCrossings::new(flat, ray)),
            Self::CubeSphere(planet) => {
                AnyCrossings::Sphere(SphereCrossings::new(planet, region, ray))
            }
        }
    }

    /// The voxel, as `region` counts them, in which a ray is at a distance. It may lie outside of the region.
    pub fn voxel_along(&self, ray: &Ray, region: u8, at_m: f64) -> IVec3 {
        let mut lattice = self.lattice_from_local_in(region, ray.at(at_m)).lattice;
        if let Self::Flat(_) = self {
            return floor(lattice);
        }
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
        floor(lattice)
    }
}
