//! Flushing: edits go from memory into the store.

use bluemarble_core::ChunkKey;

use super::HybridWorld;
use crate::WorldError;

/// What a flush has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlushReport {
    /// Chunks of any lod that were written.
    pub chunks: usize,
    /// Chunks that were rebuilt first, so that all lods of the store agree.
    pub rebuilt: Vec<ChunkKey>,
}

impl HybridWorld {
    /// Carries every edit into the store; what was edited before the call is durable when it returns.
    /// Parents are rebuilt first. In a world without a store there is nothing to write.
    ///
    /// # Errors
    /// [`WorldError::Store`]; the edits stay in memory and the next flush writes them again.
    pub async fn flush(&self) -> Result<FlushReport, WorldError> {
        let _flushing = self.inner.flushing.lock().await;
        let mut rebuilt = self.rebuild_parents().await?;
        let Some(store) = &self.inner.store else {
            return Ok(FlushReport { chunks: 0, rebuilt });
        };
        let overlay: Vec<_> = {
            // What was edited meanwhile is little; edits wait until its parents show it, too.
            let _editing = self.inner.editing.lock().await;
            rebuilt.extend(self.rebuild_parents().await?);
            self.state().overlay().collect()
        };
        let chunks: Vec<_> = overlay.iter().map(|(key, chunk, _)| (*key, &**chunk)).collect();
        store.write(&chunks).await?;
        let mut state = self.state_mut();
        for (key, chunk, change) in &overlay {
            if state.stored(*key, *change) {
                self.inner.cache.insert(*key, chunk.clone());
            }
        }
        Ok(FlushReport { chunks: overlay.len(), rebuilt })
    }
}
