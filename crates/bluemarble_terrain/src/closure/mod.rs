//! Baselines made of a game's own functions.

mod ground;
mod voxels;

pub use ground::{Ground, GroundClosure};
pub use voxels::VoxelClosure;
