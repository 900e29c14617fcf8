//! How the lattice lies in world space.
//!
//! World space is metres in `f64`. On a planet its origin is the centre, +Y the north pole and +X the
//! crossing of equator and prime meridian; longitude grows towards -Z. In a flat world, world space is
//! the lattice scaled by the voxel edge.
//!
//! | file | what it holds |
//! |---|---|
//! | `any` | [`Shape`]: any of the shapes |
//! | `flat`, `cube_sphere` | the shapes |
//! | `bounds` | [`NodeBounds`]: boxes in world space |
//! | `geographic` | latitude, longitude, altitude |
//! | `ray` | [`Ray`]: a half-line in world space |
//! | `crossings` | where a ray crosses the borders between cells |
//! | `walk` | [`CellWalk`]: the cells along a ray |

mod any;
mod bounds;
mod crossings;
mod cube_sphere;
mod flat;
mod geographic;
mod ray;
mod walk;

pub use self::{
    any::Shape,
    bounds::NodeBounds,
    crossings::{AnyCrossings, Crossings, Cuboid, Exit, FlatCrossings, SphereCrossings},
    cube_sphere::{CubeSphere, EARTH_RADIUS_M},
    flat::Flat,
    geographic::GeoPosition,
    ray::Ray,
    walk::{CellWalk, RayStep},
};

#[cfg(test)]
mod tests;
