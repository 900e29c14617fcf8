//! What is edited, in memory, behind one lock that is never held across work.

use std::{hash::BuildHasher, ops::RangeInclusive, sync::Arc};

use bluemarble_core::{ChunkKey, CompactChunk, Face, MaterialId, Shape, VoxelBox};
use bluemarble_index::{EditOctree, RebuildQueue, Urgency};
use bluemarble_store::ShardKey;
use glam::IVec3;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::{
    kept::Listed,
    unlisted::{Lods, Unlisted},
};
use crate::plan::Stroke;

/// Chunks are spread over this many counters of changes.
const STRIPES: usize = 64;
/// What the tables need for a chunk with strokes, and for a stroke, beside their contents.
const ENTRY_BYTES: usize = 96;

/// Counts changes to a world; every change has its own number, larger than all before.
pub(crate) type Change = u64;

/// What is newer than the store of one chunk: perhaps the whole chunk, and strokes over that.
#[derive(Clone, Debug, Default)]
pub(super) struct Edited {
    /// The chunk without the strokes; without it, they are laid over what the store or the baseline has.
    pub whole: Option<CompactChunk>,
    /// Steps of batches, in their order, and the changes that made them.
    strokes: Vec<(Change, Arc<Stroke>)>,
    /// What the strokes take: counted along, as there may be a great many.
    stroke_bytes: usize,
    /// The last change.
    pub change: Change,
    /// Whether the store has the chunk; false as long as its place is not listed.
    pub is_stored: bool,
}

impl Edited {
    /// The strokes that came after a change.
    pub fn strokes_after(&self, change: Change) -> Vec<Arc<Stroke>> {
        let first = self.strokes.partition_point(|&(at, _)| at <= change);
        self.strokes[first..].iter().map(|(_, stroke)| Arc::clone(stroke)).collect()
    }

    /// What a cell became by the strokes that came after a change; `None` if they leave it as it was.
    pub fn material_after(&self, change: Change, cell: IVec3) -> Option<MaterialId> {
        let first = self.strokes.partition_point(|&(at, _)| at <= change);
        self.strokes[first..].iter().rev().find_map(|(_, stroke)| stroke.material_at(cell))
    }

    /// Whether there are strokes.
    pub fn has_strokes(&self) -> bool {
        !self.strokes.is_empty()
    }

    fn add(&mut self, change: Change, stroke: Stroke) {
        self.stroke_bytes += stroke.size_bytes();
        self.strokes.push((change, Arc::new(stroke)));
    }

    fn keep_strokes(&mut self, keeps: impl Fn(Change) -> bool) {
        self.strokes.retain(|&(at, _)| keeps(at));
        self.stroke_bytes = self.strokes.iter().map(|(_, stroke)| stroke.size_bytes()).sum();
    }

    fn size_bytes(&self) -> usize {
        ENTRY_BYTES + self.stroke_bytes + self.whole.as_ref().map_or(0, |chunk| chunk.size_bytes())
    }
}

pub(super) struct State {
    /// Which nodes hold edited chunks, in memory or in the store as far as it is listed.
    pub octree: EditOctree,
    /// Where nobody has asked yet what is stored.
    pub unlisted: Unlisted,
    /// Edited chunks as far as the store does not have them. In a world without a store: all of them.
    overlay: FxHashMap<ChunkKey, Edited>,
    overlay_bytes: usize,
    /// Edited chunks that their parents do not show yet.
    awaiting_parents: FxHashSet<ChunkKey>,
    /// Chunks at which the index has to look, and their last changes.
    pub queue: RebuildQueue,
    /// In a world over another one: which chunks its own store has, as far as it is listed.
    own: Option<FxHashSet<ChunkKey>>,
    /// The last change to any chunk of a stripe, and the last of all.
    changes: [Change; STRIPES],
    change: Change,
}

impl State {
    /// The state of a world in which nothing was edited yet since it was opened.
    pub fn new(unlisted: Unlisted, is_over_another: bool) -> Self {
        Self {
            octree: EditOctree::new(),
            unlisted,
            queue: RebuildQueue::default(),
            overlay: FxHashMap::default(),
            overlay_bytes: 0,
            awaiting_parents: FxHashSet::default(),
            own: is_over_another.then(FxHashSet::default),
            changes: [0; STRIPES],
            change: 0,
        }
    }

    /// Whether a stored chunk is in the world's own store.
    pub fn is_own(&self, key: ChunkKey) -> bool {
        self.own.as_ref().is_none_or(|own| own.contains(&key))
    }

