//! Cut selection: which nodes are drawn, which are wanted.
//!
//! Pure bookkeeping without engine, disk or clock: views and arrivals go in, requests and swaps come
//! out. A node is split while the error of its cells on screen exceeds what the viewer allows; split
//! and merge thresholds differ so that a viewer on the edge does not make nodes flip. A node gives way
//! only when all eight children are drawable, and children are drawn until their parent is: the drawn
//! set covers everything at every moment and never covers anything twice.
//!
//! An update looks at the nodes around what has arrived, and at those that the views have come far
//! enough to change something about: every decision is made together with the way that it holds for.

mod change;
mod progress;
mod requests;
mod sight;
#[cfg(test)]
mod tests;
mod travel;
mod tree;

use bluemarble_core::{ChunkKey, Face, Shape};
use bluemarble_terrain::Classification;
use rustc_hash::FxHashSet;

pub use self::{
    change::{CutChange, PerLod, Request},
    progress::AreaProgress,
    sight::View,
};
use self::{
    sight::{Sight, Verdict},
    travel::Travel,
    tree::{Index, State, Tree},
};

/// Merge below this share of the split threshold.
const MERGE_SHARE: f64 = 0.8;
/// While a view moves, the priorities of all requests are computed anew once in this number of updates.
const UPDATES_PER_PRIORITY: u32 = 8;

/// The drawn part of the octree and what hangs above it.
#[derive(Debug)]
pub struct Cut {
    shape: Shape,
    tree: Tree,
    roots: Vec<Index>,
    drawn: FxHashSet<ChunkKey>,
    views: Vec<View>,
    sights: Vec<Sight>,
    /// The longest ways of any view in this era.
    travelled: Travel,
    /// Changes when everything must be looked at.
    era: u64,
    /// Updates with a moving view since all priorities were right.
    updates_moved: u32,
    /// Nodes that something has happened to since the last update.
    touched: Vec<ChunkKey>,
    /// What is requested and has not arrived.
    requested: FxHashSet<ChunkKey>,
    /// Errors are divided by this.
    coarseness: f64,
    /// Decisions ever made whether a node is split.
    pub judged: u64,
    /// Nodes ever asked about, by lod.
    pub asked: PerLod,
    /// Of these, the ones skipped because their baseline is uniform or solid.
    pub skipped: PerLod,
}

impl Cut {
    /// An empty cut of a world.
    pub fn new(shape: Shape) -> Self {
        Self {
            shape,
            tree: Tree::default(),
            roots: Vec::new(),
            drawn: FxHashSet::default(),
            views: Vec::new(),
            sights: Vec::new(),
            travelled: Travel::NONE,
            era: 1,
            updates_moved: 0,
            touched: Vec::new(),
            requested: FxHashSet::default(),
            coarseness: 1.0,
            judged: 0,
            asked: PerLod::default(),
            skipped: PerLod::default(),
        }
    }

    /// Nodes drawn now, those that show nothing included.
    pub fn drawn(&self) -> &FxHashSet<ChunkKey> {
        &self.drawn
    }

    /// Nodes known, drawn or not.
    pub fn len(&self) -> usize {
        self.tree.len()
    }

    /// Whether a node is still wanted.
    pub fn wants(&self, key: ChunkKey) -> bool {
        self.tree.find(key).is_some_and(|at| self.tree[at].is_wanted())
    }

    /// By this factor nodes may be coarser than their viewers allow; 1 at first.
    pub fn set_coarseness(&mut self, coarseness: f64) {
        if self.coarseness != coarseness {
            self.coarseness = coarseness;
            self.begin_era();
        }
    }

    /// Notes that a node can be drawn now; false if it is no longer wanted.
    pub fn arrived(&mut self, key: ChunkKey) -> bool {
        let Some(at) = self.tree.find(key) else { return false };
        let node = &mut self.tree[at];
        if node.state == State::Pending {
            self.touched.push(key.parent().unwrap_or(key));
        }
        node.state = State::Drawable;
        node.stale = false;
        self.requested.remove(&key);
        true
    }

    /// Notes that a request has come to nothing: the node is requested again if it is still wanted.
    pub fn unanswered(&mut self, key: ChunkKey) {
        if let Some(at) = self.tree.find(key) {
            self.requested.remove(&key);
            let waiting = self.tree[at].state == State::Pending;
            self.touched.push(key.parent().filter(|_| waiting).unwrap_or(key));
        }
    }

