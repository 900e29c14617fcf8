//! The nodes of the octree that are known.

use std::ops;

use bluemarble_core::{ChunkKey, Shape};
use rustc_hash::FxHashMap;

use super::{sight::Extent, travel::Travel};

/// Where a node lies in memory, as long as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Index(u32);

/// What a node of the tree has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Known to show nothing, all descendants included: never read, never split.
    Skipped,
    /// Not here yet.
    Pending,
    /// Ready to be drawn, perhaps as nothing.
    Drawable,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub key: ChunkKey,
    pub extent: Extent,
    pub parent: Option<Index>,
    pub children: Option<[Index; 8]>,
    pub state: State,
    pub split: bool,
    /// The era in which it was judged whether it is split.
    pub era: u64,
    /// As far as views may have travelled in that era until it must be judged again.
    pub judged_until: Travel,
    /// The same for the node and all live nodes below it.
    pub calm_until: Travel,
    /// Must be built again: what is drawn is out of date.
    pub stale: bool,
    pub is_drawn: bool,
    /// Whether it is drawn, or descendants that replace it completely.
    pub is_live: bool,
}

impl Node {
    pub fn is_wanted(&self) -> bool {
        self.state == State::Pending || self.stale
    }
}

/// Nodes side by side in memory, and where each key is.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    free: Vec<Index>,
    places: FxHashMap<ChunkKey, Index>,
}

impl Tree {
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn find(&self, key: ChunkKey) -> Option<Index> {
        self.places.get(&key).copied()
    }

    pub fn insert(
        &mut self,
        shape: &Shape,
        key: ChunkKey,
        parent: Option<Index>,
        state: State,
    ) -> Index {
        let node = Node {
            key,
            extent: Extent::new(shape, key),
            parent,
            children: None,
            state,
            split: false,
            era: 0,
            judged_until: Travel::NONE,
            calm_until: Travel::NONE,
            stale: false,
            is_drawn: false,
            is_live: false,
        };
        let at = match self.free.pop() {
            Some(at) => {
                self[at] = node;
                at
            }
            None => {
                self.nodes.push(node);
                Index(self.nodes.len() as u32 - 1)
            }
        };
        self.places.insert(key, at);
        at
    }

    /// Forgets a node without children; returns its key.
    pub fn remove(&mut self, at: Index) -> ChunkKey {
        let key = self[at].key;
        self.places.remove(&key);
        self.free.push(at);
        key
    }
}

impl ops::Index<Index> for Tree {
    type Output = Node;

    fn index(&self, at: Index) -> &Node {
        &self.nodes[at.0 as usize]
    }
}

impl ops::IndexMut<Index> for Tree {
    fn index_mut(&mut self, at: Index) -> &mut Node {
        &mut self.nodes[at.0 as usize]
    }
}
