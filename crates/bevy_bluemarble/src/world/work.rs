//! What works on a world in the background: who does, and how it has ended.

use std::sync::Arc;

use bluemarble_core::ChunkKey;
use bluemarble_world::{CheckpointReport, WorldError};

/// Tells how many hold it.
#[derive(Clone, Debug, Default)]
pub(crate) struct WorkToken(Arc<()>);

impl WorkToken {
    /// Whether no more than so many hold it, this one included.
    pub fn is_held_by(&self, holders: usize) -> bool {
        Arc::strong_count(&self.0) <= holders
    }
}

/// How a piece of work has ended.
pub(super) enum Done {
    /// Coarser chunks were brought up to date.
    Rebuilt(Vec<ChunkKey>),
    Saved(Result<CheckpointReport, WorldError>),
}
