//! Snapshots of a world while it is edited: each is as of one batch.

use std::{sync::atomic::Ordering::Acquire, time::SystemTime};

use bluemarble_store::{Snapshot, SnapshotPolicy, TakenSnapshot};
use rustc_hash::FxHashSet;

use super::{checkpoint::CheckpointReport, world::HybridWorld};
use crate::WorldError;

impl HybridWorld {
    /// Keeps the world as it is now: folds every edit into the store, and takes a snapshot of it, which
    /// [`bluemarble_store::ChunkStore::restore_snapshot`] brings back. `None` in a world without a store. The report is that of
    /// a [`HybridWorld::checkpoint`], which this is as well.
    ///
    /// Edits go on while the most is folded, and wait only while what was edited meanwhile is folded as well.
    ///
    /// # Errors
    /// [`WorldError::Store`]; no snapshot is taken then.
    pub async fn take_snapshot(
        &self,
        now: SystemTime,
        policy: &SnapshotPolicy,
    ) -> Result<(Option<TakenSnapshot>, CheckpointReport), WorldError> {
        let first = self.checkpoint().await?;
        let Some(store) = &self.inner.store else { return Ok((None, first)) };
        let _no_edits = self.inner.editing.lock().await;
        let mut report = self.checkpoint().await?;
        report.chunks += first.chunks;
        let updated: FxHashSet<_> =
            first.updated_parents.into_iter().chain(report.updated_parents).collect();
        report.updated_parents = updated.into_iter().collect();
        store.note_lsn(self.inner.last_batch.load(Acquire));
        let taken = store.take_snapshot(now, policy).await?;
        Ok((Some(taken), report))
    }

    /// The snapshots that are kept, oldest first; none in a world without a store.
    ///
    /// # Errors
    /// [`WorldError::Store`] of a world of an older version that is open for reading.
    pub fn snapshots(&self) -> Result<Vec<Snapshot>, WorldError> {
        match &self.inner.store {
            Some(store) => Ok(store.snapshots()?),
            None => Ok(Vec::new()),
        }
    }
}
