//! Which cells of which chunks a batch touches.
//!
//! A plan is made, and everything wrong with a batch found, before a single voxel is read.
//!
//! | module | what it holds |
//! |---|---|
//! | `planner` | [`plan`]: a batch is checked, and taken apart into strokes on chunks |
//! | `stroke` | [`Stroke`]: what is done to one chunk in one step; [`apply`] does it |
//! | `listed` | single cells and columns of many chunks, sorted by their chunk |
//! | `chunk_cell` | [`chunk_cell()`]: which cell of which chunk a voxel is, also beyond a side of its region |

mod chunk_cell;
mod listed;
mod planner;
mod stroke;

pub use chunk_cell::chunk_cell;
pub use planner::{MAX_CHUNKS, Plan, plan};
pub use stroke::{Stroke, apply};

#[cfg(test)]
mod tests;
