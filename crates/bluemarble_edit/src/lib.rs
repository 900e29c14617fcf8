//! How a world is shaped: brushes, undo and redo, a clipboard, MagicaVoxel scenes.
//!
//! ```text
//! Brush, Clipboard  ->  EditBatch  ->  History::apply  ->  HybridWorld::edit
//! .vox  <->  Clipboard                 undo, redo: ordinary batches, as durable as any
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`brush`] | [`Brush`]: sphere, box or line that fills, digs, paints or smooths |
//! | [`history`] | [`History`]: bounded undo and redo |
//! | [`clipboard`] | [`Clipboard`]: a box of voxels to copy, turn, paste and keep as .vox |
//! | [`vox`] | MagicaVoxel scenes: [`vox::Scene`] is read, [`vox::encode`] writes |
//! | [`brick`] | [`Brick`]: dense cells to boxes of edits |
//! | [`colour`] | the material nearest to a colour |
//!
//! Nothing here changes a world but [`History`]: everything else makes a batch, to be given to it or to
//! [`bluemarble_world::HybridWorld::edit`]. What reads a world is a future that does its work inline, as
//! the world's own are: poll it on a worker thread.

mod batch;
pub mod brick;
pub mod brush;
pub mod clipboard;
pub mod colour;
mod error;
pub mod history;
mod limits;
pub mod vox;

pub use brick::Brick;
pub use brush::{Brush, BrushAction, BrushShape};
pub use clipboard::{Clipboard, PasteOptions};
pub use error::{EditError, VoxError};
pub use history::{History, HistoryLimits, HistoryStatistics};
pub use limits::MAX_CELLS;

#[cfg(test)]
mod tests;
