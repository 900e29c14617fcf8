//! Baselines: the procedural sources of a world.

mod baseline;

pub use baseline::{Baseline, Classification};
