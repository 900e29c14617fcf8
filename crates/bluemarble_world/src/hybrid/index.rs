//! The index of nodes, behind the edits and catching up with them.

use std::{
    sync::{
        Arc, PoisonError, RwLockReadGuard,
        atomic::Ordering::{Acquire, Relaxed, Release},
    },
    time::Instant,
};

use bluemarble_core::{ChunkKey, MaterialId, VoxelBox};
use bluemarble_index::{NodeIndex, NodeSummary, Urgency};
use bluemarble_terrain::{Baseline, Classification};
use serde::Serialize;

use super::{index_work::IndexStatistics, pause::pause, state::Change, world::HybridWorld};
use crate::WorldError;

/// Chunks that queries may ask to be brought forward, until the next claim.
const MAX_WANTED: usize = 1024;

/// What a step of a rebuild has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IndexReport {
    /// Chunks that were looked at.
    pub indexed: usize,
    /// Chunks that could not be read; they wait for another try.
    pub failed: usize,
    /// Chunks that are left to look at.
    pub left: usize,
}

/// What is known of all voxels of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// It is not edited: the baseline knows.
    Untouched,
    /// They are of one material.
    Uniform(MaterialId),
    /// They are not, or the index has not looked yet, or nobody has asked yet what is stored.
    Mixed,
}

/// A chunk at which no other worker looks meanwhile.
struct Claim<'a> {
    world: &'a HybridWorld,
    key: ChunkKey,
    change: Change,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.world.inner.state.write_quietly().queue.give_back(self.key);
    }
}

impl HybridWorld {
    /// How many chunks have changed since the index has looked at them.
    pub fn unindexed(&self) -> usize {
        self.state().queue.len().total()
    }

    /// Looks at chunks that have changed, at most `max_chunks` and the most urgent first, and brings the index up to
    /// date with them and with what is above them. No answer depends on it, only how fast it comes. What is
    /// edited meanwhile waits for the next call. [`crate::RebuildManager`] calls this in the background.
    ///
    /// # Errors
    /// The first chunk that could not be read; all others have been looked at all the same, and it is tried
    /// again by the next call.
    pub async fn rebuild_index(&self, max_chunks: usize) -> Result<IndexReport, WorldError> {
        self.inner.state.write_quietly().queue.wake();
        let (report, error) = self.index_some(max_chunks).await;
        error.map_or(Ok(report), Err)
    }

    /// The same, but chunks that could not be read rest, longer each time.
    pub(crate) async fn index_some(&self, max_chunks: usize) -> (IndexReport, Option<WorldError>) {
        let mut report = IndexReport::default();
        let mut first_error = None;
        let (lsn, newest) = {
            let _order = self.inner.order.lock().unwrap_or_else(PoisonError::into_inner);
            (self.inner.last_batch.load(Acquire), self.state().newest_change())
        };
        let wanted = std::mem::take(&mut *self.wanted());
        if self.state().queue.is_empty() {
            self.inner.index_work.lsn.fetch_max(lsn, Release);
            return (report, None);
        }
        let claimed = {
            let mut state = self.inner.state.write_quietly();
            for key in wanted {
                state.queue.raise_urgency(key, Urgency::Wanted);
            }
            state.queue.claim(max_chunks, Instant::now())
        };
        let claims: Vec<_> =
            claimed.into_iter().map(|(key, change)| Claim { world: self, key, change }).collect();
        let work = &self.inner.index_work;
        for claim in claims {
            pause().await;
            work.looks.fetch_add(1, Relaxed);
            match self.index_chunk(claim.key, claim.change).await {
                Ok(()) => report.indexed += 1,
                Err(error) => {
                    report.failed += 1;
                    work.failures.fetch_add(1, Relaxed);
                    let text = format!("chunk {}: {error}", claim.key);
                    *work.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
                    self.inner.state.write_quietly().queue.fail(claim.key, Instant::now());
                    first_error.get_or_insert(error);
                }
            }
        }
        let state = self.state();
        report.left = state.queue.len().total();
        if state.queue.len().ready == 0 && !state.queue.waits_since(newest) {
            work.lsn.fetch_max(lsn, Release);
        }
        (report, first_error)
    }