    /// Marks what shows an edited chunk as out of date: the node itself, the six beside it, and the
    /// claim of every node above them that there is nothing to show. What is drawn stays until its
    /// successor is here.
    pub fn edited(&mut self, key: ChunkKey) {
        let beside = Face::ALL.into_iter().filter_map(|face| self.shape.neighbour(key, face));
        for touched in beside.chain([key]).collect::<Vec<_>>() {
            if let Some(at) = self.tree.find(touched) {
                let node = &mut self.tree[at];
                node.stale |= node.state != State::Pending;
                self.touched.push(touched);
            }
            let mut above = Some(touched);
            while let Some(key) = above {
                if let Some(at) = self.tree.find(key)
                    && self.tree[at].state == State::Skipped
                {
                    // It showed nothing, so it can go on being drawn as nothing until its turn.
                    self.tree[at].state = State::Drawable;
                    self.touched.push(key);
                }
                above = key.parent();
            }
        }
    }

    /// Selects the cut for these views. Without a view nothing changes.
    pub fn update(
        &mut self,
        views: &[View],
        classify: impl Fn(ChunkKey) -> Classification,
    ) -> CutChange {
        let mut change = CutChange::default();
        if views.is_empty() {
            return change;
        }
        if self.roots.is_empty() {
            let roots = self.shape.roots();
            self.roots = roots.into_iter().map(|key| self.new_node(key, None, &classify)).collect();
        }
        self.follow(views);
        for at in self.roots.clone() {
            if self.is_due(at, self.tree[at].calm_until) {
                self.visit_if_here(at, &classify, &mut change);
            }
        }
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable_by_key(|key| std::cmp::Reverse(key.lod));
        for key in touched {
            if let Some(at) = self.tree.find(key)
                && (self.tree[at].is_live || self.tree[at].parent.is_none())
            {
                self.visit_if_here(at, &classify, &mut change);
                self.tell_above(at);
            }
        }
        if self.updates_moved >= UPDATES_PER_PRIORITY {
            self.updates_moved = 0;
            change.replaces_requests = true;
            change.requests_unsorted = self.requests().collect();
        } else if !change.withdrawn.is_empty() {
            // A node may have been requested and forgotten in the same update, or the other way round.
            change.requests_unsorted.retain(|request| self.requested.contains(&request.key));
            change.withdrawn.retain(|key| !self.requested.contains(key));
        }
        change
    }

    /// Takes note of where the views are now.
    fn follow(&mut self, views: &[View]) {
        if self.views == views {
            return;
        }
        let before = std::mem::take(&mut self.sights);
        self.views = views.to_vec();
        self.sights = views.iter().map(|&view| Sight::new(&self.shape, view)).collect();
        let travel = (self.sights.iter().zip(&before))
            .map(|(now, then)| now.travel_since(then))
            .try_fold(Travel::NONE, |longest, travel| Some(longest.longer(travel?)));
        match travel.filter(|_| before.len() == self.sights.len()) {
            Some(travel) => {
                self.travelled = self.travelled.plus(travel);
                self.updates_moved += 1;
            }
            None => self.begin_era(),
        }
    }

    /// Everything is looked at in the next update.
    fn begin_era(&mut self) {
        self.era += 1;
        self.travelled = Travel::NONE;
        self.updates_moved = UPDATES_PER_PRIORITY;
    }

    /// Whether something may have changed for a node that was found to be calm for some way.
    fn is_due(&self, at: Index, calm_until: Travel) -> bool {
        self.tree[at].era != self.era || self.travelled.reaches(calm_until)
    }

    /// Lets the nodes above a node know when it must be looked at again.
    fn tell_above(&mut self, at: Index) {
        let calm_until = self.tree[at].calm_until;
        let mut above = self.tree[at].parent;
        while let Some(at) = above {
            let node = &mut self.tree[at];
            node.calm_until = node.calm_until.shorter(calm_until);
            above = node.parent;
        }
    }

    fn new_node(
        &mut self,
        key: ChunkKey,
        parent: Option<Index>,
        classify: &impl Fn(ChunkKey) -> Classification,
    ) -> Index {
        let skip = classify(key) != Classification::Mixed;
        let lod = usize::from(key.lod);
        self.asked[lod] += 1;
        self.skipped[lod] += u64::from(skip);
        let state = if skip { State::Skipped } else { State::Pending };
        self.tree.insert(&self.shape, key, parent, state)
    }

