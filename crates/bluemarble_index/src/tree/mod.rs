//! [`NodeTree`]: an R-tree over nodes in local space.
//!
//! On a planet nodes are no grid: boxes of different lods and regions lie at any angle to each other, and
//! what is solid in them is much smaller than they are. The tree holds one turned box for each node; queries
//! look at world-aligned boxes first, then at the turned ones, nearest first, and stop when the caller does
//! (Hjaltason and Samet, "Distance Browsing in Spatial Databases", 1999).

mod envelope;

use std::{cmp::Ordering, collections::BinaryHeap};

use bluemarble_core::{ChunkKey, NodeBounds, Ray};
use glam::{DMat3, DVec3};
use rstar::{ParentNode, RTree, RTreeNode, RTreeObject};
use rustc_hash::FxHashMap;

use envelope::Aligned;

/// Envelopes are this much larger than turned boxes, so that rounding hides nothing.
const PAD_M: f64 = 1e-6;
/// The same for boxes of the size of a planet.
const PAD_SHARE: f64 = 1e-9;

/// Room for what usually waits in a search.
const WAITING: usize = 64;

/// Small, since most of what a search looks at is not what it looks for.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    key: ChunkKey,
    envelope: Aligned,
    /// The box, if it is not its own envelope.
    turned: Option<Box<NodeBounds>>,
}

impl Entry {
    fn new(key: ChunkKey, bounds: NodeBounds) -> Self {
        let is_turned = bounds.axes != DMat3::IDENTITY;
        let mut half = bounds.aligned_half_extent_m();
        if is_turned {
            half += bounds.centre.abs().max(half) * PAD_SHARE + DVec3::splat(PAD_M);
        }
        let (low, high) = (bounds.centre - half, bounds.centre + half);
        let envelope = Aligned { low, high };
        Self { key, envelope, turned: is_turned.then(|| Box::new(bounds)) }
    }
}

impl RTreeObject for Entry {
    type Envelope = Aligned;

    fn envelope(&self) -> Aligned {
        self.envelope
    }
}

/// Nodes and their boxes in local space.
#[derive(Clone, Debug, Default)]
pub struct NodeTree {
    tree: RTree<Entry>,
    bounds: FxHashMap<ChunkKey, NodeBounds>,
}

impl NodeTree {
    /// A tree of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// A tree of many nodes at once, each of which is given once.
    pub fn bulk(nodes: impl IntoIterator<Item = (ChunkKey, NodeBounds)>) -> Self {
        let bounds: FxHashMap<_, _> = nodes.into_iter().collect();
        let entries = bounds.iter().map(|(&key, &bounds)| Entry::new(key, bounds)).collect();
        Self { tree: RTree::bulk_load(entries), bounds }
    }

    /// Adds a node with a box, as [`bluemarble_core::Shape::box_bounds`] gives it. A node that is there
    /// already takes the new box.
    pub fn insert(&mut self, key: ChunkKey, bounds: NodeBounds) {
        match self.bounds.insert(key, bounds) {
            Some(old) if old == bounds => return,
            Some(old) => {
                self.tree.remove(&Entry::new(key, old));
            }
            None => {}
        }
        self.tree.insert(Entry::new(key, bounds));
    }

    /// Removes a node. False if it was not there.
    pub fn remove(&mut self, key: ChunkKey) -> bool {
        let Some(bounds) = self.bounds.remove(&key) else { return false };
        self.tree.remove(&Entry::new(key, bounds)).is_some()
    }

    /// Whether a node is there.
    pub fn contains(&self, key: ChunkKey) -> bool {
        self.bounds.contains_key(&key)
    }

    /// The box of a node.
    pub fn bounds(&self, key: ChunkKey) -> Option<&NodeBounds> {
        self.bounds.get(&key)
    }

    /// All nodes, in no fixed order.
    pub fn keys_unsorted(&self) -> impl Iterator<Item = ChunkKey> + '_ {
        self.bounds.keys().copied()
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.bounds.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.bounds.is_empty()
    }

    /// Removes all nodes.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// The nodes whose box a ray enters within `max_m` metres, each with where it enters (0 if it starts
    /// inside), front to back. No more of the tree is looked at than is asked for.
    pub fn along_ray(&self, ray: &Ray, max_m: f64) -> impl Iterator<Item = (ChunkKey, f64)> + '_ {
        let (ray, slabs) = (*ray, Slabs::new(ray, max_m));
        self.nearest_first(
            move |envelope| slabs.enter_m(envelope),
            move |bounds| bounds.ray_span_m(&ray).map(|span| span.0).filter(|&at_m| at_m <= max_m),
        )
    }

    /// All nodes with the distance of their box from a place in metres (0 if it is inside), nearest first. No
    /// more of the tree is looked at than is asked for.
    pub fn nearest(&self, place: DVec3) -> impl Iterator<Item = (ChunkKey, f64)> + '_ {
        self.within(place, f64::INFINITY)
    }

    /// The nodes whose box is at most `radius_m` metres from a place, nearest first.
    pub fn within(
        &self,
        place: DVec3,
        radius_m: f64,
    ) -> impl Iterator<Item = (ChunkKey, f64)> + '_ {
        let is_near = move |distance_m: &f64| *distance_m <= radius_m;
        self.nearest_first(
            move |envelope| {
                let &Aligned { low, high } = envelope;
                Some((low - place).max(place - high).max(DVec3::ZERO).length()).filter(is_near)
            },
            move |bounds| Some(bounds.distance_m(place)).filter(is_near),
        )
    }

    /// The nodes whose box, turned to the axes of local space, meets a box given by its lowest and highest
    /// corner in metres; in no fixed order.
    pub fn in_box_unsorted(&self, low: DVec3, high: DVec3) -> impl Iterator<Item = ChunkKey> + '_ {
        let region = Aligned { low: low.min(high), high: high.max(low) };
        self.tree.locate_in_envelope_intersecting(region).map(|entry| entry.key)
    }

    fn nearest_first<F, G>(&self, of_envelope: F, of_bounds: G) -> NearestFirst<'_, F, G>
    where
        F: Fn(&Aligned) -> Option<f64>,
        G: Fn(&NodeBounds) -> Option<f64>,
    {
        let mut search =
            NearestFirst { queue: BinaryHeap::with_capacity(WAITING), of_envelope, of_bounds };
        search.open(self.tree.root());
        search
    }
}

