//! [`EditOctree`]: which nodes of the octree hold edited chunks.
//!
//! A hash map from key to node instead of pointers: any node is found in one step, and the nodes above
//! an edited chunk are at most [`MAX_LOD`]. Nodes without an edited chunk at or below them do not exist, or
//! no longer than until the index has taken note of it.

use bluemarble_core::{ChunkKey, MAX_LOD, VoxelBox};
use rustc_hash::FxHashMap;

/// Nodes that are looked at in a box.
const MAX_LOOKS: usize = 256;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Node {
    /// Edited chunks in the node, at its own lod and at all finer ones.
    edited: u32,
    /// Whether the node's own chunk is one of them.
    here: bool,
    /// Whether the node's own chunk has changed since the index has looked at it.
    changed: bool,
    /// The same of any chunk at or below the node. Whatever is above such a node is one, too.
    stale: bool,
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

    /// Notes that a chunk is edited, perhaps once more. True if it was not edited before.
    pub fn insert(&mut self, key: ChunkKey) -> bool {
        let node = self.nodes.entry(key).or_default();
        let new = !node.here;
        node.here = true;
        if new {
            self.edited += 1;
            for key in self_and_above(key) {
                self.nodes.entry(key).or_default().edited += 1;
            }
        }
        self.make_stale(key);
        new
    }

    fn make_stale(&mut self, key: ChunkKey) {
        if let Some(node) = self.nodes.get_mut(&key) {
            node.changed = true;
        }
        for key in self_and_above(key) {
            match self.nodes.get_mut(&key) {
                // And so is everything above it.
                Some(node) if node.stale => break,
                Some(node) => node.stale = true,
                None => {}
            }
        }
    }

    /// Notes that the index has looked at a chunk as it is now. Nodes are fresh again once everything below
    /// them is.
    pub fn make_fresh(&mut self, key: ChunkKey) {
        if let Some(node) = self.nodes.get_mut(&key) {
            node.changed = false;
        }
        for key in self_and_above(key) {
            let is_stale = |child: &ChunkKey| self.nodes.get(child).is_some_and(|node| node.stale);
            if key.children().is_some_and(|children| children.iter().any(is_stale)) {
                break;
            }
            match self.nodes.get_mut(&key) {
                Some(node) if node.changed => break,
                Some(node) if node.edited == 0 => drop(self.nodes.remove(&key)),
                Some(node) => node.stale = false,
                None => {}
            }
        }
    }

    /// Whether something at or below a node has changed since the index has looked at it.
    pub fn is_stale(&self, key: ChunkKey) -> bool {
        self.nodes.get(&key).is_some_and(|node| node.stale)
    }

    /// Forgets that a chunk is edited. True if it was.
    pub fn remove(&mut self, key: ChunkKey) -> bool {
        match self.nodes.get_mut(&key) {
            Some(node) if node.here => node.here = false,
            _ => return false,
        }
        self.edited -= 1;
        for key in self_and_above(key) {
            if let Some(node) = self.nodes.get_mut(&key) {
                node.edited -= 1;
            }
        }
        self.make_stale(key);
        true
    }

    /// Whether exactly this chunk is edited.
    pub fn is_edited(&self, key: ChunkKey) -> bool {
        self.nodes.get(&key).is_some_and(|node| node.here)
    }

    /// Whether an edited chunk of the node's lod or of a finer one lies inside the node.
    pub fn is_touched(&self, key: ChunkKey) -> bool {
        self.nodes.get(&key).is_some_and(|node| node.edited > 0)
    }

    /// Whether an edited chunk of lod 0 may reach into a box of voxels: certainly not if this says no. In a box
    /// with many edits around it, it says yes without looking at all of them. Other nodes may be touched as well: whatever
    /// lies above one of these must be one, too.
    pub fn is_box_touched_or(
        &self,
        voxels: &VoxelBox,
        is_touched: impl Fn(ChunkKey) -> bool,
    ) -> bool {
        // The finest lod at which the box meets a few nodes only.
        let width = voxels.voxels.size().max_element().max(1) as u32;
        let lod = (u32::BITS - width.leading_zeros()).saturating_sub(6).min(u32::from(MAX_LOD));
        let mut open: Vec<_> = voxels.cells(lod as u8).chunks().collect();
        let mut looks = 0;
        while let Some(key) = open.pop() {
            let holds_edits = self.is_touched(key) || is_touched(key);
            if !holds_edits || !key.lattice_box().intersects(&voxels.voxels) {
                continue;
            }
            looks += 1;
            if key.lod == 0 || looks > MAX_LOOKS {
                return true;
            }
            open.extend(key.children().into_iter().flatten());
        }
        false
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
        self.nodes.values().filter(|node| node.edited > 0).count()
    }
}

/// A node and everything above it, up to [`MAX_LOD`].
fn self_and_above(key: ChunkKey) -> impl Iterator<Item = ChunkKey> {
    std::iter::successors(Some(key), |key| key.parent())
}

#[cfg(test)]
mod tests {
    use bluemarble_core::{Face, LatticeBox, Shape};
    use glam::ivec3;
    use proptest::prelude::*;

