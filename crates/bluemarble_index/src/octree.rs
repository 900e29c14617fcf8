//! [`EditOctree`]: which nodes of the octree hold edited chunks.
//!
//! A hash map from key to node instead of pointers: any node is found in one step, and the nodes above
//! an edited chunk are at most [`MAX_LOD`]. Nodes without an edited chunk at or below them do not exist.

use bluemarble_core::{Chunk, ChunkKey, Face, MAX_LOD, MaterialId, Shape};
use rustc_hash::FxHashMap;

/// What an edited chunk is made of, in short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NodeSummary {
    /// The most frequent material.
    pub dominant: MaterialId,
    /// Its share of all cells, 0..=1.
    pub homogeneity: f64,
    /// The only material, if there is only one.
    pub uniform: Option<MaterialId>,
}

impl NodeSummary {
    /// The summary of a chunk.
    pub fn of(chunk: &Chunk) -> Self {
        Self {
            dominant: chunk.dominant(),
            homogeneity: chunk.homogeneity(),
            uniform: chunk.as_uniform(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Node {
    /// Edited chunks in the node, at its own lod and at all finer ones.
    edited: u32,
    /// Whether the node's own chunk is one of them.
    here: bool,
    /// What that chunk is made of, if it was ever looked at.
    summary: Option<NodeSummary>,
}

/// The nodes that hold edited chunks, themselves or below them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EditOctree {
    nodes: FxHashMap<ChunkKey, Node>,
    edited: usize,
}

impl EditOctree {
    /// A tree without edits.
    pub fn new() -> Self {
        Self::default()
    }

    /// The tree that [`EditOctree::insert`] would have made of these chunks.
    pub fn rebuild(chunks: impl IntoIterator<Item = (ChunkKey, Option<NodeSummary>)>) -> Self {
        let mut tree = Self::new();
        // Counts of a whole lod are added to the lod above at once, each node once.
        let mut levels: [FxHashMap<ChunkKey, u32>; MAX_LOD as usize + 1] = Default::default();
        for (key, summary) in chunks {
            let node = tree.nodes.entry(key).or_default();
            if !node.here {
                tree.edited += 1;
                *levels[usize::from(key.lod.min(MAX_LOD))].entry(key).or_default() += 1;
            }
            node.here = true;
            node.summary = summary;
        }
        for lod in 0..levels.len() {
            for (key, count) in std::mem::take(&mut levels[lod]) {
                tree.nodes.entry(key).or_default().edited = count;
                if let Some(parent) = key.parent() {
                    *levels[lod + 1].entry(parent).or_default() += count;
                }
            }
        }
        tree
    }

    /// Notes that a chunk is edited, or that its summary has changed. True if it was not edited before.
    ///
    /// `None` as a summary means that the chunk has not been looked at yet.
    pub fn insert(&mut self, key: ChunkKey, summary: Option<NodeSummary>) -> bool {
        let node = self.nodes.entry(key).or_default();
        let new = !node.here;
        node.here = true;
        node.summary = summary;
        if new {
            self.edited += 1;
            for key in self_and_above(key) {
                self.nodes.entry(key).or_default().edited += 1;
            }
        }
        new
    }

    /// Forgets that a chunk is edited. True if it was.
    pub fn remove(&mut self, key: ChunkKey) -> bool {
        match self.nodes.get_mut(&key) {
            Some(node) if node.here => {
                node.here = false;
                node.summary = None;
            }
            _ => return false,
        }
        self.edited -= 1;
        for key in self_and_above(key) {
            if let Some(node) = self.nodes.get_mut(&key) {
                node.edited -= 1;
                if node.edited == 0 {
                    self.nodes.remove(&key);
                }
            }
        }
        true
    }

    /// Whether exactly this chunk is edited.
    pub fn is_edited(&self, key: ChunkKey) -> bool {
        self.nodes.get(&key).is_some_and(|node| node.here)
    }

    /// Whether an edited chunk of the node's lod or of a finer one lies inside the node.
    pub fn is_touched(&self, key: ChunkKey) -> bool {
        self.nodes.contains_key(&key)
    }

    /// Whether the node or one of the six beside it is touched: a hole dug at a border lays bare the
    /// side of an untouched neighbour.
    pub fn is_touched_or_beside(&self, shape: &Shape, key: ChunkKey) -> bool {
        if self.nodes.is_empty() {
            return false;
        }
        let beside = |face| shape.neighbour(key, face).is_some_and(|key| self.is_touched(key));
        self.is_touched(key) || Face::ALL.into_iter().any(beside)
    }

    /// What an edited chunk is made of; `None` if it is not edited or has not been looked at.
    pub fn summary(&self, key: ChunkKey) -> Option<NodeSummary> {
        self.nodes.get(&key).and_then(|node| node.summary)
    }

    /// Edited chunks in a node, at its own lod and at all finer ones.
    pub fn edited_in(&self, key: ChunkKey) -> u32 {
        self.nodes.get(&key).map_or(0, |node| node.edited)
    }

    /// All edited chunks, in no fixed order.
    pub fn edited_unsorted(&self) -> impl Iterator<Item = ChunkKey> + '_ {
        self.nodes.iter().filter(|(_, node)| node.here).map(|(&key, _)| key)
    }

    /// How many chunks are edited.
    pub fn len(&self) -> usize {
        self.edited
    }

    /// Whether no chunk is edited.
    pub fn is_empty(&self) -> bool {
        self.edited == 0
    }

    /// How many nodes the tree has: those that are touched.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }
}

/// A node and everything above it, up to [`MAX_LOD`].
fn self_and_above(key: ChunkKey) -> impl Iterator<Item = ChunkKey> {
    std::iter::successors(Some(key), |key| key.parent())
}

#[cfg(test)]
mod tests {
    use glam::ivec3;
    use proptest::prelude::*;

    use super::*;

    fn summary(material: u16) -> NodeSummary {
        let mut chunk = Chunk::uniform(MaterialId(material % 5));
        chunk.set_index(3, MaterialId(2));
        NodeSummary::of(&chunk)
    }

    /// Keys that often share ancestors, borders and lods.
    fn any_key() -> impl Strategy<Value = ChunkKey> {
        (0u8..6, prop_oneof![0u8..4, 0u8..=20]).prop_flat_map(|(region, lod)| {
            let end = 1i32 << (20 - lod);
            let near = move || prop_oneof![0..end.min(4), (end - end.min(4))..end];
            (near(), near(), near())
                .prop_map(move |(x, y, z)| ChunkKey::new(region, lod, ivec3(x, y, z)))
        })
    }

    proptest! {
        #[test]
        fn a_rebuilt_tree_equals_the_incremental_one(
            steps in prop::collection::vec((any_key(), 0u16..9, prop::bool::weighted(0.3)), 0..120),
            probes in prop::collection::vec(any_key(), 20),
        ) {
            let shape = Shape::earth();
            let mut tree = EditOctree::new();
            let mut oracle = std::collections::HashMap::new();
            for (key, material, remove) in steps {
                if remove {
                    prop_assert_eq!(tree.remove(key), oracle.remove(&key).is_some());
                } else {
                    let summary = (material < 8).then(|| summary(material));
                    prop_assert_eq!(tree.insert(key, summary), oracle.insert(key, summary).is_none());
                }
            }
            let rebuilt = EditOctree::rebuild(oracle.iter().map(|(&key, &summary)| (key, summary)));
            prop_assert_eq!(&rebuilt, &tree);
            prop_assert_eq!(tree.len(), oracle.len());
            let mut listed: Vec<_> = tree.edited_unsorted().collect();
            listed.sort_by_key(|key| (key.region, key.lod, key.pos.to_array()));
            listed.dedup();
            prop_assert_eq!(listed.len(), oracle.len());
            let near = oracle.keys().flat_map(|&key| {
                self_and_above(key).chain(Face::ALL.into_iter().filter_map(move |face| shape.neighbour(key, face)))
            });
            for key in near.chain(probes) {
                let touched = |key: ChunkKey| oracle.keys().any(|&edited| key.covers(edited));
                prop_assert_eq!(tree.is_touched(key), touched(key), "{}", key);
                let beside = Face::ALL.into_iter().filter_map(|face| shape.neighbour(key, face)).any(touched);
                prop_assert_eq!(tree.is_touched_or_beside(&shape, key), touched(key) || beside, "{}", key);
                prop_assert_eq!(tree.is_edited(key), oracle.contains_key(&key));
                prop_assert_eq!(tree.summary(key), oracle.get(&key).copied().flatten());
                prop_assert_eq!(
                    tree.edited_in(key) as usize,
                    oracle.keys().filter(|&&edited| key.covers(edited)).count()
                );
            }
        }
    }

    #[test]
    fn removing_everything_leaves_nothing() {
        let mut tree = EditOctree::new();
        let keys: Vec<_> =
            (0..50).map(|i| ChunkKey::new(0, i as u8 % 3, ivec3(i, i / 2, 7))).collect();
        for &key in &keys {
            tree.insert(key, None);
        }
        assert!(tree.node_count() > 50);
        for &key in &keys {
            assert!(tree.remove(key));
        }
        assert_eq!((tree.len(), tree.node_count()), (0, 0));
    }
}
