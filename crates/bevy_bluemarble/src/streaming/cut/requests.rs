//! What is wanted and not here, and how much.
//!
//! A node is wanted as much as its parent, which is drawn in its place, is too coarse: all eight children are
//! needed before any of them is drawn. What will be wanted below nodes that are still to come is requested with
//! them, one lod ahead, or workers would wait for the next frame after each lod.

use bluemarble_core::ChunkKey;
use bluemarble_terrain::Classification;

use super::{
    Cut, CutChange, Request,
    change::STALE_PRIORITY,
    travel::Travel,
    tree::{Index, State},
};

impl Cut {
    /// All requests, with priorities of this moment.
    pub(super) fn requests(&self) -> impl Iterator<Item = Request> {
        let places = self.requested.iter().filter_map(|&key| self.tree.find(key));
        places.map(|at| self.request_of(at))
    }

    fn request_of(&self, at: Index) -> Request {
        let node = &self.tree[at];
        let (shown, urgency) = match node.parent {
            _ if node.stale => (node, STALE_PRIORITY),
            Some(parent) => (&self.tree[parent], 0.0),
            None => (node, 0.0),
        };
        let priority = (self.sights.iter())
            .map(|sight| shown.extent.error(sight) * shown.extent.focus(sight))
            .fold(0.0, f64::max);
        Request { key: node.key, priority: priority + urgency }
    }

    /// Requests the children of a node that is not drawn yet and will be split when it is.
    pub(super) fn foresee(
        &mut self,
        at: Index,
        classify: &impl Fn(ChunkKey) -> Classification,
        change: &mut CutChange,
    ) {
        if self.tree[at].state == State::Skipped {
            let node = &mut self.tree[at];
            (node.era, node.calm_until) = (self.era, Travel::ENDLESS);
            return;
        }
        let is_split = self.is_split(at);
        self.tree[at].calm_until = self.tree[at].judged_until;
        if !is_split {
            return self.forget_children(at, change);
        }
        for child in self.children(at, classify).into_iter().flatten() {
            if self.tree[child].state == State::Pending {
                self.request(child, change);
            }
        }
    }

    /// Requests a node, unless it is requested already.
    pub(super) fn request(&mut self, at: Index, change: &mut CutChange) {
        if self.requested.insert(self.tree[at].key) {
            change.requests_unsorted.push(self.request_of(at));
        }
    }
}
