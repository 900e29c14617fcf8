//! [`WorldReader`]: one thread's quick way to voxels and nodes.

use std::time::Instant;

use bluemarble_core::{
    CHUNK_EDGE, Cells, ChunkKey, CompactChunk, MaterialId, Shape, VoxelBox, VoxelPos,
};
use futures::executor::block_on;
use glam::IVec3;

use super::{
    cache::{HeldChunk, HeldNode, ReaderCache, UniformNode},
    explanation::Explanation,
    sight::{RayTarget, Sight},
    slots::Slots,
};
use crate::{HybridWorld, WorldError, hybrid::Known};

/// Nodes of which a reader remembers what they are.
const MAX_NODES: usize = 1 << 15;
/// Caches that are kept for readers to come.
const MAX_KEPT_CACHES: usize = 4;
/// Bytes of chunks that a reader holds unless [`WorldReader::set_budget_bytes`] says otherwise.
pub const DEFAULT_READER_BYTES: usize = 32 << 20;

/// Reads voxels, nodes and chunks of a world and remembers what it has read: a voxel of a chunk that it
/// knows costs some nanoseconds and takes no lock.
///
/// What it says is never older than the call: every edit that was acknowledged before is in it. It blocks
/// where a chunk must be read from the store or made by the baseline, so keep it on a worker, one for
/// each thread.
#[derive(Debug)]
pub struct WorldReader {
    world: HybridWorld,
    cache: ReaderCache,
    explanation: Explanation,
}

impl Drop for WorldReader {
    fn drop(&mut self) {
        let mut cache = std::mem::take(&mut self.cache);
        self.world.counted().take(&mut cache.meter);
        let mut caches = self.world.reader_caches();
        if caches.len() < MAX_KEPT_CACHES {
            caches.push(Box::new(cache));
        }
    }
}

impl HybridWorld {
    /// A reader for this thread. It may know already what one before it has read.
    pub fn reader(&self) -> WorldReader {
        let known =
            self.reader_caches().pop().and_then(|cache| cache.downcast::<ReaderCache>().ok());
        let mut cache = known.map_or_else(ReaderCache::default, |cache| *cache);
        cache.budget_bytes = DEFAULT_READER_BYTES;
        WorldReader { world: self.clone(), cache, explanation: Explanation::default() }
    }
}

impl WorldReader {
    /// The world that is read.
    pub fn world(&self) -> &HybridWorld {
        &self.world
    }

    /// How the lattice lies in local space.
    pub fn shape(&self) -> Shape {
        self.world.shape()
    }

    /// Sets how many bytes of chunks may be held; beyond them everything is forgotten.
    pub fn set_budget_bytes(&mut self, bytes: usize) {
        self.cache.budget_bytes = bytes;
        self.keep_budget();
    }

    /// Bytes of chunks and masks that are held.
    pub fn held_bytes(&self) -> usize {
        self.cache.held_bytes
    }

    /// What a voxel is made of.
    ///
    /// # Errors
    /// As [`HybridWorld::read`].
    #[inline]
    pub fn material(&mut self, pos: VoxelPos) -> Result<MaterialId, WorldError> {
        match self.known_material(pos.region, pos.voxel) {
            Some(material) => Ok(material),
            None => self.read_material(pos),
        }
    }

    // A path of its own, or its key would have to be in memory on the quick one.
    #[cold]
    fn read_material(&mut self, pos: VoxelPos) -> Result<MaterialId, WorldError> {
        let chunk = self.chunk(pos.chunk(0))?;
        Ok(chunk.cells.get(pos.voxel & (CHUNK_EDGE - 1)))
    }

    /// The same, if the chunk is at hand.
    // Two arguments stay in registers. A `VoxelPos` goes through memory, and the load of its last four bytes, padding
    // included, waits for the store of the region's one: that takes as long as all the rest.
    #[inline]
    pub(crate) fn known_material(&mut self, region: u8, voxel: IVec3) -> Option<MaterialId> {
        let chunk = self.known_chunk(VoxelPos::new(region, voxel).chunk(0))?;
        Some(chunk.cells.get(voxel & (CHUNK_EDGE - 1)))
    }

    /// How the last query was answered.
    pub fn explanation(&self) -> Explanation {
        self.explanation
    }

    pub(crate) fn explain(&mut self, explanation: Explanation) {
        self.explanation = explanation;
    }

    /// The time at the start of a query, if it is one to be timed.
    #[inline]
    pub(crate) fn query_begins(&self) -> Option<Instant> {
        self.cache.meter.start()
    }

    /// Counts a query that has ended.
    #[inline]
    pub(crate) fn query_ends(&mut self, start: Option<Instant>, without_chunk: bool) {
        if self.cache.meter.end(start, without_chunk) {
            self.world.counted().take(&mut self.cache.meter);
        }
    }

    /// A chunk as it is now.
    ///
    /// # Errors
    /// As [`HybridWorld::read`].
    pub fn read(&mut self, key: ChunkKey) -> Result<CompactChunk, WorldError> {
        Ok(self.chunk(key)?.cells.clone())
    }

