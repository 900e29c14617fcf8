//! Reading: edits in memory, then the cache, then the store, then the baseline.

use bluemarble_core::{
    CHUNK_EDGE, CancelToken, Cells, Chunk, ChunkKey, CompactChunk, MAX_LOD, MaterialId, VoxelBox,
    VoxelPos,
};

use super::{cache::Cached, state::Edited, world::HybridWorld};
use crate::{WorldError, plan, statistics::Source};

/// A chunk that was read.
#[derive(Debug)]
pub(crate) struct Found {
    pub cached: Cached,
    /// The same, if it had to be made.
    chunk: Option<Chunk>,
}

impl Found {
    pub fn split(self) -> (Cached, Chunk) {
        let chunk = self.chunk.unwrap_or_else(|| self.cached.compact.to_chunk());
        (self.cached, chunk)
    }
}

impl HybridWorld {
    /// The chunk as it is now. Every edit that was acknowledged before the call is in it.
    ///
    /// # Errors
    /// [`WorldError::OutsideLattice`]; [`WorldError::Store`] if it is stored and cannot be read.
    pub async fn read(&self, key: ChunkKey) -> Result<Chunk, WorldError> {
        Ok(self.find(key).await?.split().1)
    }

    /// The chunk as it is now, to be looked at: without a copy if it is in memory, where it is shared
    /// with everything else that holds it.
    ///
    /// # Errors
    /// As [`HybridWorld::read`].
    pub async fn read_compact(&self, key: ChunkKey) -> Result<CompactChunk, WorldError> {
        Ok(self.find(key).await?.cached.compact)
    }

    /// [`HybridWorld::read`] and [`HybridWorld::read_compact`] at once, pausing between its steps as
    /// `cancel` says. What was begun is finished and kept, even if it is cancelled.
    ///
    /// # Errors
    /// As [`HybridWorld::read`].
    pub async fn read_both(
        &self,
        key: ChunkKey,
        cancel: &CancelToken,
    ) -> Result<(Chunk, CompactChunk), WorldError> {
        let (cached, chunk) = self.find_in_steps(key, cancel, None).await?.split();
        Ok((chunk, cached.compact))
    }

    /// The chunk, and the last change that is in it.
    pub(crate) async fn find(&self, key: ChunkKey) -> Result<Found, WorldError> {
        self.find_in_steps(key, &CancelToken::never(), None).await
    }

    /// The same, if it is known how the baseline fills the chunk.
    pub(super) async fn find_over(
        &self,
        key: ChunkKey,
        baseline: &Chunk,
    ) -> Result<Found, WorldError> {
        self.find_in_steps(key, &CancelToken::never(), Some(baseline)).await
    }

    async fn find_in_steps(
        &self,
        key: ChunkKey,
        cancel: &CancelToken,
        baseline: Option<&Chunk>,
    ) -> Result<Found, WorldError> {
        self.look_up(key).await?;
        loop {
            let (known, strokes, last_change, edited, is_stored) = {
                let state = self.state();
                let last_change = state.last_change(key);
                let edited = state.edited(key);
                let known = self.held(key, edited);
                let since = known.as_ref().map_or(0, |known| known.change);
                let strokes = edited.map_or(Vec::new(), |edited| edited.strokes_after(since));
                let is_stored = match edited {
                    Some(edited) => edited.is_stored,
                    None => state.octree.is_edited(key),
                };
                (known, strokes, last_change, edited.map(|edited| edited.change), is_stored)
            };
            let is_known = known.is_some();
            self.count(match &known {
                Some(_) if edited.is_some() => Source::Overlay,
                Some(_) => Source::Cache,
                None if is_stored => Source::Store,
                None => Source::Baseline,
            });
            let chunk = match known {
                Some(Cached { compact, change }) if strokes.is_empty() => {
                    let cached = Cached { compact, change: change.max(last_change) };
                    return Ok(Found { cached, chunk: None });
                }
                Some(known) => known.compact.to_chunk(),
                None => self.read_base(key, is_stored, baseline).await?,
            };
            let chunk = plan::apply(chunk, strokes.iter().map(|stroke| &**stroke));
            // For its pause only.
            _ = cancel.check();
            let compact = CompactChunk::new(&chunk);
            let state = self.state();
            if !is_known && is_stored && state.edited(key).map(|edited| edited.change) != edited {
                // What the store gave may be newer than the strokes that were laid over it.
                continue;
            }
            let cached = Cached { compact, change: last_change };
            if state.last_change(key) == last_change {
                // Under the lock: whatever takes strokes away from now on finds the entry.
                self.inner.cache.insert(key, cached.clone());
            }
            return Ok(Found { cached, chunk: Some(chunk) });
        }
    }

