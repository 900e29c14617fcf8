//! Where a ray crosses the borders between cells of a region.
//!
//! The cells of a cube-sphere are bounded by planes through the planet's centre (x and z constant) and
//! by spheres around it (y constant), so every crossing is exact: nothing is approximated by short
//! straight pieces. A ray passes the borders of each axis in one order, from one side to the other (y on a
//! planet: down to its lowest point, then up), so a leap over many cells can be made to end in exactly the cell
//! that a walk from cell to cell would be in: the crossings themselves decide where rounding leaves doubt.
//!
//! | file | what it holds |
//! |---|---|
//! | `borders` | [`Crossings`]: what is asked of any shape |
//! | `flat`, `sphere` | the answers of each |
//! | `any` | [`AnyCrossings`]: one of them |

mod any;
mod borders;
mod flat;
mod sphere;

pub use self::{
    any::AnyCrossings,
    borders::{Crossings, Exit, SizedBox},
    flat::FlatCrossings,
    sphere::SphereCrossings,
};
