//! Editing: a batch goes into the log and over the chunks it touches. Nothing is read for it.

use std::{
    ops::RangeInclusive,
    sync::{PoisonError, atomic::Ordering::Release},
    time::Instant,
};

use bluemarble_core::{ChunkKey, EditBatch, EditOp};
use bluemarble_store::{
    StoreError,
    log::{Appended, DeltaLog},
};

use super::{state::Change, world::HybridWorld};
use crate::{WorldError, plan};

/// From this many cells of a chunk on, it is shorter to name the chunk once.
const MIN_CHUNK_CELLS: usize = 2;
/// Chunks that are published under one lock: readers wait no longer than for these.
const PUBLISHED_AT_ONCE: usize = 1024;

/// What a batch has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditReport {
    /// The number of the batch in the delta log; 0 in a world without one.
    pub lsn: u64,
    /// The chunks of lod 0 that it touches, each once, sorted.
    pub chunks: Vec<ChunkKey>,
}

impl HybridWorld {
    /// Makes the changes of a batch: all of them or, on an error, none. When this returns the batch is as
    /// durable as the world's [`bluemarble_store::log::Durability`] says, and every read that starts then sees
    /// it; reads may see it a little earlier. [`HybridWorld::update_parents`] carries it into the other
    /// lods and [`HybridWorld::checkpoint`] into the store.
    ///
    /// Nothing is read, so this takes about as long for a chunk on a slow disk as for one in memory.
    ///
    /// # Errors
    /// What is wrong with the batch; [`WorldError::Store`] if the log cannot be written: no edit is taken
    /// any more then, and the world must be opened again.
    pub async fn edit(&self, batch: &EditBatch) -> Result<EditReport, WorldError> {
        let start = Instant::now();
        let plan = plan::plan(&self.inner.shape, &self.inner.materials, batch)?;
        if plan.is_empty() {
            return Ok(EditReport::default());
        }
        let mut plan: Vec<_> = plan.into_iter().collect();
        plan.sort_unstable_by_key(|(key, _)| (key.region, key.pos.to_array()));
        let chunks: Vec<_> = plan.iter().map(|&(key, _)| key).collect();
        let (changes, appended) = {
            let _editing = self.inner.editing.lock().await;
            self.check_usable()?;
            // Readers see batches in the order in which the log has them.
            let _order = self.inner.order.lock().unwrap_or_else(PoisonError::into_inner);
            let appended = self.log().map(|log| append(log, batch, &plan)).transpose()?;
            if let Some(appended) = &appended {
                self.inner.last_batch.store(appended.lsn(), Release);
            }
            (self.publish(plan), appended)
        };
        let mut report = EditReport { lsn: 0, chunks };
        if let Some(appended) = appended {
            match appended.acknowledged().await {
                Ok(lsn) => report.lsn = lsn,
                Err(error) => {
                    let mut state = self.state_mut();
                    state.retract(&report.chunks, &changes);
                    report.chunks.iter().for_each(|key| drop(self.inner.cache.remove(key)));
                    return Err(error.into());
                }
            }
        }
        self.counted().edits.took(start.elapsed());
        Ok(report)
    }

    /// Lays the strokes of a plan over its chunks; gives the numbers of the changes, among which are those of no other edit.
    pub(super) fn publish(
        &self,
        plan: Vec<(ChunkKey, Vec<plan::Stroke>)>,
    ) -> RangeInclusive<Change> {
        let (mut first, mut last) = (Change::MAX, 0);
        let mut plan = plan.into_iter().peekable();
        while plan.peek().is_some() {
            let mut state = self.state_mut();
            let change = state.next_change();
            (first, last) = (first.min(change), change);
            for (key, strokes) in plan.by_ref().take(PUBLISHED_AT_ONCE) {
                state.publish_strokes(key, change, strokes);
            }
        }
        first..=last
    }
}

/// Appends a batch in the shorter of its forms: step by step, or by chunk.
fn append(
    log: &DeltaLog,
    batch: &EditBatch,
    plan: &[(ChunkKey, Vec<plan::Stroke>)],
) -> Result<Appended, StoreError> {
    let are_columns = batch.ops().iter().all(|op| matches!(op, EditOp::Column { .. }));
    if are_columns {
        let chunks = plan.iter().flat_map(|(key, strokes)| {
            strokes.iter().filter_map(|stroke| match stroke {
                plan::Stroke::Columns(columns) => Some((*key, &**columns)),
                _ => None,
            })
        });
        return log.append_columns(batch.cause(), chunks);
    }
    let are_cells = batch.ops().iter().all(|op| matches!(op, EditOp::Set(_)));
    if are_cells && batch.ops().len() >= plan.len() * MIN_CHUNK_CELLS {
        let chunks = plan.iter().flat_map(|(key, strokes)| {
            strokes.iter().filter_map(|stroke| match stroke {
                plan::Stroke::Cells(cells) => Some((*key, &**cells)),
                _ => None,
            })
        });
        return log.append_cells(batch.cause(), chunks);
    }
    log.append(batch)
}