    /// Whether a chunk is edited, or may be: what is stored there is not listed.
    pub fn may_be_edited(&self, key: ChunkKey) -> bool {
        self.octree.is_edited(key) || self.unlisted.place_of(key).is_some()
    }

    /// Whether an edited chunk of the node's lod or of a finer one lies inside the node, or may.
    pub fn is_touched(&self, key: ChunkKey) -> bool {
        self.octree.is_touched(key) || self.unlisted.touches(key)
    }

    /// The same of the node or one of the six beside it: a hole dug at a border lays bare the side of an untouched
    /// neighbour.
    pub fn is_touched_or_beside(&self, shape: &Shape, key: ChunkKey) -> bool {
        if self.is_surely_unedited() {
            return false;
        }
        let beside = |face| shape.neighbour(key, face).is_some_and(|key| self.is_touched(key));
        self.is_touched(key) || Face::ALL.into_iter().any(beside)
    }

    /// Whether an edited chunk of lod 0 may reach into a box of voxels.
    pub fn is_box_touched(&self, voxels: &VoxelBox) -> bool {
        let touches = |key| self.unlisted.touches(key);
        !self.is_surely_unedited() && self.octree.is_box_touched_or(voxels, touches)
    }

    /// Whether nothing is edited or stored: no node needs to be looked at then.
    fn is_surely_unedited(&self) -> bool {
        self.octree.is_empty() && self.unlisted.is_empty()
    }

    /// Whether the index knows all of a node as it is.
    pub fn is_fresh(&self, key: ChunkKey) -> bool {
        !self.octree.is_stale(key) && !self.unlisted.touches(key)
    }

    /// Notes which chunks the shard of a place has, and what there is of the places below it.
    pub fn listed(&mut self, place: ShardKey, below: &[(ShardKey, Lods)], chunks: &[Listed]) {
        self.unlisted.listed(place, below);
        for &Listed { key, is_base, ref summary } in chunks {
            if let Some(own) = self.own.as_mut().filter(|_| !is_base) {
                own.insert(key);
            }
            if let Some(edited) = self.overlay.get_mut(&key) {
                edited.is_stored = true;
            }
            // What has changed since the world was opened waits for the index already.
            if !self.octree.is_edited(key) {
                self.octree.insert(key);
                match summary {
                    Some(_) => self.octree.make_fresh(key),
                    None => self.queue.put(key, 0, Urgency::Listed),
                }
            }
        }
    }

    /// What is newer than the store.
    pub fn edited(&self, key: ChunkKey) -> Option<&Edited> {
        self.overlay.get(&key)
    }

    /// A number that is another one after the chunk was changed, and not smaller than its last change.
    pub fn last_change(&self, key: ChunkKey) -> Change {
        self.changes[stripe(key)]
    }

    /// The number of the next change. What belongs to it must be published before the lock is let go: whoever has seen a
    /// number takes all smaller ones for seen.
    pub fn next_change(&mut self) -> Change {
        self.change += 1;
        self.change
    }

    /// Lays strokes over a chunk.
    pub fn publish_strokes(&mut self, key: ChunkKey, change: Change, strokes: Vec<Stroke>) {
        self.changed(key, change, |edited| {
            strokes.into_iter().for_each(|stroke| edited.add(change, stroke));
        });
        self.octree.insert(key);
    }

    /// Makes an edited chunk the one that readers see.
    pub fn publish_whole(&mut self, key: ChunkKey, change: Change, whole: CompactChunk) {
        self.changed(key, change, |edited| {
            edited.whole = Some(whole);
            edited.keep_strokes(|_| false);
        });
        self.octree.insert(key);
    }

    fn changed(&mut self, key: ChunkKey, change: Change, how: impl FnOnce(&mut Edited)) {
        debug_assert_eq!(change, self.change, "a number of another time");
        self.changes[stripe(key)] = change;
        self.queue.put(key, change, Urgency::Edited);
        // Roots have no parents.
        if key.parent().is_some() {
            self.awaiting_parents.insert(key);
        }
        let is_stored = self.octree.is_edited(key);
        let edited = self.overlay.entry(key).or_insert_with(|| {
            self.overlay_bytes += ENTRY_BYTES;
            Edited { is_stored, ..Edited::default() }
        });
        self.overlay_bytes -= edited.size_bytes();
        how(edited);
        edited.change = change;
        self.overlay_bytes += edited.size_bytes();
    }