    /// The children of a node, made if need be.
    fn children(
        &mut self,
        at: Index,
        classify: &impl Fn(ChunkKey) -> Classification,
    ) -> Option<[Index; 8]> {
        if self.tree[at].children.is_none() {
            let keys = self.tree[at].key.children()?;
            let children = keys.map(|key| self.new_node(key, Some(at), classify));
            self.tree[at].children = Some(children);
        }
        self.tree[at].children
    }

    /// Visits a node, or requests it.
    fn visit_if_here(
        &mut self,
        at: Index,
        classify: &impl Fn(ChunkKey) -> Classification,
        change: &mut CutChange,
    ) {
        if self.tree[at].state == State::Pending {
            self.request(at, change);
            self.foresee(at, classify, change);
        } else {
            self.visit(at, classify, change);
        }
    }

    /// Draws a drawable node, or those of its descendants that replace it completely.
    fn visit(
        &mut self,
        at: Index,
        classify: &impl Fn(ChunkKey) -> Classification,
        change: &mut CutChange,
    ) {
        self.tree[at].is_live = true;
        if self.tree[at].state == State::Skipped {
            let node = &mut self.tree[at];
            (node.era, node.calm_until) = (self.era, Travel::ENDLESS);
            return self.set_drawn(at, true, change);
        }
        if self.tree[at].stale {
            self.request(at, change);
        }
        let is_split = self.is_split(at);
        self.tree[at].calm_until = self.tree[at].judged_until;
        if !is_split {
            self.set_drawn(at, true, change);
            return self.forget_children(at, change);
        }
        let Some(children) = self.children(at, classify) else {
            return self.set_drawn(at, true, change);
        };
        let mut complete = true;
        for child in children {
            if self.tree[child].state == State::Pending {
                complete = false;
                self.request(child, change);
            }
        }
        self.set_drawn(at, !complete, change);
        for child in children {
            if !complete {
                self.foresee(child, classify, change);
            } else if !self.tree[child].is_live || self.is_due(child, self.tree[child].calm_until) {
                self.visit(child, classify, change);
            }
            self.tree[at].calm_until =
                self.tree[at].calm_until.shorter(self.tree[child].calm_until);
        }
    }

    /// Whether a node's children are to be drawn in its place.
    fn is_split(&mut self, at: Index) -> bool {
        if !self.is_due(at, self.tree[at].judged_until) {
            return self.tree[at].split;
        }
        self.judged += 1;
        let node = &mut self.tree[at];
        let before = node.split;
        let judge = |threshold: f64| {
            // One view is enough to split a node; not to split it takes all.
            let mut holds_for = Travel::ENDLESS;
            for sight in &self.sights {
                let verdict = node.extent.judge(sight, threshold);
                if verdict.is_split {
                    return verdict;
                }
                holds_for = holds_for.shorter(verdict.holds_for);
            }
            Verdict { is_split: false, holds_for }
        };
        let (split, merge) = (self.coarseness, self.coarseness * MERGE_SHARE);
        let mut verdict = judge(if before { merge } else { split });
        if verdict.is_split != before {
            // From now on it is the other threshold that counts.
            verdict.holds_for = judge(if before { split } else { merge }).holds_for;
        }
        node.split = verdict.is_split;
        node.era = self.era;
        node.judged_until = self.travelled.plus(verdict.holds_for);
        node.split
    }

    fn set_drawn(&mut self, at: Index, drawn: bool, change: &mut CutChange) {
        let node = &mut self.tree[at];
        if node.is_drawn == drawn {
            return;
        }
        node.is_drawn = drawn;
        if drawn {
            self.drawn.insert(node.key);
            change.shown.push(node.key);
        } else {
            self.drawn.remove(&node.key);
            change.hidden.push(node.key);
        }
    }

    fn forget_children(&mut self, at: Index, change: &mut CutChange) {
        for child in self.tree[at].children.take().into_iter().flatten() {
            self.forget_children(child, change);
            self.set_drawn(child, false, change);
            let key = self.tree.remove(child);
            if self.requested.remove(&key) {
                change.withdrawn.push(key);
            }
            change.dropped.push(key);
        }
    }
}
