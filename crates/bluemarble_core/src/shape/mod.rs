//! How the lattice lies in local space.
//!
//! Local space is that of one world alone, in metres as `f64`; where worlds move and turn, something else leads from it to
//! the world space that they share. On a planet its origin is the centre, +Y the north pole and +X the
//! crossing of equator and prime meridian; longitude grows towards -Z. In a flat world, local space is
//! the lattice scaled by the voxel edge.
//!
//! | file | what it holds |
//! |---|---|
//! | `any` | [`Shape`]: any of the shapes |
//! | `flat`, `cube_sphere` | the shapes |
//! | `bounds` | [`NodeBounds`]: boxes in local space |
//! | `geographic` | latitude, longitude, altitude |
//! | `ray` | [`Ray`]: a half-line in local space |
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
    crossings::{AnyCrossings, Crossings, Exit, FlatCrossings, SizedBox, SphereCrossings},
    cube_sphere::{CubeSphere, EARTH_RADIUS_M},
    flat::Flat,
    geographic::GeoPosition,
    ray::Ray,
    walk::{CellWalk, RayStep},
};

#[cfg(test)]
mod tests;