    /// The chunk as the cache or the edits hold it; strokes that are newer are still among the edits: what the store takes
    /// over replaces older chunks in the cache.
    fn held(&self, key: ChunkKey, edited: Option<&Edited>) -> Option<Cached> {
        let whole = || Some(Cached { compact: edited?.whole.clone()?, change: 0 });
        self.inner.cache.get(&key).or_else(whole)
    }

    /// The chunk without what is newer than the store.
    async fn read_base(
        &self,
        key: ChunkKey,
        is_stored: bool,
        baseline: Option<&Chunk>,
    ) -> Result<Chunk, WorldError> {
        let store = match &self.inner.base {
            Some(base) if !self.state().is_own(key) => Some(base),
            _ => self.inner.store.as_ref(),
        };
        let Some(store) = store.filter(|_| is_stored) else {
            let chunk = baseline.cloned().unwrap_or_else(|| self.fill_from_baseline(key));
            if chunk.as_uniform().is_some() {
                self.inner.counters.uniform_fill();
            }
            return Ok(chunk);
        };
        // An edited chunk that is gone must not silently turn into baseline.
        let stored = store.read(key).await?.ok_or(WorldError::Lost { key })?;
        Ok(self.lay_over_baseline(key, stored))
    }

    /// What a voxel is made of.
    ///
    /// # Errors
    /// As [`HybridWorld::read`].
    pub async fn material(&self, pos: VoxelPos) -> Result<MaterialId, WorldError> {
        let chunk = self.read_compact(pos.chunk(0)).await?;
        Ok(chunk.get(pos.voxel & (CHUNK_EDGE - 1)))
    }

    /// What a voxel is made of, if that is known without reading: its chunk is in memory, or edits tell it. Takes a lock for
    /// a moment and computes nothing, so it may be called on the main thread; `None` for everything else, and outside of
    /// the lattice. Like every answer it holds all edits that were acknowledged before the call.
    pub fn known_material(&self, pos: VoxelPos) -> Option<MaterialId> {
        let key = pos.chunk(0);
        let cell = pos.voxel & (CHUNK_EDGE - 1);
        self.check_key(key).ok()?;
        let state = self.state();
        let edited = state.edited(key);
        let known = self.held(key, edited);
        let since = known.as_ref().map_or(0, |known| known.change);
        let newest = edited.and_then(|edited| edited.material_after(since, cell));
        newest.or_else(|| Some(known?.compact.get(cell)))
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
    pub(super) fn lay_over_baseline(&self, key: ChunkKey, stored: Chunk) -> Chunk {
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

    /// Whether a chunk lies in the lattice.
    pub fn has_chunk(&self, key: ChunkKey) -> bool {
        self.check_key(key).is_ok()
    }

    /// Whether a box is not empty, and within a region of the world.
    pub(crate) fn check_box(&self, voxels: &VoxelBox) -> Result<(), WorldError> {
        let VoxelBox { region, voxels } = *voxels;
        let shape = self.shape();
        if region >= shape.regions() {
            return Err(WorldError::UnknownRegion { region, regions: shape.regions() });
        }
        let lattice = shape.region_box();
        let is_inside = voxels.min.cmpge(lattice.min).all() && voxels.max.cmple(lattice.max).all();
        if voxels.is_empty() || !is_inside {
            return Err(WorldError::BoxOutside { region, voxels, lattice });
        }
        Ok(())
    }

    /// [`HybridWorld::has_chunk`] as an error that names the chunk.
    pub(crate) fn check_key(&self, key: ChunkKey) -> Result<(), WorldError> {
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
