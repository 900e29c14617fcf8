//! A source that takes its time, as a slow disk would.

use std::{sync::Arc, time::Duration};

use bluemarble_core::{CancelToken, Cancelled, Chunk, ChunkKey, Face, FacePlane, Shape, VoxelBox};
use bluemarble_terrain::{Baseline, Classification, Relief, Survey};

/// A baseline each of whose chunks takes at least so long.
pub struct SlowReads {
    pub inner: Arc<dyn Baseline>,
    pub each: Duration,
}

impl Baseline for SlowReads {
    fn shape(&self) -> Shape {
        self.inner.shape()
    }

    fn fill(&self, key: ChunkKey, chunk: &mut Chunk) {
        std::thread::sleep(self.each);
        self.inner.fill(key, chunk);
    }

    fn classify(&self, voxels: VoxelBox, lod: u8) -> Classification {
        self.inner.classify(voxels, lod)
    }

    fn prepare(&self, key: ChunkKey, cancel: &CancelToken) -> Result<(), Cancelled> {
        self.inner.prepare(key, cancel)
    }

    fn survey(&self, key: ChunkKey) -> Survey {
        self.inner.survey(key)
    }

    fn face_plane(&self, key: ChunkKey, face: Face) -> Option<FacePlane> {
        self.inner.face_plane(key, face)
    }

    fn surface_y(&self, region: u8, x: f64, z: f64) -> f64 {
        self.inner.surface_y(region, x, z)
    }

    fn relief(
        &self,
        key: ChunkKey,
        cancel: &CancelToken,
    ) -> Result<Option<Arc<Relief>>, Cancelled> {
        self.inner.relief(key, cancel)
    }

    fn fingerprint(&self) -> String {
        self.inner.fingerprint()
    }
}