    use super::*;

    impl EditOctree {
        /// The tree that [`EditOctree::insert`] would have made of these chunks, and [`EditOctree::make_fresh`] of
        /// those that the index knows already.
        fn rebuild(chunks: impl IntoIterator<Item = (ChunkKey, bool)>) -> Self {
            let mut tree = Self::new();
            // Counts of a whole lod are added to the lod above at once, each node once, and with them whether anything
            // is stale.
            let mut levels: [FxHashMap<ChunkKey, (u32, bool)>; MAX_LOD as usize + 1] =
                Default::default();
            for (key, is_known) in chunks {
                let node = tree.nodes.entry(key).or_default();
                if !node.here {
                    tree.edited += 1;
                    levels[usize::from(key.lod.min(MAX_LOD))].entry(key).or_default().0 += 1;
                }
                (node.here, node.changed) = (true, !is_known);
            }
            for lod in 0..levels.len() {
                for (key, (count, is_stale)) in std::mem::take(&mut levels[lod]) {
                    let node = tree.nodes.entry(key).or_default();
                    (node.edited, node.stale) = (count, is_stale || node.changed);
                    let is_stale = node.stale;
                    if let Some(parent) = key.parent() {
                        let above = levels[lod + 1].entry(parent).or_default();
                        *above = (above.0 + count, above.1 || is_stale);
                    }
                }
            }
            tree
        }
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
            steps in prop::collection::vec((any_key(), prop_oneof![4 => Just(0), 2 => Just(1), 3 => Just(2)]), 0..120),
            probes in prop::collection::vec(any_key(), 20),
        ) {
            let shape = Shape::earth();
            let mut tree = EditOctree::new();
            let mut oracle = std::collections::HashSet::new();
            let mut changed = std::collections::HashSet::new();
            for (key, step) in steps {
                match step {
                    0 => {
                        prop_assert_eq!(tree.insert(key), oracle.insert(key));
                        changed.insert(key);
                    }
                    1 => {
                        let was_edited = oracle.remove(&key);
                        prop_assert_eq!(tree.remove(key), was_edited);
                        if was_edited {
                            changed.insert(key);
                        }
                    }
                    _ => {
                        // What waits longest is looked at.
                        if let Some(&key) = changed.iter().min_by_key(|key| (key.lod, key.pos.to_array())) {
                            changed.remove(&key);
                            tree.make_fresh(key);
                        }
                    }
                }
            }
            for &key in &oracle {
                let expected = changed.iter().any(|&changed| key.covers(changed));
                prop_assert!(!expected || tree.is_stale(key), "{} seems fresh", key);
            }
            for key in std::mem::take(&mut changed) {
                tree.make_fresh(key);
            }
            prop_assert!(oracle.iter().all(|&key| !tree.is_stale(key)), "something stays stale");
            let rebuilt = EditOctree::rebuild(oracle.iter().map(|&key| (key, true)));
            prop_assert_eq!(&rebuilt, &tree, "nothing is left of what was removed");
            let is_known = |key: ChunkKey| key.pos.x % 3 != 0;
            for &key in oracle.iter().filter(|&&key| !is_known(key)) {
                tree.insert(key);
            }
            let rebuilt = EditOctree::rebuild(oracle.iter().map(|&key| (key, is_known(key))));
            prop_assert_eq!(&rebuilt, &tree, "what is not known is stale, with all above it");
            prop_assert_eq!(tree.len(), oracle.len());
            let mut listed: Vec<_> = tree.edited_unsorted().collect();
            listed.sort_by_key(|key| (key.region, key.lod, key.pos.to_array()));
            listed.dedup();
            prop_assert_eq!(listed.len(), oracle.len());
            let near = oracle.iter().flat_map(|&key| {
                self_and_above(key).chain(Face::ALL.into_iter().filter_map(move |face| shape.neighbour(key, face)))
            });
            for key in near.chain(probes) {
                let touched = |key: ChunkKey| oracle.iter().any(|&edited| key.covers(edited));
                prop_assert_eq!(tree.is_touched(key), touched(key), "{}", key);
                prop_assert_eq!(tree.is_edited(key), oracle.contains(&key));
                let own = key.lattice_box();
                let part = LatticeBox::new(own.min + own.size() / 3, own.max - own.size() / 3);
                for voxels in [own, part] {
                    let reaches = |edited: &ChunkKey| {
                        edited.lod == 0 && edited.region == key.region && edited.lattice_box().intersects(&voxels)
                    };
                    prop_assert_eq!(tree.is_box_touched_or(&VoxelBox::new(key.region, voxels), |_| false), oracle.iter().any(reaches), "{}", key);
                }
                prop_assert_eq!(
                    tree.edited_in(key) as usize,
                    oracle.iter().filter(|&&edited| key.covers(edited)).count()
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
            tree.insert(key);
        }
        assert!(tree.node_count() > 50);
        for &key in &keys {
            assert!(tree.remove(key));
        }
        assert_eq!((tree.len(), tree.node_count()), (0, 0));
    }
}
