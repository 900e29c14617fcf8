//! Exact walks of a ray through the cells of a region.
//!
//! The walk of Amanatides and Woo ("A Fast Voxel Traversal Algorithm for Ray Tracing", 1987) carries over
//! to a planet unchanged once the next crossing along each axis is computed from the surfaces that bound
//! its cells ([`Crossings`]): no cell is missed and none is visited twice.

use glam::IVec3;

use super::{
    any::Shape,
    crossings::{AnyCrossings, Crossings, SizedBox},
    ray::Ray,
};
use crate::key::Face;

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
    crossings: AnyCrossings,
    lod: u8,
    next: RayStep,
}

impl Shape {
    /// Walks the cells of `lod` along a ray as `region` counts them, from `start_m` on.
    ///
    /// The walk does not end by itself and, on a planet, has a meaning only on the region's side of the
    /// globe: the caller bounds it.
    pub fn walk(&self, ray: Ray, region: u8, lod: u8, start_m: f64) -> CellWalk {
        let cell = self.voxel_along(&ray, region, start_m) >> i32::from(lod);
        let next = RayStep { cell, entered: None, enter_m: start_m };
        CellWalk { crossings: self.crossings(region, &ray), lod, next }
    }
}

impl Iterator for CellWalk {
    type Item = RayStep;

    fn next(&mut self) -> Option<RayStep> {
        let current = self.next;
        // Far outside of every region positions have no meaning and may be anything.
        let min = current.cell.wrapping_mul(IVec3::splat(1 << self.lod));
        let exit = self
            .crossings
            .exit(SizedBox { min, size: IVec3::splat(1 << self.lod) }, current.enter_m);
        let cell = &mut self.next.cell[exit.axis];
        *cell = cell.wrapping_add(exit.step);
        self.next.entered = Some(Face::ALL[exit.axis * 2 + usize::from(exit.step < 0)]);
        // Rounding may put a crossing a hair before the last one; distances never run backwards.
        self.next.enter_m = exit.at_m.max(current.enter_m);
        Some(current)
    }
}