/// A part of the tree, waiting for its turn.
struct Waiting<'a> {
    distance_m: f64,
    part: Part<'a>,
}

enum Part<'a> {
    Parent(&'a ParentNode<Entry>),
    Leaf(&'a Entry),
}

impl Waiting<'_> {
    /// Parents before leaves, which go by key, so that ties do not depend on the tree's history.
    fn rank(&self) -> Option<(u8, u8, [i32; 3])> {
        match self.part {
            Part::Parent(_) => None,
            Part::Leaf(&Entry { key, .. }) => Some((key.region, key.lod, key.pos.to_array())),
        }
    }
}

impl Ord for Waiting<'_> {
    /// What comes first is the greatest.
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        other.distance_m.total_cmp(&self.distance_m).then_with(|| other.rank().cmp(&self.rank()))
    }
}

impl PartialOrd for Waiting<'_> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting<'_> {}

/// A search that opens the nearest part of the tree that is left.
struct NearestFirst<'a, F, G> {
    queue: BinaryHeap<Waiting<'a>>,
    of_envelope: F,
    of_bounds: G,
}

impl<'a, F, G> NearestFirst<'a, F, G>
where
    F: Fn(&Aligned) -> Option<f64>,
    G: Fn(&NodeBounds) -> Option<f64>,
{
    fn open(&mut self, parent: &'a ParentNode<Entry>) {
        for child in parent.children() {
            let waiting = match child {
                RTreeNode::Parent(parent) => (self.of_envelope)(&parent.envelope())
                    .map(|distance_m| Waiting { distance_m, part: Part::Parent(parent) }),
                RTreeNode::Leaf(entry) => (self.of_envelope)(&entry.envelope)
                    .and_then(|distance_m| match &entry.turned {
                        Some(bounds) => (self.of_bounds)(bounds),
                        None => Some(distance_m),
                    })
                    .map(|distance_m| Waiting { distance_m, part: Part::Leaf(entry) }),
            };
            // One by one: an extended heap thinks about building itself again.
            if let Some(waiting) = waiting {
                self.queue.push(waiting);
            }
        }
    }
}

impl<F, G> Iterator for NearestFirst<'_, F, G>
where
    F: Fn(&Aligned) -> Option<f64>,
    G: Fn(&NodeBounds) -> Option<f64>,
{
    type Item = (ChunkKey, f64);

    fn next(&mut self) -> Option<(ChunkKey, f64)> {
        loop {
            let next = self.queue.pop()?;
            match next.part {
                Part::Parent(parent) => self.open(parent),
                Part::Leaf(entry) => return Some((entry.key, next.distance_m)),
            }
        }
    }
}

/// How many metres a ray that is parallel to an axis is said to need for one metre along it: beyond all sides, and a number.
const NEVER_M: f64 = 1e290;

/// A ray as the slabs of a box meet it (Kay and Kajiya, "Ray Tracing Complex Scenes", 1986).
#[derive(Clone, Copy)]
struct Slabs {
    origin: DVec3,
    /// Metres along the ray for a metre along each axis.
    pace: DVec3,
    max_m: f64,
}

impl Slabs {
    fn new(ray: &Ray, max_m: f64) -> Self {
        let pace = |along: f64| {
            // The test of turned boxes takes such rays for parallel as well.
            if along.abs() < 1e-12 { NEVER_M } else { 1.0 / along }
        };
        let DVec3 { x, y, z } = ray.direction;
        Self { origin: ray.origin, pace: DVec3::new(pace(x), pace(y), pace(z)), max_m }
    }

    /// Where the ray enters a box.
    #[inline]
    fn enter_m(&self, envelope: &Aligned) -> Option<f64> {
        let &Aligned { low, high } = envelope;
        let (mut enter, mut leave) = (0.0f64, self.max_m);
        for axis in 0..3 {
            let a = (low[axis] - self.origin[axis]) * self.pace[axis];
            let b = (high[axis] - self.origin[axis]) * self.pace[axis];
            // Numbers, all of them: a comparison is enough.
            let (near, far) = if a < b { (a, b) } else { (b, a) };
            enter = if near > enter { near } else { enter };
            leave = if far < leave { far } else { leave };
        }
        (enter <= leave).then_some(enter)
    }
}

#[cfg(test)]
mod tests;
