//! Primary storage: a world directory is a Zarr v3 hierarchy that holds edited chunks and nothing else.
//!
//! ```
//! use bluemarble_core::{Chunk, ChunkKey, Flat, MaterialTable, Shape};
//! use bluemarble_store::{ChunkStore, StoreOptions, WorldMetadata, WorldLocation};
//! use futures::executor::block_on;
//! use glam::IVec3;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let materials = MaterialTable::standard();
//!     let shape = Shape::Flat(Flat { voxel_m: 0.5 });
//!     // The ground that the world is made on: it is never opened on another one.
//!     let metadata = WorldMetadata::new(shape, "my ground 1".to_owned(), &materials);
//!     let store = ChunkStore::open(&WorldLocation::Memory, &metadata, &StoreOptions::default())?;
//!
//!     let key = ChunkKey::new(0, 0, IVec3::new(1, 0, -1));
//!     let granite = Chunk::uniform(materials.id("granite")?);
//!     // When this returns the chunk is durable.
//!     block_on(store.write(&[(key, &granite)]))?;
//!     assert_eq!(block_on(store.read(key))?, Some(granite));
//!     Ok(())
//! }
//! ```
//!
//! ```text
//! world/zarr.json                        group; attributes.bluemarble says what world this is
//! world/.lock                            held by the one process that may write
//! world/log/00000000000000000001.log     a segment of the delta log
//! world/damaged/...                      what a repair has set aside
//! world/manifest/root.json               which shards and documents there are
//! world/region0/zarr.json                group
//! world/region0/lod0/zarr.json           array of uint16, axes y, z, x; one chunk is one shard
//! world/region0/lod0/c/131072/12/40001   a shard: up to 256³ cells in chunks, and their index
//! ```
//!
//! A write goes through [`chunk_bytes`] (cells to raw bytes), `codec` (compressed), [`shard`] (bytes
//! to a shard) and `layout` (names and places) into an object store, which replaces whole shards
//! durably. `docs/formats.md` describes every byte.
//!
//! | module | what it holds |
//! |---|---|
//! | `layout` | which array, shard and slot a chunk lies in |
//! | `metadata` | the `zarr.json` documents, written and checked |
//! | `storage` | what a world chooses: the edge of stored chunks, and their codec |
//! | [`chunk_bytes`] | chunks of 64³ cells within stored chunks of any edge |
//! | `codec` | one stored chunk compressed and back |
//! | [`shard`] | the `sharding_indexed` format |
//! | `objects` | objects replaced on conditions, and what went wrong with them |
//! | `backend` | locations and URLs, object stores, the lease of the one writer |
//! | `manifest` | which shards and documents there are, in which version |
//! | `store` | [`ChunkStore`]: open, read, write, list, maintain |
//! | [`log`] | [`log::DeltaLog`]: edits, durable before they are folded into shards |
//! | `advise` | which edge suits an area |
#![cfg_attr(doctest, doc = include_str!("../README.md"))]
#![cfg_attr(doctest, doc = include_str!("../../../docs/object-stores.md"))]

mod advise;
mod backend;
pub mod chunk_bytes;
mod codec;
mod directory;
mod error;
mod layout;
pub mod log;
mod manifest;
mod metadata;
mod objects;
pub mod shard;
mod storage;
mod store;

pub use advise::{Advice, AreaStatistics, SizeEstimate, advise};
pub use backend::{
    BucketService, Capabilities, LEASE_NAME, PROBE_PREFIX, StoreOptions, WorldLocation, connect,
};
pub use codec::{BackendError, CodecChain, CodecError, Compressor};
pub use directory::WorldLock;
pub use error::StoreError;
pub use layout::{
    ArrayLayout, LOCK_NAME, METADATA_NAME, RECIPE_NAME, SHARD_CELLS, ShardKey, array_name,
    region_name,
};
pub use manifest::MANIFEST_DIR;
pub use metadata::{FORMAT_VERSION, WorldMetadata};
pub use object_store;
pub use storage::{ChunkCodec, ChunkEdge, StorageOptions};
pub use store::{
    ChunkStore, CopiedWorld, CopyProgress, Import, StoreStatistics, UnfinishedImport, WrittenShard,
    maintain::{
        Adopted, Damage, DamagedPart, Listing, Restored, ShardRewrite, StoredShard, WholeChunk,
    },
    snapshots::{KeptFiles, RestoredSnapshot, Snapshot, SnapshotPolicy, TakenSnapshot},
};
