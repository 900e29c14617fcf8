//! Baselines made of any function of the crate `noise` (cargo feature `noise`).
//!
//! | file | what it holds |
//! |---|---|
//! | `heights` | ground as high as a function of two dimensions says |
//! | `density` | ground wherever a function of three dimensions is above 0 |
//! | `grid` | such a function at every fourth corner of cells, and what lies between |
//! | `sampled` | bounds of a function, estimated |

mod density;
mod grid;
mod heights;
mod sampled;
#[cfg(test)]
mod tests;

pub use density::{DensityBounds, NoiseDensity};
pub use heights::{HeightBounds, HeightScale, NoiseHeights};
