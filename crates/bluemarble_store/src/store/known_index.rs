//! Indices of shards that were read lately.

use std::sync::Arc;

use quick_cache::{Weighter, sync::Cache};

use crate::{layout::ShardKey, shard::ShardIndex};

/// What a remembered shard index takes, about.
const INDEX_BYTES: u64 = 2048;

/// Indices by their shards.
pub(super) type KnownIndices = Cache<ShardKey, Arc<KnownIndex>, ByBytes>;

/// Room for as many indices as fit into `bytes`.
pub(super) fn known_indices(bytes: u64) -> KnownIndices {
    Cache::with_weighter((bytes / INDEX_BYTES) as usize, bytes, ByBytes)
}

/// The index of a shard as it was at one moment.
#[derive(Debug)]
pub(super) struct KnownIndex {
    pub index: ShardIndex,
    /// The generation of the shard's stripe when it was read.
    pub generation: u64,
    /// The object store's name for this version of the object, if it has one.
    pub tag: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct ByBytes;

impl Weighter<ShardKey, Arc<KnownIndex>> for ByBytes {
    fn weight(&self, _: &ShardKey, known: &Arc<KnownIndex>) -> u64 {
        (size_of::<KnownIndex>() + known.index.heap_bytes()) as u64
    }
}
