//! What went wrong below, in terms of the world.

use bluemarble_core::ChunkKey;

use crate::{StoreError, backend::refusal, layout::ShardKey};

/// Turns an object store's error into ours.
pub(super) fn object_error(
    path: &object_store::path::Path,
    action: &'static str,
) -> impl FnOnce(object_store::Error) -> StoreError {
    let path = path.to_string();
    move |source| match refusal(source) {
        Ok(refusal) => refusal,
        Err(source) => StoreError::Object { path, action, source: Box::new(source) },
    }
}

/// Says which chunk is damaged.
pub(super) fn damaged_chunk(key: ChunkKey, shard: ShardKey) -> impl FnOnce(String) -> StoreError {
    move |reason| StoreError::DamagedChunk { key, path: shard.path().to_string(), reason }
}
