//! Stored chunks as far as they are listed, with what the index knows of them.

use std::sync::Arc;

use bluemarble_core::ChunkKey;
use bluemarble_index::NodeSummary;
use bluemarble_store::ShardKey;
use glam::IVec3;

use super::{kept::ShardOf, world::HybridWorld};

/// Chunks that are looked at under one lock: whoever publishes edits waits no longer than for these.
const CHUNKS_AT_ONCE: usize = 1024;

/// A stored chunk that is listed.
pub(super) struct StoredChunk<'a> {
    pub shard: ShardOf,
    /// Where it lies in the shard, counted in chunks from its start.
    pub within: IVec3,
    /// Whether memory has something newer.
    pub is_edited: bool,
    /// What it is made of now, if the index has looked at it.
    pub summary: Option<&'a Arc<NodeSummary>>,
}

impl HybridWorld {
    /// Looks at those of some chunks that are stored.
    pub(super) fn for_each_stored(&self, keys: &[ChunkKey], mut look: impl FnMut(StoredChunk)) {
        for keys in keys.chunks(CHUNKS_AT_ONCE) {
            let (state, index) = (self.state(), self.index());
            for &key in keys {
                let edited = state.edited(key);
                let is_stored = edited.is_none_or(|edited| edited.is_stored);
                if let Some((shard, within)) = ShardKey::locate(&self.inner.shape, key)
                    && is_stored
                {
                    let node = if state.is_indexed(key) { index.node(key) } else { None };
                    look(StoredChunk {
                        shard: (shard, !state.is_own(key)),
                        within,
                        is_edited: edited.is_some(),
                        summary: node.and_then(|node| node.summary.as_ref()),
                    });
                }
            }
        }
    }
}
