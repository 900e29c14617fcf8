//! How a world is shaped: brushes, undo and redo, a clipboard, MagicaVoxel scenes.
//!
//! ```
//! use std::sync::Arc;
//!
//! use bluemarble_core::{MaterialTable, VoxelPos};
//! use bluemarble_edit::{Brush, BrushAction, BrushShape, History, HistoryLimits};
//! use bluemarble_terrain::Superflat;
//! use bluemarble_world::HybridWorld;
//! use futures::executor::block_on;
//! use glam::{DVec3, IVec3};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let materials = MaterialTable::standard();
//!     let rock = materials.id("rock")?;
//!     let ground = Superflat::new(0.5, vec![(rock, 1)])?;
//!     let world = HybridWorld::in_memory(Arc::new(ground), materials);
//!
//!     let shape = BrushShape::Sphere { centre: DVec3::ZERO, radius: 4.0 };
//!     let brush = Brush { region: 0, shape, action: BrushAction::Dig };
//!     let batch = block_on(brush.batch(&world))?;
//!
//!     let mut history = History::new(HistoryLimits::default());
//!     let mut reader = world.reader();
//!     let below = VoxelPos::new(0, IVec3::new(0, -1, 0));
//!     block_on(history.apply(&world, &batch))?;
//!     assert!(reader.material(below)?.is_air());
//!     block_on(history.undo(&world))?;
//!     assert_eq!(reader.material(below)?, rock);
//!     Ok(())
//! }
//! ```
//!
//! ```text
//! Brush, Clipboard  ->  EditBatch  ->  History::apply  ->  HybridWorld::edit
//! .vox  <->  Clipboard                 undo, redo: ordinary batches, as durable as any
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | `brush` | [`Brush`]: sphere, box or line that fills, digs, paints or smooths |
//! | `history` | [`History`]: bounded undo and redo |
//! | `clipboard` | [`Clipboard`]: a box of voxels to copy, turn, paste and keep as .vox |
//! | [`vox`] | MagicaVoxel scenes: [`vox::Scene`] is read, [`vox::encode`] writes |
//! | `keep` | [`KEEP`]: marks a cell that stays what it is |
//! | [`colour`] | the material nearest to a colour |
//!
//! Nothing here changes a world but [`History`]: everything else makes a batch, to be given to it or to
//! [`bluemarble_world::HybridWorld::edit`]. What reads a world is a future that does its work inline, as
//! the world's own are: poll it on a worker thread.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

mod batch;
mod brush;
mod clipboard;
pub mod colour;
mod error;
mod history;
mod keep;
mod limits;
pub mod vox;

pub use brush::{Brush, BrushAction, BrushShape, MAX_STRENGTH};
pub use clipboard::{Clipboard, PasteOptions};
pub use error::{EditError, VoxError};
pub use history::{History, HistoryLimits, HistoryStatistics};
pub use keep::KEEP;
pub use limits::MAX_CELLS;

#[cfg(test)]
mod tests;
