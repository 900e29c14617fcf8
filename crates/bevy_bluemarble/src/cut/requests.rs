//! [`Request`]: what is wanted and not here, and how much.

use bluemarble_core::ChunkKey;

use super::{Cut, CutChange, tree::Index};

/// Added to the priority of what is drawn and wrong: it comes before what is only too coarse.
const STALE_PRIORITY: f64 = 1e12;

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

impl Cut {
    /// All requests, with priorities of this moment.
    pub(super) fn requests(&self) -> impl Iterator<Item = Request> {
        let places = self.requested.iter().filter_map(|&key| self.tree.find(key));
        places.map(|at| self.request_of(at))
    }

    fn request_of(&self, at: Index) -> Request {
        let node = &self.tree[at];
        let urgency = if node.stale { STALE_PRIORITY } else { 0.0 };
        let priority = (self.sights.iter())
            .map(|sight| node.extent.error(sight) * node.extent.focus(sight))
            .fold(0.0, f64::max);
        Request { key: node.key, priority: priority + urgency }
    }

    /// Requests a node, unless it is requested already.
    pub(super) fn request(&mut self, at: Index, change: &mut CutChange) {
        if self.requested.insert(self.tree[at].key) {
            change.requests_unsorted.push(self.request_of(at));
        }
    }
}
