//! [`NodeIndex`]: the summaries of nodes, in an octree and an R-tree.
//!
//! The octree is a hash map from key to node, as [`crate::EditOctree`] is: it answers by place. The R-tree
//! ([`NodeTree`]) holds the solid part of every summary in local space: it answers by distance and along rays.
//! Both are brought up to date together, chunk by chunk, and only above what has changed.

use std::sync::Arc;

use bluemarble_core::{ChunkKey, MaterialId, Shape, VoxelBox};
use rustc_hash::FxHashMap;

use crate::{NodeSummary, NodeTree};

/// A node of the index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IndexNode {
    /// What the node's own chunk is made of; `None` if only finer chunks are indexed.
    pub summary: Option<Arc<NodeSummary>>,
    /// The material of every voxel in the node, if there is but one; in doubt `None`.
    pub uniform: Option<MaterialId>,
    /// Which of the eight children are in the index, by [`ChunkKey::octant`].
    pub children: u8,
    /// The change that made the summary what it is; 0 without one.
    pub version: u64,
}

/// What is known of nodes: of those that hold edited chunks, themselves or below them.
#[derive(Clone, Debug)]
pub struct NodeIndex {
    shape: Shape,
    nodes: FxHashMap<ChunkKey, IndexNode>,
    tree: NodeTree,
    summaries: usize,
}

/// What the baseline says of a node that is not in the index: the one material of all its voxels.
pub type Untouched<'a> = &'a dyn Fn(ChunkKey) -> Option<MaterialId>;

impl NodeIndex {
    /// An index of nothing.
    pub fn new(shape: Shape) -> Self {
        Self { shape, nodes: FxHashMap::default(), tree: NodeTree::new(), summaries: 0 }
    }

    /// Takes the summary of a chunk, or, with `None`, forgets the chunk. What is above it follows.
    pub fn put(
        &mut self,
        key: ChunkKey,
        version: u64,
        summary: Option<Arc<NodeSummary>>,
        untouched: Untouched,
    ) {
        let solid = summary.as_ref().and_then(|summary| summary.solid_voxels(key));
        match solid {
            Some(voxels) => {
                self.tree.insert(key, self.shape.box_bounds(&VoxelBox::new(key.region, voxels)))
            }
            None => drop(self.tree.remove(key)),
        }
        let node = self.nodes.entry(key).or_default();
        self.summaries += usize::from(summary.is_some());
        self.summaries -= usize::from(node.summary.is_some());
        node.version = if summary.is_some() { version } else { 0 };
        node.summary = summary;
        for key in std::iter::successors(Some(key), |key| key.parent()) {
            if !self.settle(key, untouched) {
                break;
            }
        }
    }

    /// Works out what a node is from its children, removes it if it is nothing, and says whether its parent
    /// may have to change for it.
    fn settle(&mut self, key: ChunkKey, untouched: Untouched) -> bool {
        let octant = |key: &ChunkKey| 1u8 << key.octant();
        let children = key.children().into_iter().flatten();
        let children: u8 =
            children.filter(|key| self.nodes.contains_key(key)).map(|key| octant(&key)).sum();
        let summary = self.nodes.get(&key).and_then(|node| node.summary.as_deref());
        if children == 0 && summary.is_none() {
            return self.nodes.remove(&key).is_some();
        }
        let uniform = match summary {
            Some(summary) if key.lod == 0 => summary.uniform(),
            _ => self.shared_material(key, children, untouched),
        };
        let is_new = !self.nodes.contains_key(&key);
        let node = self.nodes.entry(key).or_default();
        let before = (node.uniform, node.children);
        (node.uniform, node.children) = (uniform, children);
        // A chunk that has just come has no children yet, and its parent does not know of it.
        let is_known = key.parent().is_none_or(|parent| {
            self.nodes.get(&parent).is_some_and(|parent| parent.children & octant(&key) != 0)
        });
        is_new || !is_known || before != (uniform, children)
    }

