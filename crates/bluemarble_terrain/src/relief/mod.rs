//! [`Relief`]: how the ground of a chunk lies, for shading: which way it faces, how much of the sky it sees,
//! and how high the horizon stands around it.
//!
//! | file | what it holds |
//! |---|---|
//! | `nodes` | at how many places of a chunk it is told |
//! | `metric` | directions along the ground in which all of this is told |
//! | `heights` | heights around a chunk, coarser the farther away |
//! | `normals` | the way the ground faces |
//! | `horizons` | how high the horizon stands in sixteen directions |
//! | `words` | all of it in the words that a renderer wants |
//! | `cache` | reliefs and heights of late |
//!
//! Cubes have no slopes, so a hill of cubes is lit like a plain with contour lines drawn on it. What is here
//! lets a renderer light the hill that the cubes stand for.

mod cache;
mod heights;
mod horizons;
mod metric;
mod nodes;
mod normals;
mod words;

pub(crate) use cache::{ReliefCache, make};
pub(crate) use heights::PackedHeights;
pub use nodes::{HORIZON_DIRECTIONS, HORIZON_NODES, NORMAL_NODES};
pub use words::Relief;
