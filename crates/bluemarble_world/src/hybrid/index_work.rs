//! What is counted of the work on the index.

use std::sync::{Mutex, atomic::AtomicU64};

use bluemarble_core::ChunkKey;
use serde::Serialize;

/// How the index stands. It is derived from the chunks: no answer depends on it, only how fast it comes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IndexStatistics {
    /// Nodes of the octree.
    pub nodes: usize,
    /// Nodes with a summary of their own chunk.
    pub summaries: usize,
    /// Leaves of the R-tree: chunks that are not all air.
    pub leaves: usize,
    /// Chunks that wait to be looked at.
    pub waiting: usize,
    /// Chunks that a worker looks at now.
    pub claimed: usize,
    /// Chunks that could not be read and rest before they are tried again.
    pub resting: usize,
    /// Looks since the world was opened.
    pub looks: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// What was wrong the last time.
    pub last_error: Option<String>,
    /// No chunk waits that was edited by a batch up to this one; 0 until the index was asked for the first time.
    pub lsn: u64,
    /// The last batch of the log.
    pub newest_lsn: u64,
}

/// What is counted of the work on the index.
#[derive(Debug, Default)]
pub(super) struct IndexWork {
    pub looks: AtomicU64,
    pub failures: AtomicU64,
    pub last_error: Mutex<Option<String>>,
    pub lsn: AtomicU64,
    /// Chunks that queries had to do without.
    pub wanted: Mutex<Vec<ChunkKey>>,
}
