//! Plates drift on a planet: crust is made where they part, and goes under or piles up where they meet.
//!
//! | module | what it holds |
//! |---|---|
//! | `motion` | [`Motion`]: a plate turns about a pole (Euler's theorem) |
//! | `plates` | [`PlateSet`]: the plates of a planet, read from a file |
//! | `crust` | [`Crust`]: what a plate is made of, and how high it stands |
//! | `moving` | a plate, and its crust on a grid that turns with it |
//! | `drift` | [`Drift`]: plates in motion |

mod crust;
mod drift;
mod motion;
mod moving;
mod plates;

pub use crust::{Crust, CrustKind, ocean_age_myr, ocean_depth_m};
pub use drift::{Drift, DriftMap, DriftStep};
pub use motion::Motion;
pub use plates::{Plate, PlateSet, PlateSetError};

#[cfg(test)]
mod tests;
