//! Baselines made of a game's own functions.

mod ground;
mod heights;
mod points;
mod voxels;

pub use ground::Ground;
pub use heights::GroundClosure;
#[cfg(feature = "noise")]
pub(crate) use points::{check_bounds_m, columns_at_points};
pub use voxels::VoxelClosure;
