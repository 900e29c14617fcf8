//! Checkpoints: what the log and the memory hold is folded into the store.

use std::sync::{
    PoisonError,
    atomic::Ordering::{Acquire, Release},
};

use bluemarble_core::{Chunk, ChunkKey, code};
use futures::FutureExt;

use super::{
    cache::Cached, parents::BaselineChunks, pause::pause, state::Change, world::HybridWorld,
};
use crate::WorldError;

/// Edited chunks that are folded at once: what a checkpoint needs of memory.
const FOLDED_AT_ONCE: usize = 1024;

/// What a checkpoint has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckpointReport {
    /// The store holds every batch up to this one; 0 in a world without a log.
    pub lsn: u64,
    /// Chunks of any lod that were written.
    pub chunks: usize,
    /// Chunks that were updated first, so that all lods of the store agree, and those that [`HybridWorld::update_parents`]
    /// would have told of.
    pub updated_parents: Vec<ChunkKey>,
}

impl HybridWorld {
    /// Folds every edit that was made before the call into the store, with its parents. When this
    /// returns the store has them and the log does not need them any more. In a world without a store
    /// memory is tidied up, and nothing is written.
    ///
    /// It can be killed at any point: the log has everything until the store has it, and chunks are
    /// written from the coarsest lod down, so that whatever is missing then is found by the next update.
    ///
    /// # Errors
    /// [`WorldError::Store`]; everything stays where it is and the next checkpoint tries again.
    pub async fn checkpoint(&self) -> Result<CheckpointReport, WorldError> {
        let result = self.fold_all().await;
        self.counted().saved(result.as_ref().err().map(WorldError::to_string));
        result
    }

    /// [`HybridWorld::checkpoint`] if the log takes more bytes than `max_bytes`.
    ///
    /// # Errors
    /// As [`HybridWorld::checkpoint`].
    pub async fn keep_log_short(&self, max_bytes: u64) -> Result<(), WorldError> {
        if self.log().is_some_and(|log| log.statistics().bytes_allocated > max_bytes) {
            self.checkpoint().await?;
        }
        Ok(())
    }

    async fn fold_all(&self) -> Result<CheckpointReport, WorldError> {
        let _folding = self.inner.folding.lock().await;
        self.check_usable()?;
        let (lsn, mut leaves) = {
            let _order = self.inner.order.lock().unwrap_or_else(PoisonError::into_inner);
            let state = self.state();
            let leaves = state.overlay_unsorted().filter(|(_, edited)| edited.has_strokes());
            let leaves: Vec<_> = leaves.map(|(key, _)| key).collect();
            (self.inner.last_batch.load(Acquire), leaves)
        };
        // Neighbours share shards and parents.
        leaves.sort_unstable_by_key(|key| (key.region, code::morton_of(*key)));
        let mut report = CheckpointReport { lsn, ..CheckpointReport::default() };
        for leaves in leaves.chunks(FOLDED_AT_ONCE) {
            self.fold(leaves, &mut report).await?;
        }
        // What was edited while its chunk was folded has its parents still to do.
        self.update_all_parents().await?;
        self.fold(&[], &mut report).await?;
        if let Some(store) = &self.inner.store {
            store.commit().await?;
        }
        if let Some(log) = self.log()
            && self.inner.checkpointed.load(Acquire) < lsn
        {
            log.checkpointed(lsn)?.acknowledged().await?;
            self.inner.checkpointed.store(lsn, Release);
        }
        report.updated_parents = self.take_updated_parents();
        Ok(report)
    }

    /// Folds some chunks of lod 0, and all parents that are in memory.
    async fn fold(
        &self,
        leaves: &[ChunkKey],
        report: &mut CheckpointReport,
    ) -> Result<(), WorldError> {
        // Until all chunks are read: of every chunk that is written, what lies above it shows it.
        let updating = self.updating_parents().await;
        let baselines = BaselineChunks::default();
        self.update_some_parents(leaves, &baselines, &updating).await?;
        let Some(store) = &self.inner.store else {
            for &key in leaves {
                pause().await;
                let Cached { compact, change } = self.find(key).await?.cached;
                self.state_mut().fold(key, change, compact);
            }
            return Ok(());
        };
        let mut keys = leaves.to_vec();
        keys.extend(self.state().overlay_unsorted().map(|(key, _)| key).filter(|key| key.lod > 0));
        let found = self.for_each(&keys, |&key| self.find_changed(key, &baselines).boxed()).await;
        let chunks: Vec<_> =
            found.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?;
        drop(updating);
        if chunks.is_empty() {
            return Ok(());
        }
        if let Some(log) = self.log() {
            // The store must not know of an edit that a loss of power would take from the log.
            log.sync().await?;
        }
        store.note_lsn(self.inner.last_batch.load(Acquire));
        // Coarsest first: see `checkpoint`.
        store
            .write(&chunks.iter().map(|(key, _, chunk)| (*key, chunk)).collect::<Vec<_>>())
            .await?;
        report.chunks += chunks.len();
        let mut state = self.state_mut();
        for (key, cached, _) in chunks {
            state.stored(key, cached.change);
            // Strokes that are forgotten now must be in the cached chunk.
            if self.inner.cache.peek(&key).is_none_or(|known| known.change < cached.change) {
                self.inner.cache.insert(key, cached);
            }
        }
        Ok(())
    }

    /// An edited chunk with its edits; `None`, and forgotten, if they have changed nothing.
    async fn find_changed(
        &self,
        key: ChunkKey,
        baselines: &BaselineChunks,
    ) -> Result<Option<(ChunkKey, Cached, Chunk)>, WorldError> {
        let (cached, chunk) = self.find(key).await?.split();
        let is_unchanged = self.forget_unchanged(key, &chunk, cached.change, baselines);
        Ok((!is_unchanged).then_some((key, cached, chunk)))
    }

    /// Forgets an edited chunk that is not stored and is what the baseline makes. True if so.
    fn forget_unchanged(
        &self,
        key: ChunkKey,
        chunk: &Chunk,
        through: Change,
        baselines: &BaselineChunks,
    ) -> bool {
        let is_stored = self.state().edited(key).is_none_or(|edited| edited.is_stored);
        if is_stored || *chunk != *baselines.get(self, key) {
            return false;
        }
        let mut state = self.state_mut();
        if state.is_unshown(key) {
            return false;
        }
        state.unchanged(key, through);
        true
    }
}
