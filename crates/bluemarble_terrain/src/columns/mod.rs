//! Columns of cells: how the ground's height and its layers become voxels at any lod.
//!
//! The rule is the same at every lod: a cell is solid if its centre lies below the ground, otherwise
//! water if its centre lies below sea level. Sea level is a border of cells at every lod, and where the
//! ground is below it the cell just under it is water, so that a sea thinner than a cell stays a sea.
//! The topmost solid cell shows the surface material; what lies below goes by height.
//!
//! | file | what it holds |
//! |---|---|
//! | `column` | a column in metres and in cells |
//! | `floors` | what lies below its surface |
//! | `levels` | the cells of a lod, and which of them a column fills |
//! | `source` | where columns come from |
//! | `lists`, `ranges`, `packed` | 64 x 64 of them: laid out, summed up, and as they are kept |
//! | `cache` | which are kept, and for how long |
//! | `layers` | layers of cells cut from them |
//! | `chunk`, `plane` | a chunk made of layers, and a side of it |
//! | `bounds`, `tops` | what boxes hold, told from bounds of the columns |
//! | `baseline` | a source of columns is a baseline |

mod baseline;
mod bounds;
mod cache;
mod chunk;
mod column;
mod floors;
mod layers;
mod levels;
mod lists;
mod packed;
mod place;
mod plane;
mod ranges;
mod source;
mod tops;

pub(crate) use baseline::ColumnBaseline;
pub(crate) use bounds::ColumnBounds;
pub(crate) use cache::TileCache;
pub(crate) use chunk::material_at;
pub(crate) use column::{Column, Columns};
pub(crate) use floors::Layers;
pub(crate) use levels::Levels;
pub(crate) use source::{ColumnSource, begin_row};
pub(crate) use tops::Tops;