    /// The one material of all children.
    fn shared_material(
        &self,
        key: ChunkKey,
        indexed: u8,
        untouched: Untouched,
    ) -> Option<MaterialId> {
        if indexed == 0 {
            return untouched(key);
        }
        let children = key.children()?;
        let (inside, outside): (Vec<_>, Vec<_>) =
            children.into_iter().partition(|child| indexed >> child.octant() & 1 == 1);
        // First what costs nothing.
        let mut materials = (inside.iter().map(|child| self.nodes.get(child)?.uniform))
            .chain(outside.iter().map(|&child| untouched(child)));
        let first = materials.next()??;
        materials.all(|material| material == Some(first)).then_some(first)
    }

    /// A node.
    pub fn node(&self, key: ChunkKey) -> Option<&IndexNode> {
        self.nodes.get(&key)
    }

    /// The R-tree over the solid parts of all chunks with a summary.
    pub fn tree(&self) -> &NodeTree {
        &self.tree
    }

    /// All chunks with a summary, in no fixed order.
    pub fn summaries_unsorted(
        &self,
    ) -> impl Iterator<Item = (ChunkKey, u64, &Arc<NodeSummary>)> + '_ {
        self.nodes.iter().filter_map(|(&key, node)| {
            node.summary.as_ref().map(|found| (key, node.version, found))
        })
    }

    /// How many nodes there are.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// How many of them have a summary.
    pub fn summary_count(&self) -> usize {
        self.summaries
    }
}

impl PartialEq for NodeIndex {
    /// Equal if every node and every box is.
    fn eq(&self, other: &Self) -> bool {
        let boxes_are_equal = self.tree.len() == other.tree.len()
            && self.tree.keys_unsorted().all(|key| self.tree.bounds(key) == other.tree.bounds(key));
        self.shape == other.shape && self.nodes == other.nodes && boxes_are_equal
    }
}

#[cfg(test)]
mod tests {
    use bluemarble_core::{CHUNK_VOLUME, Flat, MAX_LOD};
    use glam::{IVec3, ivec3};
    use proptest::prelude::*;
    use rustc_hash::FxHashSet;

    use super::*;

    impl NodeIndex {
        /// The index that [`NodeIndex::put`] would have made of these chunks, each of which is given once.
        fn rebuild(
            shape: Shape,
            chunks: impl IntoIterator<Item = (ChunkKey, u64, Arc<NodeSummary>)>,
            untouched: Untouched,
        ) -> Self {
            let mut index = Self::new(shape);
            let mut levels: Vec<FxHashSet<ChunkKey>> =
                vec![FxHashSet::default(); 1 + usize::from(MAX_LOD)];
            for (key, version, summary) in chunks {
                let node = index.nodes.entry(key).or_default();
                (node.summary, node.version) = (Some(summary), version);
                index.summaries += 1;
                levels[usize::from(key.lod.min(MAX_LOD))].insert(key);
            }
            let boxes = index.nodes.iter().filter_map(|(&key, node)| {
                let voxels = node.summary.as_ref()?.solid_voxels(key)?;
                Some((key, shape.box_bounds(&VoxelBox::new(key.region, voxels))))
            });
            index.tree = NodeTree::bulk(boxes);
            for lod in 0..levels.len() {
                for key in std::mem::take(&mut levels[lod]) {
                    index.settle(key, untouched);
                    if let Some(parent) = key.parent() {
                        levels[lod + 1].insert(parent);
                    }
                }
            }
            index
        }
    }

    const AIR: MaterialId = MaterialId::AIR;
    const ROCK: MaterialId = MaterialId(10);

    fn summary(kind: u16) -> Arc<NodeSummary> {
        let volume = CHUNK_VOLUME as u32;
        Arc::new(match kind {
            0 => NodeSummary::new(vec![(AIR, volume)], None),
            1 => NodeSummary::new(vec![(ROCK, volume)], Some((IVec3::ZERO, IVec3::splat(64)))),
            _ => NodeSummary::new(
                vec![(AIR, 100), (ROCK, volume - 100)],
                Some((IVec3::splat(1), IVec3::splat(i32::from(kind)))),
            ),
        })
    }

