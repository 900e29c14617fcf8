//! The index of nodes, behind the edits and catching up with them.

use std::sync::{Arc, PoisonError, RwLockReadGuard};

use bluemarble_core::{ChunkKey, LatticeBox, MaterialId};
use bluemarble_index::{NodeIndex, NodeSummary};
use bluemarble_terrain::Classification;
use serde::Serialize;

use super::{HybridWorld, rebuild::pause, state::Change};
use crate::WorldError;

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
    /// Nobody has edited it: the baseline knows.
    Untouched,
    /// They are of one material.
    Uniform(MaterialId),
    /// They are not, or the index has not looked yet.
    Mixed,
}

/// A chunk at which nobody else looks meanwhile.
struct Claim<'a> {
    world: &'a HybridWorld,
    key: ChunkKey,
    change: Change,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.world.state_mut().disclaim(self.key);
    }
}

impl HybridWorld {
    /// How many chunks have changed since the index has looked at them.
    pub fn unindexed(&self) -> usize {
        self.state().unindexed_count()
    }

    /// Looks at chunks that have changed, `most` at most, and brings the index up to date with them and with
    /// what is above them. No answer depends on it, only how fast it comes. What is edited meanwhile waits
    /// for the next call.
    ///
    /// # Errors
    /// The first chunk that could not be read; all others have been looked at all the same, and it is tried
    /// again by the next call.
    pub async fn rebuild_index(&self, most: usize) -> Result<IndexReport, WorldError> {
        let mut report = IndexReport::default();
        let mut first_error = None;
        let claimed = self.state_mut().claim_unindexed(most);
        let claims: Vec<_> =
            claimed.into_iter().map(|(key, change)| Claim { world: self, key, change }).collect();
        for claim in claims {
            pause().await;
            match self.index_chunk(claim.key, claim.change).await {
                Ok(()) => report.indexed += 1,
                Err(error) => {
                    report.failed += 1;
                    first_error.get_or_insert(error);
                }
            }
        }
        report.left = self.unindexed();
        first_error.map_or(Ok(report), Err)
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
        // the node is stale and nobody asks for it.
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

    /// What the baseline says of a box of voxels, at a lod and all finer ones: the one material of all of them.
    pub(super) fn baseline_material(
        &self,
        region: u8,
        voxels: &LatticeBox,
        lod: u8,
    ) -> Option<MaterialId> {
        match self.inner.baseline.classify(region, *voxels, lod) {
            Classification::Uniform(material) => Some(material),
            Classification::Solid | Classification::Mixed => None,
        }
    }

    /// The same of a node.
    pub(super) fn node_baseline(&self, key: ChunkKey) -> Option<MaterialId> {
        self.baseline_material(key.region, &key.lattice_box(), key.lod)
    }

    /// What is known of all voxels of a node without reading any.
    pub(crate) fn known(&self, key: ChunkKey) -> Known {
        {
            let state = self.state();
            if !state.octree.is_touched(key) {
                return Known::Untouched;
            }
            if state.octree.is_stale(key) {
                return Known::Mixed;
            }
        }
        let uniform = self.index().node(key).and_then(|node| node.uniform);
        uniform.map_or(Known::Mixed, Known::Uniform)
    }

    /// What the chunk of a node is made of, if the index knows it as it is now.
    pub(crate) fn summary(&self, key: ChunkKey) -> Option<Arc<NodeSummary>> {
        if !self.state().is_indexed(key) {
            return None;
        }
        self.index().node(key).and_then(|node| node.summary.clone())
    }
}
