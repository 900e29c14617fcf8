//! [`ChunkStore`]: edited chunks on disk.

mod arrays;
mod decoded;
pub mod maintain;
mod open;
mod put;
mod ranges;
mod read;
mod write;

use std::{
    fs::File,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use bluemarble_core::Shape;
use object_store::ObjectStore;
use quick_cache::sync::Cache;
use rustc_hash::FxHashMap;
use serde::Serialize;

pub use put::WrittenShard;

use crate::{
    StorageOptions, StoreError, StoreOptions, WorldMetadata,
    backend::{Capabilities, LeaseKeeper, refusal},
    layout::ShardKey,
};

/// Shards are spread over this many locks.
const STRIPES: usize = 64;
/// What a remembered shard index takes, about.
const INDEX_BYTES: u64 = 2048;

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

impl Counters {
    fn replaced_shard(&self, bytes: u64) {
        self.bytes_written.fetch_add(bytes, Relaxed);
        self.shards_replaced.fetch_add(1, Relaxed);
    }
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
    metadata: WorldMetadata,
    capabilities: Capabilities,
    storage: StorageOptions,
    stripes: Vec<Stripe>,
    indices: Cache<ShardKey, Arc<read::KnownIndex>, read::ByBytes>,
    decoded: decoded::DecodedChunks,
    arrays: arrays::KnownArrays,
    counters: Counters,
    /// Shards that were replaced since the store was opened.
    written: Mutex<FxHashMap<ShardKey, WrittenShard>>,
    /// Given back when it is dropped.
    _lease: Option<LeaseKeeper>,
    /// Kept open: closing it gives the world free.
    _lock: Option<File>,
}

/// Where the objects are and what keeps others out.
struct Opened {
    objects: Arc<dyn ObjectStore>,
    capabilities: Capabilities,
    lock: Option<File>,
    lease: Option<LeaseKeeper>,
}

impl Opened {
    /// Objects that nobody else writes.
    fn alone(objects: Arc<dyn ObjectStore>) -> Self {
        Self { objects, capabilities: Capabilities::default(), lock: None, lease: None }
    }
}

impl ChunkStore {
    fn new(opened: Opened, metadata: WorldMetadata, options: &StoreOptions) -> Self {
        let Opened { objects, capabilities, lock, lease } = opened;
        let bytes = options.index_cache_bytes;
        let estimate = (bytes / INDEX_BYTES) as usize;
        Self {
            objects,
            shape: metadata.shape,
            storage: metadata.storage,
            metadata,
            capabilities,
            stripes: (0..STRIPES).map(|_| Stripe::default()).collect(),
            indices: Cache::with_weighter(estimate, bytes, read::ByBytes),
            decoded: decoded::DecodedChunks::default(),
            arrays: arrays::KnownArrays::default(),
            counters: Counters::default(),
            written: Mutex::default(),
            _lease: lease,
            _lock: lock,
        }
    }

    /// What the world is: as given when it was opened for writing, as found when for reading.
    pub fn metadata(&self) -> &WorldMetadata {
        &self.metadata
    }

    /// Where the objects are, in words.
    pub fn place(&self) -> String {
        self.objects.to_string()
    }

    /// What the object store was seen to do; nothing where no other writer can be.
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
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
    move |source| match refusal(source) {
        Ok(refusal) => refusal,
        Err(source) => StoreError::Object { path, action, source: Box::new(source) },
    }
}

#[cfg(test)]
mod tests;
