//! The one door to a world: read, edit, query, pick.
//!
//! ```text
//! read:   edits in memory -> cache -> store -> baseline
//! edit:   plan (voxels to chunks) -> chunks of lod 0 -> memory; flush carries them into the store
//! rebuild: changed chunks -> their parents, lod by lod, until nothing changes any more
//! ```
//!
//! | room | what it holds |
//! |---|---|
//! | [`hybrid`] | [`HybridWorld`]: everything a world answers |
//! | [`plan`] | which cells of which chunks a batch touches |
//! | [`downsampled`] | the exact rule that carries an edit from children to their parent |
//! | [`pick`] | [`pick::first_hit`]: the first cell of a chunk that a ray hits |
//! | [`statistics`] | what a world has done and holds |
//!
//! Every future here runs on any executor and does its work inline: poll it on a worker thread, never
//! on the main thread.

pub mod downsampled;
mod error;
pub mod hybrid;
pub mod pick;
pub mod plan;
pub mod statistics;

pub use bluemarble_core::{Cause, Edit, EditBatch, EditOp};
pub use error::WorldError;
pub use hybrid::{EditReport, FlushReport, HybridWorld};
pub use pick::VoxelHit;
pub use statistics::WorldStatistics;
