//! The cache of chunks as they are, all edits laid over.

use bluemarble_core::{ChunkKey, CompactChunk};
use quick_cache::{Weighter, sync};

use super::state::Change;

/// Bytes of chunks that are kept unless [`crate::HybridWorld::set_cache_budget_bytes`] says otherwise.
pub const DEFAULT_CACHE_BYTES: u64 = 64 << 20;
/// About how large a cached chunk is; only the cache's own tables are sized by it.
const TYPICAL_CHUNK_BYTES: u64 = 12 << 10;
/// What the cache needs for an entry beside the chunk.
const ENTRY_BYTES: u64 = 96;

/// A chunk in the cache.
#[derive(Clone, Debug)]
pub(crate) struct Cached {
    pub compact: CompactChunk,
    /// Every change up to this one is in it.
    pub change: Change,
}

pub(super) type Cache = sync::Cache<ChunkKey, Cached, ByBytes, rustc_hash::FxBuildHasher>;

#[derive(Clone)]
pub(super) struct ByBytes;

impl Weighter<ChunkKey, Cached> for ByBytes {
    fn weight(&self, _: &ChunkKey, cached: &Cached) -> u64 {
        cached.compact.size_bytes() as u64 + ENTRY_BYTES
    }
}

pub(super) fn new_cache() -> Cache {
    sync::Cache::with(
        (DEFAULT_CACHE_BYTES / TYPICAL_CHUNK_BYTES) as usize,
        DEFAULT_CACHE_BYTES,
        ByBytes,
        rustc_hash::FxBuildHasher,
        sync::DefaultLifecycle::default(),
    )
}