    /// Takes back what changes have done to some chunks: they are not in the log.
    pub fn retract(&mut self, keys: &[ChunkKey], changes: &RangeInclusive<Change>) {
        let undoing = self.next_change();
        for &key in keys {
            if self.overlay.contains_key(&key) {
                self.changed(key, undoing, |edited| {
                    edited.keep_strokes(|at| !changes.contains(&at))
                });
            }
        }
    }

    /// The edited chunks of a lod whose parents do not show them yet, in no fixed order.
    pub fn awaiting_parents(&self, lod: u8) -> impl Iterator<Item = ChunkKey> + '_ {
        self.awaiting_parents.iter().copied().filter(move |key| key.lod == lod)
    }

    /// How many chunks there are that their parents do not show yet.
    pub fn unshown_count(&self) -> usize {
        self.awaiting_parents.len()
    }

    /// Whether the chunk's parent does not show it yet.
    pub fn is_unshown(&self, key: ChunkKey) -> bool {
        self.awaiting_parents.contains(&key)
    }

    /// Notes that a chunk's parent shows it.
    pub fn shown(&mut self, key: ChunkKey) {
        self.awaiting_parents.remove(&key);
    }

    /// The chunks that the store does not have as they are, in no fixed order.
    pub fn overlay_unsorted(&self) -> impl Iterator<Item = (ChunkKey, &Edited)> {
        self.overlay.iter().map(|(&key, edited)| (key, edited))
    }

    /// Forgets what the store holds by now: everything up to a change.
    pub fn stored(&mut self, key: ChunkKey, through: Change) {
        self.forget(key, through);
        if let Some(own) = &mut self.own {
            own.insert(key);
        }
        match self.overlay.get_mut(&key) {
            Some(edited) => edited.is_stored = true,
            None if !self.octree.is_edited(key) => {
                self.octree.insert(key);
            }
            None => {}
        }
    }

    /// Notes that the store has another version of a chunk, of which nothing is newer.
    pub fn replaced(&mut self, key: ChunkKey, change: Change) {
        self.changes[stripe(key)] = change;
        self.queue.put(key, change, Urgency::Edited);
        self.octree.insert(key);
        if let Some(own) = &mut self.own {
            own.insert(key);
        }
    }

    /// Forgets an edit that has changed nothing. The chunk is not an edited one any more, unless it was
    /// changed once more.
    pub fn unchanged(&mut self, key: ChunkKey, through: Change) {
        self.forget(key, through);
        if !self.overlay.contains_key(&key) {
            self.octree.remove(key);
            // A reader that looks at it now may see it as it was.
            let change = self.next_change();
            self.queue.put(key, change, Urgency::Edited);
        }
    }

    /// The number of the last change of all.
    pub fn newest_change(&self) -> Change {
        self.change
    }

    /// Whether the index has looked at an edited chunk as it is now.
    pub fn is_indexed(&self, key: ChunkKey) -> bool {
        self.octree.is_edited(key) && !self.queue.contains(key)
    }

    /// Notes that the index has looked at a chunk as it was after a change.
    pub fn indexed(&mut self, key: ChunkKey, change: Change) {
        if self.queue.finish(key, change) {
            self.octree.make_fresh(key);
        }
    }

    fn forget(&mut self, key: ChunkKey, through: Change) {
        let Some(edited) = self.overlay.get_mut(&key) else { return };
        self.overlay_bytes -= edited.size_bytes();
        if edited.change <= through {
            self.overlay.remove(&key);
            return;
        }
        edited.keep_strokes(|at| at > through);
        // A whole chunk without strokes is the last change itself.
        if !edited.strokes.is_empty() {
            edited.whole = None;
        }
        self.overlay_bytes += edited.size_bytes();
    }

    /// In a world without a store: makes strokes up to a change one with their chunk.
    pub fn fold(&mut self, key: ChunkKey, through: Change, whole: CompactChunk) {
        let Some(edited) = self.overlay.get_mut(&key) else { return };
        self.overlay_bytes -= edited.size_bytes();
        edited.keep_strokes(|at| at > through);
        edited.whole = Some(whole);
        self.overlay_bytes += edited.size_bytes();
    }

    /// How many edited chunks are held in memory, and their bytes.
    pub fn overlay_size(&self) -> (usize, usize) {
        (self.overlay.len(), self.overlay_bytes)
    }
}

fn stripe(key: ChunkKey) -> usize {
    (FxBuildHasher.hash_one(key) >> 40) as usize % STRIPES
}
