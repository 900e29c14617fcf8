//! The store itself: what it keeps while a world is open.

use std::{
    collections::BTreeMap,
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bluemarble_core::Shape;
use object_store::ObjectStore;

use super::{
    decoded::DecodedChunks,
    known_arrays::KnownArrays,
    known_index::{KnownIndices, known_indices},
    statistics::{Counters, StoreStatistics},
    stored_shard::StoredShard,
    stripe::{Stripe, Stripes},
    written::{WrittenShard, WrittenShards},
};
use crate::{
    StorageOptions, StoreOptions, WorldMetadata,
    backend::{Capabilities, LeaseKeeper},
    layout::ShardKey,
    manifest::{Key, Manifest},
};

/// All shards of a world without a manifest.
pub(super) type AllShards = Arc<BTreeMap<Key, StoredShard>>;

/// The edited chunks of one world.
///
/// Reads and writes may go on at once from any thread and on any executor. A chunk is on disk, and stays
/// there, once the write that carried it has returned.
#[derive(Debug)]
pub struct ChunkStore {
    pub(super) objects: Arc<dyn ObjectStore>,
    pub(super) shape: Shape,
    pub(super) metadata: WorldMetadata,
    pub(super) capabilities: Capabilities,
    pub(super) storage: StorageOptions,
    pub(super) stripes: Stripes,
    pub(super) indices: KnownIndices,
    pub(super) decoded: DecodedChunks,
    pub(super) arrays: KnownArrays,
    /// `None` while it is being made, and in worlds of a version that had none.
    pub(super) manifest: Option<Manifest>,
    /// Of a world without one: all shards, once somebody has asked.
    pub(super) all_shards: futures::lock::Mutex<Option<AllShards>>,
    /// Whether there may be another writer, and this is none.
    pub(super) is_read_only: bool,
    /// Held while anything is read, changed and replaced.
    pub(super) writer: futures::lock::Mutex<()>,
    pub(super) counters: Counters,
    /// On how many threads chunks may be compressed.
    pub(super) threads: AtomicUsize,
    /// Shards that were replaced since the store was opened.
    pub(super) written: WrittenShards,
    /// Given back when it is dropped.
    _lease: Option<LeaseKeeper>,
    /// Kept open: closing it gives the world free.
    _lock: Option<File>,
}

/// Where the objects are and what keeps others out.
pub(super) struct Opened {
    pub objects: Arc<dyn ObjectStore>,
    pub capabilities: Capabilities,
    pub lock: Option<File>,
    pub lease: Option<LeaseKeeper>,
}

impl Opened {
    /// Objects that have no other writer.
    pub fn alone(objects: Arc<dyn ObjectStore>) -> Self {
        Self { objects, capabilities: Capabilities::default(), lock: None, lease: None }
    }
}

impl ChunkStore {
    pub(super) fn new(opened: Opened, metadata: WorldMetadata, options: &StoreOptions) -> Self {
        let Opened { objects, capabilities, lock, lease } = opened;
        Self {
            objects,
            shape: metadata.shape,
            storage: metadata.storage,
            metadata,
            capabilities,
            stripes: Stripes::default(),
            indices: known_indices(options.index_cache_bytes),
            decoded: DecodedChunks::default(),
            arrays: KnownArrays::default(),
            manifest: None,
            all_shards: futures::lock::Mutex::default(),
            is_read_only: false,
            writer: futures::lock::Mutex::default(),
            counters: Counters::default(),
            threads: AtomicUsize::new(1),
            written: WrittenShards::default(),
            _lease: lease,
            _lock: lock,
        }
    }

    /// What the world is: as given when it was opened for writing, as found when for reading.
    pub fn metadata(&self) -> &WorldMetadata {
        &self.metadata
    }

    /// Where the objects are, in words.
    pub fn location(&self) -> String {
        self.objects.to_string()
    }

    /// What the object store was seen to do; nothing where no other writer can be.
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// How the lattice lies in local space.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How the world's chunks are stored: what it was made with.
    pub fn storage(&self) -> StorageOptions {
        self.storage
    }

    /// Sets on how many threads at once [`ChunkStore::write`] may compress chunks. One at first: on the thread that polls it.
    pub fn set_threads(&self, threads: usize) {
        self.threads.store(threads.max(1), Ordering::Relaxed);
    }

    /// What is written from now on may hold the edits up to this batch: manifest and shards say so.
    pub fn note_lsn(&self, lsn: u64) {
        if let Some(manifest) = &self.manifest {
            manifest.note_lsn(lsn);
        }
    }

    /// The last batch of edits that its shards may hold; 0 in worlds without a log, or without a manifest yet.
    pub fn lsn(&self) -> u64 {
        self.manifest.as_ref().map_or(0, Manifest::lsn)
    }

    /// Another number after each commit of the manifest; 0 in worlds without one.
    pub fn generation(&self) -> u64 {
        self.manifest.as_ref().map_or(0, Manifest::generation)
    }

    /// What the manifest takes; 0 in worlds without one.
    pub fn manifest_bytes(&self) -> u64 {
        self.manifest.as_ref().map_or(0, Manifest::bytes)
    }

    /// What the store has done since it was opened.
    pub fn statistics(&self) -> StoreStatistics {
        self.counters.statistics()
    }

    /// What this store has made of a shard since it was opened; `None` if it has not replaced it.
    pub fn written(&self, shard: ShardKey) -> Option<WrittenShard> {
        self.written.get(shard)
    }

    pub(super) fn stripe(&self, shard: ShardKey) -> &Stripe {
        self.stripes.of(shard)
    }
}
