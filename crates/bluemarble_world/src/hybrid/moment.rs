//! Snapshots of a world while it is edited: each is as of one batch.

use std::{sync::atomic::Ordering::Acquire, time::SystemTime};

use bluemarble_core::ChunkKey;
use bluemarble_store::{SnapshotPolicy, TakenSnapshot};

use rustc_hash::FxHashSet;

use super::world::HybridWorld;
use crate::WorldError;

impl HybridWorld {
    /// Keeps the world as it is now: folds every edit into the store, and takes a snapshot of it, which
    /// [`bluemarble_store::ChunkStore::restore_snapshot`] brings back. `None` in a world without a store. Gives the parents that were
    /// updated for it, in no fixed order, as [`HybridWorld::checkpoint`] does.
    ///
    /// Edits go on while the most is folded, and wait only while what was edited meanwhile is folded as well.
    ///
    /// # Errors
    /// [`WorldError::Store`]; no snapshot is taken then.
    pub async fn take_snapshot(
        &self,
        now: SystemTime,
        policy: &SnapshotPolicy,
    ) -> Result<Option<(TakenSnapshot, Vec<ChunkKey>)>, WorldError> {
        let Some(store) = &self.inner.store else { return Ok(None) };
        let mut updated_parents: FxHashSet<_> =
            self.checkpoint().await?.updated_parents.into_iter().collect();
        let _no_edits = self.inner.editing.lock().await;
        updated_parents.extend(self.checkpoint().await?.updated_parents);
        store.note_lsn(self.inner.last_batch.load(Acquire));
        let taken = store.take_snapshot(now, policy).await?;
        Ok(Some((taken, updated_parents.into_iter().collect())))
    }
}
