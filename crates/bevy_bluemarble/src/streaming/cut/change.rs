//! [`Request`] and [`CutChange`]: what a cut asks for, and what it changes.

use bluemarble_core::{ChunkKey, MAX_LOD};

/// Added to the priority of what is drawn and wrong: it comes before what is only too coarse.
pub(super) const STALE_PRIORITY: f64 = 1e12;

/// A node that is wanted and not here, or here and out of date.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Request {
    /// The node.
    pub key: ChunkKey,
    /// Larger is sooner.
    pub priority: f64,
}

impl Request {
    /// Whether what is drawn is out of date.
    pub fn is_urgent(&self) -> bool {
        self.priority >= STALE_PRIORITY
    }
}

/// What an update asks for.
#[derive(Debug, Default)]
pub struct CutChange {
    /// What is wanted and not here, in no fixed order.
    pub requests_unsorted: Vec<Request>,
    /// Whether these are all requests, and earlier ones are void; else they come in addition.
    pub replaces_requests: bool,
    /// Earlier requests of nodes that are no longer wanted.
    pub withdrawn: Vec<ChunkKey>,
    /// Nodes that are drawn from now on.
    pub shown: Vec<ChunkKey>,
    /// Nodes that are no longer drawn.
    pub hidden: Vec<ChunkKey>,
    /// Nodes that are forgotten.
    pub dropped: Vec<ChunkKey>,
}

/// Counts of nodes by lod.
pub type PerLod = [u64; MAX_LOD as usize + 1];
