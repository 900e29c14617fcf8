//! [`ReaderCache`]: what a reader remembers.

use bluemarble_core::{ChunkKey, CompactChunk, MaterialId};
use rustc_hash::FxHashMap;

use super::{
    sight::Sight,
    slots::{Slot, Slots},
};
use crate::{HybridWorld, hybrid::Change, statistics::ReaderMeter};

/// What a reader remembers. When the reader goes, the world keeps it for the next one.
#[derive(Debug, Default)]
pub(super) struct ReaderCache {
    pub chunks: Slots<HeldChunk>,
    /// By [`super::RayTarget`].
    pub sights: [Slots<Sight>; 2],
    /// Chunks that are in a node of one material.
    pub uniform: Slots<UniformNode>,
    pub nodes: FxHashMap<ChunkKey, HeldNode>,
    pub held_bytes: usize,
    pub budget_bytes: usize,
    pub meter: ReaderMeter,
}

/// A chunk and the last change that is in it.
#[derive(Debug)]
pub(crate) struct HeldChunk {
    pub cells: CompactChunk,
    pub change: Change,
}

/// A node of one material.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UniformNode {
    pub lod: u8,
    pub material: MaterialId,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct HeldNode {
    /// What is held was true at this count of publications.
    pub published: u64,
    /// What the baseline says, which never changes; not asked yet where edits answer instead.
    pub baseline: Option<Option<MaterialId>>,
    /// The one material of every voxel of the node, as far as is known.
    pub uniform: Option<MaterialId>,
}

impl Slot<HeldChunk> {
    /// Whether the chunk is still as it is held, after something was published.
    #[cold]
    pub fn renew(&mut self, world: &HybridWorld, published: u64) -> bool {
        let Some(held) = &self.held else { return false };
        let is_newest = world.last_change(self.key) <= held.change;
        if is_newest {
            self.published = published;
        }
        is_newest
    }
}
