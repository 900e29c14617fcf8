//! [`ChunkStore`]: edited chunks on disk.

mod arrays;
mod decoded;
mod ranges;
mod read;
mod write;

use std::{
    fs::File,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use bluemarble_core::Shape;
use object_store::{ObjectStore, local::LocalFileSystem};
use quick_cache::sync::Cache;
use serde::Serialize;

use crate::{
    StorageOptions, StoreError, WorldMetadata, block::block_on, directory, layout::ShardKey,
};

/// Shards are spread over this many locks.
const STRIPES: usize = 64;
/// Bytes of shard indices kept in memory: 1.5 KiB for a shard of 64 chunks.
const CACHED_INDEX_BYTES: u64 = 2 << 20;
/// About how many that is; only the cache's own tables are sized by it.
const CACHED_INDICES: usize = 1024;

/// What a store has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StoreStatistics {
    /// Bytes read from shards.
    pub bytes_read: u64,
    /// Bytes written to shards.
    pub bytes_written: u64,
    /// Chunks read.
    pub chunks_read: u64,
    /// Chunks written.
    pub chunks_written: u64,
    /// Shards replaced.
    pub shards_replaced: u64,
}

#[derive(Debug, Default)]
struct Counters {
    bytes_read: AtomicU64,
    bytes_written: AtomicU64,
    chunks_read: AtomicU64,
    chunks_written: AtomicU64,
    shards_replaced: AtomicU64,
}

/// What protects a group of shards.
#[derive(Debug, Default)]
struct Stripe {
    /// Held while a shard is read, changed and replaced.
    writer: futures::lock::Mutex<()>,
    /// Odd while a shard is being replaced: what was read of it meanwhile may be torn in two.
    generation: AtomicU64,
}

/// The edited chunks of one world.
///
/// Reads and writes may go on at once from any thread and on any executor. A chunk is on disk, and stays
/// there, once the write that carried it has returned.
#[derive(Debug)]
pub struct ChunkStore {
    objects: Arc<dyn ObjectStore>,
    shape: Shape,
    storage: StorageOptions,
    stripes: Vec<Stripe>,
    indices: Cache<ShardKey, Arc<read::KnownIndex>, read::ByBytes>,
    decoded: decoded::DecodedChunks,
    arrays: arrays::KnownArrays,
    counters: Counters,
    /// Kept open: closing it gives the world free.
    _lock: Option<File>,
}

impl ChunkStore {
    /// Opens the world in a directory, or makes one if the directory is empty or missing.
    ///
    /// Reads a few small documents and blocks for it. The world stays locked against other processes
    /// until the store is dropped.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`], [`StoreError::NotAWorld`], [`StoreError::Locked`];
    /// [`StoreError::Mismatch`] if it was made with another shape, baseline or material table;
    /// [`StoreError::NewerFormat`].
    pub fn create_or_open(dir: &Path, metadata: &WorldMetadata) -> Result<Self, StoreError> {
        let lock = directory::claim(dir)?;
        let objects = LocalFileSystem::new_with_prefix(dir).map_err(|source| {
            let source = std::io::Error::other(source);
            StoreError::Unwritable { path: dir.to_owned(), source }
        })?;
        let objects = Arc::new(objects.with_fsync(true));
        let mut store = block_on(Self::with_objects(objects, metadata))?;
        // Only now is it known to be ours.
        directory::sweep(dir);
        store._lock = Some(lock);
        Ok(store)
    }

    /// Opens or makes a world in any object store. Nothing keeps other processes out.
    ///
    /// # Errors
    /// [`StoreError::Mismatch`] if it was made with another shape, baseline or material table;
    /// [`StoreError::NewerFormat`]; [`StoreError::MissingMetadata`] if there are shards and nothing says of what world;
    /// [`StoreError::Object`].
    pub async fn with_objects(
        objects: Arc<dyn ObjectStore>,
        metadata: &WorldMetadata,
    ) -> Result<Self, StoreError> {
        let mut store = Self {
            objects,
            shape: metadata.shape,
            storage: metadata.storage,
            stripes: (0..STRIPES).map(|_| Stripe::default()).collect(),
            indices: Cache::with_weighter(CACHED_INDICES, CACHED_INDEX_BYTES, read::ByBytes),
            decoded: decoded::DecodedChunks::default(),
            arrays: arrays::KnownArrays::default(),
            counters: Counters::default(),
            _lock: None,
        };
        store.storage = store.open_world(metadata).await?;
        Ok(store)
    }

    /// How the lattice lies in world space.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How the world's chunks are stored: what it was made with.
    pub fn storage(&self) -> StorageOptions {
        self.storage
    }

    /// What the store has done since it was opened.
    pub fn statistics(&self) -> StoreStatistics {
        let counters = &self.counters;
        StoreStatistics {
            bytes_read: counters.bytes_read.load(Relaxed),
            bytes_written: counters.bytes_written.load(Relaxed),
            chunks_read: counters.chunks_read.load(Relaxed),
            chunks_written: counters.chunks_written.load(Relaxed),
            shards_replaced: counters.shards_replaced.load(Relaxed),
        }
    }

    fn stripe(&self, shard: ShardKey) -> &Stripe {
        use std::hash::BuildHasher;
        let hash = rustc_hash::FxBuildHasher.hash_one(shard);
        &self.stripes[(hash >> 40) as usize % STRIPES]
    }
}

/// Turns an object store's error into ours.
fn object_error(
    path: &object_store::path::Path,
    action: &'static str,
) -> impl FnOnce(object_store::Error) -> StoreError {
    let path = path.to_string();
    move |source| StoreError::Object { path, action, source: Box::new(source) }
}

#[cfg(test)]
mod tests;
