//! Reading: edits in memory, then the cache, then the store, then the baseline.

use std::sync::Arc;

use bluemarble_core::{CHUNK_EDGE, Chunk, ChunkKey, MAX_LOD, MaterialId};
use glam::IVec3;
use quick_cache::{Weighter, sync};

use super::HybridWorld;
use crate::{WorldError, statistics::Source};

/// Bytes of chunks that are kept unless [`HybridWorld::set_cache_budget_bytes`] says otherwise.
pub const DEFAULT_CACHE_BYTES: u64 = 256 << 20;
/// About how large a cached chunk is; only the cache's own tables are sized by it.
const TYPICAL_CHUNK_BYTES: u64 = 48 << 10;
/// What the cache needs for an entry beside the chunk.
const ENTRY_BYTES: u64 = 96;

pub(super) type Cache = sync::Cache<ChunkKey, Arc<Chunk>, ByBytes, rustc_hash::FxBuildHasher>;

#[derive(Clone)]
pub(super) struct ByBytes;

impl Weighter<ChunkKey, Arc<Chunk>> for ByBytes {
    fn weight(&self, _: &ChunkKey, chunk: &Arc<Chunk>) -> u64 {
        chunk.size_bytes() as u64 + ENTRY_BYTES
    }
}

pub(super) fn new_cache() -> Cache {
    sync::Cache::with(
        (DEFAULT_CACHE_BYTES / TYPICAL_CHUNK_BYTES) as usize,
        DEFAULT_CACHE_BYTES,
        ByBytes,
        rustc_hash::FxBuildHasher,
        sync::DefaultLifecycle::default(),
    )
}

impl HybridWorld {
    /// The chunk as it is now. Every edit that was acknowledged before the call is in it.
    ///
    /// # Errors
    /// [`WorldError::OutsideLattice`]; [`WorldError::Store`] if it is stored and cannot be read.
    pub async fn read(&self, key: ChunkKey) -> Result<Arc<Chunk>, WorldError> {
        self.check_key(key)?;
        let (stored, change) = {
            let state = self.state();
            if let Some(chunk) = state.edited(key) {
                self.count(Source::Overlay);
                return Ok(Arc::clone(chunk));
            }
            (state.octree.is_edited(key), state.last_change(key))
        };
        if let Some(chunk) = self.inner.cache.get(&key) {
            self.count(Source::Cache);
            return Ok(chunk);
        }
        let chunk = match &self.inner.store {
            Some(store) if stored => {
                self.count(Source::Store);
                // An edited chunk that is gone must not silently turn into baseline.
                let stored = store.read(key).await?.ok_or(WorldError::Lost { key })?;
                self.lay_over_baseline(key, stored)
            }
            _ => {
                self.count(Source::Baseline);
                let chunk = self.fill_from_baseline(key);
                if chunk.as_uniform().is_some() {
                    self.inner.counters.uniform_fill();
                }
                chunk
            }
        };
        let chunk = Arc::new(chunk);
        let state = self.state();
        if state.last_change(key) == change {
            // Under the lock: a change made from now on finds the entry and removes it.
            self.inner.cache.insert(key, Arc::clone(&chunk));
        }
        Ok(chunk)
    }

    /// What a voxel is made of.
    ///
    /// # Errors
    /// As [`HybridWorld::read`].
    pub async fn material(&self, region: u8, voxel: IVec3) -> Result<MaterialId, WorldError> {
        let chunk = self.read(ChunkKey::of_voxel(region, 0, voxel)).await?;
        Ok(chunk.get(voxel & (CHUNK_EDGE - 1)))
    }

    /// The lattice y of the top of the ground, or of the water on it, in the column at lattice x and z,
    /// as the baseline has it: edits do not count.
    pub fn ground_y_estimate(&self, region: u8, x: f64, z: f64) -> f64 {
        self.inner.baseline.surface_y(region, x, z)
    }

    /// Sets how many bytes of chunks are kept in memory beside the edits.
    pub fn set_cache_budget_bytes(&self, bytes: u64) {
        self.inner.cache.set_capacity(bytes);
    }

    pub(super) fn fill_from_baseline(&self, key: ChunkKey) -> Chunk {
        let mut chunk = Chunk::default();
        self.inner.baseline.fill(key, &mut chunk);
        chunk
    }

    /// Fills the cells that another program left out of a stored chunk.
    fn lay_over_baseline(&self, key: ChunkKey, stored: Chunk) -> Chunk {
        if !stored.any_material(|material| material == MaterialId::UNSTORED) {
            return stored;
        }
        let mut cells = self.fill_from_baseline(key).to_cells();
        for (cell, stored) in cells.iter_mut().zip(stored.to_cells()) {
            if stored != MaterialId::UNSTORED {
                *cell = stored;
            }
        }
        Chunk::from_cells(&cells)
    }

    fn check_key(&self, key: ChunkKey) -> Result<(), WorldError> {
        let shape = &self.inner.shape;
        // A chunk edge over 2^20 positions fits an i32 only if the position does; compare positions.
        let around = shape.region_box();
        let (low, high) = (around.min >> (6 + i32::from(key.lod.min(MAX_LOD))), around.max);
        let high = (high - 1) >> (6 + i32::from(key.lod.min(MAX_LOD)));
        let inside = key.pos.cmpge(low).all() && key.pos.cmple(high).all();
        if key.region >= shape.regions() || key.lod > MAX_LOD || !inside {
            return Err(WorldError::OutsideLattice { key });
        }
        Ok(())
    }
}