    /// The chunk, read if need be.
    pub(crate) fn chunk(&mut self, key: ChunkKey) -> Result<&HeldChunk, WorldError> {
        if self.known_chunk(key).is_none() {
            self.fetch(key)?;
        }
        self.cache.chunks.any(key).ok_or(WorldError::OutsideLattice { key })
    }

    /// The chunk, if it is held and nothing is newer.
    #[inline]
    pub(crate) fn known_chunk(&mut self, key: ChunkKey) -> Option<&HeldChunk> {
        let published = self.published();
        let slot = self.cache.chunks.slot_of(key)?;
        if slot.published != published && !slot.renew(&self.world, published) {
            return None;
        }
        slot.held.as_ref()
    }

    /// What a ray sees of a chunk, if that is at hand and nothing is newer.
    #[inline]
    pub(crate) fn known_sight(&self, key: ChunkKey, target: RayTarget) -> Option<&Sight> {
        let (index, sights) = (Slots::<Sight>::index(key), &self.cache.sights[target as usize]);
        if sights.is_fresh(index, key, self.published()) { sights.at(index) } else { None }
    }

    /// Puts at hand what a ray sees of a chunk; false if the chunk itself is not.
    #[cold]
    pub(crate) fn see(&mut self, key: ChunkKey, target: RayTarget) -> bool {
        let published = self.published();
        let Some(cells) = self.known_chunk(key).map(|chunk| chunk.cells.clone()) else {
            return false;
        };
        let sights = &mut self.cache.sights[target as usize];
        if let Some(slot) = sights.slot_of(key)
            && slot.held.as_ref().is_some_and(|sight| sight.cells.is_same(&cells))
        {
            slot.published = published;
            return true;
        }
        let masks = cells.occupancy(|material| target.stops(&self.world, material));
        self.cache.held_bytes += masks.size_bytes();
        if let Some(old) = sights.put(key, published, Sight { cells, masks }) {
            self.cache.held_bytes -= old.masks.size_bytes();
        }
        true
    }

    /// The node of one material in which a chunk was found to be, if nothing has changed since.
    #[inline]
    pub(crate) fn known_uniform(&self, key: ChunkKey) -> Option<UniformNode> {
        let (index, uniform) = (Slots::<UniformNode>::index(key), &self.cache.uniform);
        if uniform.is_fresh(index, key, self.published()) {
            uniform.at(index).copied()
        } else {
            None
        }
    }

    /// Remembers in which node of one material a chunk is.
    pub(crate) fn learn_uniform(&mut self, key: ChunkKey, published: u64, node: UniformNode) {
        self.cache.uniform.put(key, published, node);
    }

    /// A number that is another one after anything was changed.
    #[inline]
    pub(crate) fn published(&self) -> u64 {
        self.world.published()
    }

    /// The one material of all cells of a lod, and of all finer ones, that a box of voxels meets, if it is known
    /// without reading any.
    pub fn box_material(&self, voxels: &VoxelBox, lod: u8) -> Option<MaterialId> {
        self.world.box_material(voxels, lod)
    }

    fn fetch(&mut self, key: ChunkKey) -> Result<(), WorldError> {
        let published = self.published();
        let found = block_on(self.world.find(key))?.cached;
        let chunk = HeldChunk { cells: found.compact, change: found.change };
        // First, so that what was asked for is held.
        self.keep_budget();
        self.cache.held_bytes += chunk.cells.size_bytes();
        if let Some(old) = self.cache.chunks.put(key, published, chunk) {
            self.cache.held_bytes -= old.cells.size_bytes();
        }
        Ok(())
    }

    fn keep_budget(&mut self) {
        // Chunks are shared with the world's own cache, so forgetting them all costs little.
        if self.cache.held_bytes > self.cache.budget_bytes {
            self.cache.chunks = Slots::default();
            self.cache.sights = Default::default();
            self.cache.held_bytes = 0;
        }
    }

    /// The one material of all voxels of a node, if it is known without reading any.
    #[inline]
    pub(crate) fn node_material(&mut self, key: ChunkKey) -> Option<MaterialId> {
        let published = self.published();
        match self.cache.nodes.get(&key) {
            Some(node) if node.published == published => node.uniform,
            _ => self.ask_node(key, published),
        }
    }

    fn ask_node(&mut self, key: ChunkKey, published: u64) -> Option<MaterialId> {
        let mut baseline = self.cache.nodes.get(&key).and_then(|node| node.baseline);
        let uniform = match self.world.known(key) {
            Known::Uniform(material) => Some(material),
            Known::Mixed => None,
            Known::Untouched => *baseline.get_or_insert_with(|| self.world.node_baseline(key)),
        };
        if self.cache.nodes.len() >= MAX_NODES {
            self.cache.nodes.clear();
        }
        self.cache.nodes.insert(key, HeldNode { published, baseline, uniform });
        uniform
    }
}
