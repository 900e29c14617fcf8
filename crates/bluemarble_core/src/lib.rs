//! The words of Bluemarble as types: everything above this crate speaks in them.
//!
//! ```
//! use bluemarble_core::{Chunk, GeoPosition, MaterialId, MaterialTable, Shape};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // Which chunk shows the summit of Mont Blanc in cells that are 8 voxels wide?
//!     let earth = Shape::earth();
//!     let summit_m = earth.local_from_geo(GeoPosition::new(45.8326, 6.8652, 4806.0));
//!     let voxel = earth.lattice_from_local(summit_m).voxel();
//!     let key = voxel.chunk(3);
//!     assert_eq!((key.region, key.cell_voxels()), (2, 8));
//!
//!     // A chunk holds 64³ cells.
//!     let granite = MaterialTable::standard().id("granite")?;
//!     let mut chunk = Chunk::uniform(MaterialId::AIR);
//!     let cell = key.cell_of(voxel).ok_or("the chunk holds the voxel")?;
//!     chunk.set(cell, granite);
//!     assert_eq!(chunk.counts_unsorted().len(), 2);
//!     Ok(())
//! }
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | `material` | [`MaterialId`], [`MaterialRow`] and the [`MaterialTable`] read from `assets/materials.ron` |
//! | `key` | [`ChunkKey`], [`Face`] and the size constants |
//! | `boxes` | [`VoxelBox`], [`CellBox`], [`LatticeBox`]: boxes of voxels or cells |
//! | `position` | [`VoxelPos`], [`CellPos`], [`LatticePos`]: where in the lattice, region and all |
//! | [`code`] | Morton and Hilbert codes of chunk positions |
//! | `chunk` | [`Chunk`], [`CompactChunk`]: 64³ cells to be changed, or to be kept and looked at |
//! | `content` | [`ContentClass`]: what a chunk is about |
//! | `edit` | [`EditBatch`]: voxels, boxes and spheres that shall change, and why |
//! | `cancel` | [`CancelToken`]: how long work is told to stop |
//! | [`parallel`], `block` | work over a list on several threads; futures waited for ([`block_on`]) |
//! | [`downsample`] | how a parent chunk is made from its eight children |
//! | `shape` | [`Shape`]: how the lattice lies in local space; the geographic adapter; exact ray walks |
//!
//! No I/O and no engine: positions in cells are `i32`, positions in metres are `f64`, angles in the
//! geographic adapter are degrees and elsewhere radians.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

mod block;
mod boxes;
mod cancel;
mod chunk;
pub mod code;
mod content;
pub mod downsample;
mod edit;
mod key;
mod material;
pub mod parallel;
mod position;
mod shape;

pub use block::block_on;
pub use boxes::{CellBox, LatticeBox, VoxelBox};
pub use cancel::{CancelToken, Cancelled};
pub use chunk::{
    Around, Cells, Chunk, CompactChunk, FacePlane, Occupancy, PackedCells, cell_index,
    cell_position,
};
pub use content::ContentClass;
pub use edit::{Cause, CellColumn, CellEdit, Edit, EditBatch, EditOp};
pub use key::{CHUNK_EDGE, CHUNK_VOLUME, ChunkKey, Face, MAX_LOD, REGION_EDGE};
pub use material::{MaterialError, MaterialId, MaterialRow, MaterialTable, Phase, Surface};
pub use position::{CellPos, LatticePos, VoxelPos};
pub use shape::{
    AnyCrossings, CellWalk, Crossings, CubeSphere, EARTH_RADIUS_M, Exit, Flat, FlatCrossings,
    GeoPosition, NodeBounds, Ray, RayStep, Shape, SizedBox, SphereCrossings,
};
