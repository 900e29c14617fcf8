//! Editing: a batch becomes new chunks of lod 0, all at once.

use std::sync::Arc;

use bluemarble_core::{Chunk, ChunkKey};

use super::HybridWorld;
use crate::{EditBatch, WorldError, plan};

/// What a batch has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditReport {
    /// The chunks of lod 0 that are different now, each once.
    pub changed: Vec<ChunkKey>,
    /// How many voxels are.
    pub voxels: u64,
}

impl HybridWorld {
    /// Makes the changes of a batch: all of them or, on an error, none. Every read that starts after
    /// this has returned sees them; [`HybridWorld::rebuild_parents`] carries them into the other lods
    /// and [`HybridWorld::flush`] into the store.
    ///
    /// # Errors
    /// What is wrong with the batch; [`WorldError::Store`] if a chunk that it changes cannot be read.
    pub async fn edit(&self, batch: &EditBatch) -> Result<EditReport, WorldError> {
        let plan = plan::plan(&self.inner.shape, &self.inner.materials, batch)?;
        let mut plan: Vec<_> = plan.into_iter().collect();
        plan.sort_unstable_by_key(|(key, _)| (key.region, key.pos.to_array()));
        let _editing = self.inner.editing.lock().await;
        let mut report = EditReport::default();
        let mut chunks = Vec::new();
        for (key, strokes) in plan {
            let before = self.read(key).await?;
            if let Some((after, voxels)) = plan::apply(&before, &strokes) {
                report.changed.push(key);
                report.voxels += voxels;
                chunks.push((key, Arc::new(after)));
            }
        }
        self.publish(chunks);
        Ok(report)
    }

    /// Makes edited chunks the ones that readers see.
    pub(super) fn publish(&self, chunks: Vec<(ChunkKey, Arc<Chunk>)>) {
        let mut state = self.state_mut();
        for (key, chunk) in chunks {
            self.inner.cache.remove(&key);
            state.publish(key, chunk);
        }
    }
}
