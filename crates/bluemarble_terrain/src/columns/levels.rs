//! [`Levels`]: the vertical lattice of a lod, and which of its cells a column in metres fills.

use super::column::{CellColumn, Column};
use crate::noise::floor;

/// The vertical lattice of one lod.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Levels {
    pub lod: u8,
    pub voxel_m: f64,
    pub sea_level_y: i32,
    /// Whether water lies on ground below sea level.
    pub has_sea: bool,
}

impl Levels {
    /// The lowest layer of cells above sea level.
    pub fn sea_cell(&self) -> i32 {
        self.sea_level_y >> self.lod
    }

    /// The highest cell whose centre lies below a height in metres.
    pub fn top_below(&self, height_m: f64) -> i32 {
        let y = f64::from(self.sea_level_y) + height_m / self.voxel_m;
        // A power of two, so exactly what a division gives.
        let cells = y * f64::from_bits((1023 - u64::from(self.lod)) << 52);
        // Centres are half a cell up: rounded up, as the floor of the negative, the height is one cell above.
        // Heights are some kilometres, so this is far from the ends of i32 but for wild strata.
        let (below, _) = floor((0.5 - cells).clamp(-1e9, 1e9));
        -below as i32 - 1
    }

    /// A column in cells.
    pub fn cells<const FLOORS: usize>(&self, column: &Column<FLOORS>) -> CellColumn<[i32; FLOORS]> {
        let mut ground = self.top_below(column.ground_m);
        let mut filled = ground;
        if self.has_sea && column.ground_m < 0.0 {
            filled = self.sea_cell() - 1;
            ground = ground.min(filled - 1);
        }
        let floors = column.floors_m.map(|floor_m| self.top_below(floor_m));
        CellColumn { filled, ground, surface: column.surface, subsoil: column.subsoil, floors }
    }
}