    /// How the index stands.
    pub fn index_statistics(&self) -> IndexStatistics {
        let work = &self.inner.index_work;
        let queue = self.state().queue.len();
        let index = self.index();
        let lsn = work.lsn.load(Acquire);
        IndexStatistics {
            nodes: index.node_count(),
            summaries: index.summary_count(),
            leaves: index.tree().len(),
            waiting: queue.ready,
            claimed: queue.claimed,
            resting: queue.resting,
            looks: work.looks.load(Relaxed),
            failures: work.failures.load(Relaxed),
            last_error: work.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            lsn,
            newest_lsn: self.inner.last_batch.load(Acquire).max(lsn),
        }
    }

    fn wanted(&self) -> std::sync::MutexGuard<'_, Vec<ChunkKey>> {
        self.inner.index_work.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a query had to do without what the index does not know yet.
    fn want(&self, key: ChunkKey) {
        let mut wanted = self.wanted();
        if wanted.len() < MAX_WANTED {
            wanted.push(key);
        }
    }

    /// Looks at one chunk, whose last change was this one when it was chosen.
    async fn index_chunk(&self, key: ChunkKey, change: Change) -> Result<(), WorldError> {
        let is_edited = self.state().octree.is_edited(key);
        let summary = if is_edited {
            let found = self.find(key).await?.cached;
            Some(Arc::new(NodeSummary::of(&found.compact)))
        } else {
            None
        };
        let untouched = |key| self.node_baseline(key);
        // Nodes above are worked out from their children, edited or not: where one of these is not indexed yet,
        // the node is stale and is not asked for.
        let mut index = self.inner.index.write().unwrap_or_else(PoisonError::into_inner);
        index.put(key, change, summary, &untouched);
        drop(index);
        self.state_mut().indexed(key, change);
        Ok(())
    }

    /// The index as it is, perhaps behind the edits: [`HybridWorld::unindexed`].
    pub(crate) fn index(&self) -> RwLockReadGuard<'_, NodeIndex> {
        self.inner.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one material of all cells of a lod, and of all finer ones, that a box of voxels meets, if it is known
    /// without reading any.
    pub(crate) fn box_material(&self, voxels: &VoxelBox, lod: u8) -> Option<MaterialId> {
        if self.state().is_box_touched(voxels) {
            return None;
        }
        baseline_material(&*self.inner.baseline, *voxels, lod)
    }

    /// What the baseline says of a node: the one material of all its voxels.
    pub(crate) fn node_baseline(&self, key: ChunkKey) -> Option<MaterialId> {
        node_baseline(&*self.inner.baseline, key)
    }

    /// What is known of all voxels of a node without reading any.
    pub(crate) fn known(&self, key: ChunkKey) -> Known {
        {
            let state = self.state();
            if !state.is_touched(key) {
                return Known::Untouched;
            }
            if !state.is_fresh(key) {
                if state.queue.contains(key) {
                    self.want(key);
                }
                return Known::Mixed;
            }
        }
        let uniform = self.index().node(key).and_then(|node| node.uniform);
        uniform.map_or(Known::Mixed, Known::Uniform)
    }

    /// What the chunk of a node is made of, if the index knows it as it is now.
    pub(crate) fn summary(&self, key: ChunkKey) -> Option<Arc<NodeSummary>> {
        {
            let state = self.state();
            if state.queue.contains(key) {
                self.want(key);
            }
            if !state.is_indexed(key) {
                return None;
            }
        }
        self.index().node(key).and_then(|node| node.summary.clone())
    }
}

fn baseline_material(baseline: &dyn Baseline, voxels: VoxelBox, lod: u8) -> Option<MaterialId> {
    match baseline.classify(voxels, lod) {
        Classification::Uniform(material) => Some(material),
        Classification::Solid | Classification::Mixed => None,
    }
}

/// What a baseline says of all voxels of a node.
pub(super) fn node_baseline(baseline: &dyn Baseline, key: ChunkKey) -> Option<MaterialId> {
    baseline_material(baseline, key.voxel_box(), key.lod)
}
