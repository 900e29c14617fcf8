//! What can be told of chunks without reading them.

use std::sync::Arc;

use bluemarble_core::{CHUNK_EDGE, CancelToken, Cancelled, Chunk, ChunkKey, Face, FacePlane};
use bluemarble_terrain::{Classification, Relief, Survey};
use glam::IVec3;

use super::world::HybridWorld;
use crate::WorldError;

impl HybridWorld {
    /// What a node holds, without reading anything: the baseline's answer, unless the node or one beside
    /// it holds edits, or nobody has asked yet what is stored there, or it lies outside of the world; then
    /// [`Classification::Mixed`]. Takes no longer than the baseline does.
    pub fn classify(&self, key: ChunkKey) -> Classification {
        if self.check_key(key).is_err() || self.state().is_touched_or_beside(&self.inner.shape, key)
        {
            return Classification::Mixed;
        }
        self.inner.baseline.classify(key.voxel_box(), key.lod)
    }

    /// Finds out whether a chunk is stored and, if it is not, does the long part of [`HybridWorld::survey`] in steps of at
    /// most a millisecond.
    ///
    /// # Errors
    /// [`WorldError::Cancelled`] if `cancel`, which is checked before each step, says so; else as [`HybridWorld::look_up`].
    pub async fn prepare(&self, key: ChunkKey, cancel: &CancelToken) -> Result<(), WorldError> {
        self.look_up(key).await?;
        if self.state().octree.is_edited(key) {
            return Ok(());
        }
        self.inner.baseline.prepare(key, cancel).map_err(|Cancelled| WorldError::Cancelled)
    }

    /// What the cells of a chunk are, told without reading it; [`Survey::Mixed`] if it is edited, or may be (call
    /// [`HybridWorld::prepare`] first), or lies outside of the world. As slow as [`HybridWorld::read`] of a chunk of the
    /// surface: call it on a worker.
    pub fn survey(&self, key: ChunkKey) -> Survey {
        if self.check_key(key).is_err() || self.state().may_be_edited(key) {
            return Survey::Mixed;
        }
        self.inner.baseline.survey(key)
    }

    /// How the ground of a chunk lies that holds these cells, for a renderer that lights slopes: where columns
    /// have been edited it is not natural. `None` as [`bluemarble_terrain::Baseline::relief`]
    /// says. Call it on a worker.
    ///
    /// # Errors
    /// [`Cancelled`] if `cancel` says so on the way.
    pub fn relief(
        &self,
        key: ChunkKey,
        chunk: &Chunk,
        cancel: &CancelToken,
    ) -> Result<Option<Arc<Relief>>, Cancelled> {
        let Some(relief) = self.inner.baseline.relief(key, cancel)? else { return Ok(None) };
        if !self.state().may_be_edited(key) {
            return Ok(Some(relief));
        }
        let mut before = Chunk::default();
        self.inner.baseline.fill(key, &mut before);
        let is_edited = |x: usize, z: usize| {
            (0..CHUNK_EDGE).any(|y| {
                let cell = IVec3::new(x as i32, y, z as i32);
                before.get(cell) != chunk.get(cell)
            })
        };
        let edited: Vec<bool> = (0..64 * 64).map(|at| is_edited(at % 64, at / 64)).collect();
        Ok(Some(Arc::new(relief.with_edited(|x, z| edited[z * 64 + x]))))
    }

    /// The cells of a chunk next to one of its faces, if they can be told without reading all of it:
    /// where it is in memory, or where it is not edited and the baseline knows a quicker way.
    pub fn quick_plane(&self, key: ChunkKey, face: Face) -> Option<FacePlane> {
        if self.check_key(key).is_err() || self.state().may_be_edited(key) {
            return None;
        }
        match self.inner.cache.get(&key) {
            Some(cached) => Some(FacePlane::of_chunk(&cached.compact, face)),
            None => self.inner.baseline.face_plane(key, face),
        }
    }

    /// The lattice y of the top of the ground, or of the water on it, in the column at lattice x and z,
    /// as the baseline has it: edits do not count.
    pub fn ground_y_estimate(&self, region: u8, x: f64, z: f64) -> f64 {
        self.inner.baseline.surface_y(region, x, z)
    }
}