    /// Rock below y = 0, air above, nothing known of what lies between.
    fn untouched(key: ChunkKey) -> Option<MaterialId> {
        let voxels = key.lattice_box();
        match (voxels.min.y, voxels.max.y) {
            (0.., _) => Some(AIR),
            (_, ..=0) => Some(ROCK),
            _ => None,
        }
    }

    /// What is so of every voxel, by looking at every chunk of lod 0 below a node of lod 3 at most.
    fn uniform_oracle(
        key: ChunkKey,
        chunks: &std::collections::HashMap<ChunkKey, (u64, Arc<NodeSummary>)>,
    ) -> Option<MaterialId> {
        let Some(children) = key.children() else {
            return chunks.get(&key).map_or_else(|| untouched(key), |(_, found)| found.uniform());
        };
        let mut below = children.iter().map(|&child| uniform_oracle(child, chunks));
        let first = below.next()??;
        below.all(|material| material == Some(first)).then_some(first)
    }

    fn key() -> impl Strategy<Value = ChunkKey> {
        prop_oneof![4 => Just(0u8), 1 => 1u8..5].prop_flat_map(|lod| {
            let end = 8 >> lod;
            let axis = move || -end.max(1)..end.max(1);
            (axis(), axis(), axis())
                .prop_map(move |(x, y, z)| ChunkKey::new(0, lod, ivec3(x, y, z)))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn after_10_000_random_edits_a_rebuilt_index_equals_the_incremental_one(
            // Eight-fold, since neighbours that become alike are what nodes above them depend on.
            steps in prop::collection::vec((key(), 0u16..6, any::<bool>()), 1250),
        ) {
            let shape = Shape::Flat(Flat { voxel_m: 0.25 });
            let mut index = NodeIndex::new(shape);
            let mut oracle = std::collections::HashMap::new();
            for (version, (near, kind, all)) in steps.into_iter().enumerate() {
                let version = version as u64;
                let siblings = near.parent().and_then(ChunkKey::children).unwrap_or([near; 8]);
                for key in siblings {
                    let kind = if all || key == near { kind } else { kind % 3 };
                    if kind < 5 {
                        index.put(key, version, Some(summary(kind)), &untouched);
                        oracle.insert(key, (version, summary(kind)));
                    } else {
                        index.put(key, version, None, &untouched);
                        oracle.remove(&key);
                    }
                }
            }
            let chunks = oracle.iter().map(|(&key, (version, found))| (key, *version, Arc::clone(found)));
            let rebuilt = NodeIndex::rebuild(shape, chunks, &untouched);
            prop_assert_eq!(index.summary_count(), oracle.len());
            prop_assert_eq!(rebuilt.node_count(), index.node_count());
            for (key, node) in &index.nodes {
                prop_assert_eq!(rebuilt.node(*key), Some(node), "{}", key);
            }
            prop_assert!(rebuilt == index);
            let mut shared = 0;
            for (&key, node) in index.nodes.iter().filter(|(key, _)| key.lod <= 3) {
                if node.children == 0 && key.lod > 0 {
                    prop_assert_eq!(node.uniform, untouched(key), "{}", key);
                } else {
                    prop_assert_eq!(node.uniform, uniform_oracle(key, &oracle), "{}", key);
                    shared += usize::from(key.lod > 0 && node.uniform.is_some());
                }
            }
            prop_assert!(shared > 0, "no node above others is uniform: the test is too tame");
            for key in oracle.into_keys() {
                index.put(key, 0, None, &untouched);
            }
            prop_assert_eq!((index.node_count(), index.summary_count()), (0, 0));
            prop_assert!(index.tree().is_empty());
        }
    }
}
