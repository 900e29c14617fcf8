//! 64³ cells in as little memory as their variety allows.
//!
//! | file | what it holds |
//! |---|---|
//! | `cells` | the order of cells, and how any form of them is looked at |
//! | `forms` | [`Chunk`]: cells to be changed, uniform, palette or dense |
//! | `palette`, `fields` | bit-packed indices into a short list of materials |
//! | `compact` | [`CompactChunk`]: cells to be kept and looked at |
//! | `occupancy` | [`Occupancy`]: which cells stop a ray |
//! | `plane` | [`FacePlane`]: one layer of cells |

mod cells;
mod compact;
mod fields;
mod forms;
mod occupancy;
mod palette;
mod plane;

pub use self::{
    cells::{Cells, PackedCells, cell_index, cell_position},
    compact::CompactChunk,
    forms::Chunk,
    occupancy::{Around, Occupancy},
    plane::FacePlane,
};

#[cfg(test)]
mod tests;
