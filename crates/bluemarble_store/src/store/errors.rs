//! What went wrong below, in terms of the world.

use bluemarble_core::ChunkKey;

use crate::{StoreError, codec::CodecError, layout::ShardKey, manifest::Job, shard::ShardError};

/// Says which chunk is damaged.
pub(super) fn damaged_chunk(
    key: ChunkKey,
    shard: ShardKey,
) -> impl FnOnce(CodecError) -> StoreError {
    move |error| StoreError::DamagedChunk {
        key,
        path: shard.path().to_string(),
        reason: error.to_string(),
    }
}

/// Says which shard is damaged.
pub(super) fn damaged_shard(shard: ShardKey) -> impl FnOnce(ShardError) -> StoreError {
    move |error| StoreError::DamagedShard {
        path: shard.path().to_string(),
        reason: error.to_string(),
    }
}

/// Says which chunk could not be compressed.
pub(super) fn unencodable(key: ChunkKey) -> impl FnOnce(CodecError) -> StoreError {
    move |error| StoreError::Unencodable { key, reason: error.to_string() }
}

/// Says what must be finished before a world can be used.
pub(super) fn unfinished(location: String, job: Job) -> StoreError {
    let (job, remedy) = match job {
        Job::Restore(number) => (
            format!("a restore of snapshot {number}"),
            "open the world for writing, or run `bluemarble restore` again, to finish it",
        ),
        Job::Copy => ("the copy".to_owned(), "run `bluemarble copy` again to finish it"),
        Job::Import => ("an import".to_owned(), "open the world for writing to finish it"),
    };
    StoreError::UnfinishedJob { location, job, remedy }
}
