//! Parents: edited chunks are carried into their parents, lod by lod.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bluemarble_core::{Chunk, ChunkKey, CompactChunk, MAX_LOD, code};
use futures::FutureExt;
use rustc_hash::{FxHashMap, FxHashSet};

use super::world::HybridWorld;
use crate::{
    WorldError,
    downsampled::{Child, carry_up},
};

/// Chunks of lod 0 that are carried up at once: what an update needs of memory.
const UPDATED_AT_ONCE: usize = 1024;

/// The parents of one lod in the order in which they are updated.
type Order = (u8, [i32; 3]);

fn order(key: ChunkKey) -> Order {
    (key.region, key.pos.to_array())
}

/// Chunks as the baseline fills them: a parent's is the next round's child's.
#[derive(Default)]
pub(super) struct BaselineChunks(Mutex<FxHashMap<ChunkKey, Arc<Chunk>>>);

impl BaselineChunks {
    pub fn get(&self, world: &HybridWorld, key: ChunkKey) -> Arc<Chunk> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(chunk) = known().get(&key) {
            return Arc::clone(chunk);
        }
        let chunk = Arc::new(world.fill_from_baseline(key));
        Arc::clone(known().entry(key).or_insert(chunk))
    }
}

impl HybridWorld {
    /// Makes every lod show what was edited so far, and returns the chunks that have changed for it since this or a
    /// checkpoint last told of any: also those that a call changed which failed later.
    ///
    /// A lod is left alone where the lod below it looks from above as it did before, so a single voxel is
    /// seen up to where it would be overlooked. Calling this again changes nothing. What is edited
    /// meanwhile may wait for the next call.
    ///
    /// # Errors
    /// [`WorldError::Store`] if a chunk cannot be read; what is left to do is done by the next call.
    pub async fn update_parents(&self) -> Result<Vec<ChunkKey>, WorldError> {
        self.update_all_parents().await?;
        Ok(self.take_updated_parents())
    }

    /// The same; what has changed is kept to be told of later.
    pub(super) async fn update_all_parents(&self) -> Result<(), WorldError> {
        let mut leaves: Vec<_> = self.state().awaiting_parents(0).collect();
        // Neighbours share parents.
        leaves.sort_unstable_by_key(|key| (key.region, code::morton_of(*key)));
        for leaves in std::iter::once(&[][..]).chain(leaves.chunks(UPDATED_AT_ONCE)) {
            let (baselines, updating) = (BaselineChunks::default(), self.updating_parents().await);
            self.update_some_parents(leaves, &baselines, &updating).await?;
        }
        Ok(())
    }

    /// As long as this lives, nothing else changes parents.
    pub(super) async fn updating_parents(&self) -> futures::lock::MutexGuard<'_, ()> {
        self.inner.updating_parents.lock().await
    }

    fn updated_parents(&self) -> MutexGuard<'_, FxHashSet<ChunkKey>> {
        self.inner.updated_parents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The parents that were updated since the last call, lod by lod.
    pub(super) fn take_updated_parents(&self) -> Vec<ChunkKey> {
        let mut updated: Vec<_> = self.updated_parents().drain().collect();
        updated.sort_unstable_by_key(|&key| (key.lod, order(key)));
        updated
    }

    /// [`HybridWorld::update_parents`] for some chunks of lod 0 and whatever is left to do above it; what has
    /// changed is kept to be told of later.
    pub(super) async fn update_some_parents(
        &self,
        leaves: &[ChunkKey],
        baselines: &BaselineChunks,
        _updating: &futures::lock::MutexGuard<'_, ()>,
    ) -> Result<(), WorldError> {
        // Once from bottom to top: edits without a pause must not keep this from ending.
        for lod in 0..MAX_LOD {
            let parents = {
                let state = self.state();
                match lod {
                    0 => by_parent(leaves.iter().copied().filter(|&key| state.is_unshown(key))),
                    _ => by_parent(state.awaiting_parents(lod)),
                }
            };
            let parents: Vec<_> = parents.into_values().collect();
            let updated = self.for_each(&parents, |(parent, children)| {
                self.update_parent(*parent, children, baselines).boxed()
            });
            updated.await.into_iter().collect::<Result<(), _>>()?;
        }
        Ok(())
    }

    /// Brings one parent up to date with some of its children.
    async fn update_parent(
        &self,
        parent: ChunkKey,
        children: &[ChunkKey],
        baselines: &BaselineChunks,
    ) -> Result<(), WorldError> {
        let mut chunks = Vec::with_capacity(children.len());
        for &child in children {
            let baseline = baselines.get(self, child);
            let (cached, chunk) = self.find_over(child, &baseline).await?.split();
            chunks.push((child, cached.change, chunk, baseline));
        }
        let children: Vec<_> = (chunks.iter())
            .map(|(key, _, now, baseline)| Child { octant: key.octant(), now, baseline })
            .collect();
        let baseline = baselines.get(self, parent);
        let (_, before) = self.find_over(parent, &baseline).await?.split();
        let after = carry_up(&before, &baseline, &children);
        let after = after.map(|after| CompactChunk::new(&after));
        let mut state = self.state_mut();
        for (child, change, ..) in &chunks {
            // A child that was edited meanwhile is carried up once more.
            if state.edited(*child).is_none_or(|edited| edited.change <= *change) {
                state.shown(*child);
            }
        }
        if let Some(after) = after {
            let change = state.next_change();
            self.inner.cache.remove(&parent);
            state.publish_whole(parent, change, after);
            drop(state);
            self.updated_parents().insert(parent);
        }
        Ok(())
    }
}

fn by_parent(
    children: impl Iterator<Item = ChunkKey>,
) -> BTreeMap<Order, (ChunkKey, Vec<ChunkKey>)> {
    let mut parents = BTreeMap::new();
    for child in children {
        if let Some(parent) = child.parent() {
            let (_, siblings) = parents.entry(order(parent)).or_insert((parent, Vec::new()));
            siblings.push(child);
        }
    }
    parents
}
