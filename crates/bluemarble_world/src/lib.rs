//! Voxel worlds of planet size: read, edit, query, cast rays, save.
//!
//! ```
//! use std::sync::Arc;
//!
//! use bluemarble_core::{LatticePos, MaterialId, MaterialTable, Ray, VoxelPos};
//! use bluemarble_terrain::Superflat;
//! use bluemarble_world::{EditBatch, HybridWorld, RayOptions};
//! use futures::executor::block_on;
//! use glam::{DVec3, IVec3};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let materials = MaterialTable::standard();
//!     let rock = materials.id("rock")?;
//!     let ground = Superflat::new(0.5, vec![(rock, 1)])?;
//!     // `HybridWorld::open` keeps a world in a directory.
//!     let world = HybridWorld::in_memory(Arc::new(ground), materials);
//!
//!     let mut batch = EditBatch::new();
//!     batch.fill_sphere(LatticePos::new(0, DVec3::ZERO), 4.0, MaterialId::AIR);
//!     block_on(world.edit(&batch))?;
//!
//!     let mut reader = world.reader();
//!     assert_eq!(reader.material(VoxelPos::new(0, IVec3::new(0, -2, 0)))?, MaterialId::AIR);
//!     let ray = Ray { origin: DVec3::new(0.1, 10.0, 0.1), direction: DVec3::NEG_Y };
//!     let hit = reader.first_hit(&ray, &RayOptions::default())?.ok_or("there is ground")?;
//!     assert_eq!((hit.material, hit.pos.voxel), (rock, IVec3::new(0, -5, 0)));
//!     Ok(())
//! }
//! ```
//!
//! ```text
//! read:       strokes over: cache -> store -> baseline
//! edit:       plan (voxels to strokes on chunks) -> delta log -> strokes in memory
//! parents:    changed chunks -> their parents, lod by lod, until nothing changes any more
//! checkpoint: strokes and parents -> whole shards of the store -> the log forgets them
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | `hybrid` | [`HybridWorld`]: everything a world answers |
//! | `builder` | [`WorldBuilder`]: how worlds are made and opened |
//! | `document` | [`WorldDocument`]: `bluemarble.json`, how to make the baseline of a world again |
//! | `reader` | [`WorldReader`]: one thread's quick way to voxels and nodes |
//! | `query` | what places and boxes are made of, at any lod |
//! | `ray` | what a ray hits in the world, drawn or not |
//! | `plan` | which cells of which chunks a batch touches |
//! | `uniform_box` | cells of a chunk that have something in common, as few and large boxes |
//! | `downsampled` | the exact rule that carries an edit from children to their parent |
//! | `migration` | [`Migration`]: a pure octree becomes a part of a world while both are in use |
//! | `manager` | [`RebuildManager`]: keeps the index up to date in the background |
//! | `statistics` | what a world has done and holds, how often and how long |
//! | `report` | [`WorldReport`]: all that can be told of a world's state, and whether it is healthy |
//! | `volume` | [`VoxelVolume`]: a box full of voxels to be imported |
//! | `draft` | files that are there whole or not at all |
//!
//! Every future here runs on any executor and does its work inline: poll it on a worker thread, never
//! on the main thread.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

mod builder;
mod document;
#[doc(hidden)]
pub mod downsampled;
#[doc(hidden)]
pub mod draft;
mod error;
mod hybrid;
mod manager;
mod migration;
#[doc(hidden)]
pub mod plan;
mod query;
mod ray;
mod reader;
mod report;
mod statistics;
#[doc(hidden)]
pub mod uniform_box;
mod volume;

pub use bluemarble_core::{Cause, Edit, EditBatch, EditOp};
pub use bluemarble_index::SnapshotError;
// Of the crates below, what signatures here name.
pub use bluemarble_store as store;
pub use bluemarble_store::{
    ChunkStore, Snapshot, SnapshotPolicy, StoreOptions, TakenSnapshot,
    log::{Durability, LogOptions, disk::Disk},
};
pub use bluemarble_terrain::{Baseline, Classification, Survey};
pub use builder::{DirectoryBuilder, ReopenBuilder, StoreBuilder, WorldBuilder};
pub use document::{
    BASE_NOTE_NAME, DOCUMENT_NAME, DocumentError, ELEVATION_NAME, MATERIALS_NAME, WorldDocument,
};
pub use error::WorldError;
pub use hybrid::{
    CheckpointReport, EditReport, HybridWorld, INDEX_DIR, ImportProgress, ImportReport,
    IndexReport, IndexStatistics, SnapshotReport, kept_index_bytes,
};
pub use manager::{RebuildManager, RebuildOptions, RebuildPace, RebuildProgress};
pub use migration::{Compared, Migration, MigrationError, OCTREE_DIR};
pub use query::{Exactness, HomogeneousBox, Samples};
pub use ray::{RayCast, RayHit, RayOptions, first_hit_in_chunk};
pub use reader::{DEFAULT_READER_BYTES, Explanation, QueryPath, RayTarget, WorldReader};
pub use report::{Condition, Health, WorldReport};
pub use statistics::{Activity, ClassUse, DiskUse, WorldStatistics};
pub use volume::{VolumeError, VoxelVolume};
