//! Columns of cells: how the ground's height and its strata become voxels at any lod.
//!
//! The rule is the same at every lod: a cell is solid if its centre lies below the ground, otherwise
//! water if its centre lies below sea level. Sea level is a border of cells at every lod, and where the
//! ground is below it the cell just under it is water, so that a sea thinner than a cell stays a sea.
//! The topmost solid cell shows the surface material; what lies below goes by height.

mod answers;
mod bounds;
mod packed;
mod plane;
mod tile;
mod tops;

use bluemarble_core::MaterialId;

use crate::noise::floor;

pub(crate) use answers::answers_from;
pub(crate) use bounds::{ColumnBounds, Span, classify};
pub(crate) use plane::face_plane;
pub(crate) use tile::{
    ColumnSource, TileCache, fill, material_at, may_begin_row, prepare, relief, survey,
};
pub(crate) use tops::Tops;

/// How many kinds of ground lie under the surface, above the mantle.
pub(crate) const STRATA: usize = 5;

/// What fills the ground, from the top: under the subsoil of each column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strata {
    pub water: MaterialId,
    /// Sediment, sandstone, granite and basalt.
    pub layers: [MaterialId; STRATA - 1],
    /// Below everything.
    pub bottom: MaterialId,
}

/// A column of ground, in metres above sea level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub ground_m: f64,
    /// Material of the topmost solid cell.
    pub surface: MaterialId,
    /// Material below it.
    pub subsoil: MaterialId,
    /// Where subsoil, sediment, sandstone, granite and basalt end.
    pub floors_m: [f64; STRATA],
}

/// The vertical lattice of one lod.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Levels {
    pub lod: u8,
    pub voxel_m: f64,
    pub sea_level_y: i32,
}

/// A column in cells. Each number is the topmost cell of what it names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CellColumn {
    /// Highest cell that is not air.
    pub filled: i32,
    /// Highest solid cell.
    pub ground: i32,
    pub surface: MaterialId,
    pub subsoil: MaterialId,
    /// Highest cell *below* each layer.
    pub floors: [i32; STRATA],
}

/// Columns as a source makes them.
pub(crate) struct Columns {
    pub cells: Vec<CellColumn>,
    /// If asked for: heights of the ground in metres of the columns and of one more on each side, x fastest.
    pub ring_m: Option<Vec<f32>>,
}

impl Columns {
    /// Room for some columns and for the heights around them.
    pub fn with_heights(count: usize) -> Self {
        Self { cells: Vec::with_capacity(count), ring_m: Some(Vec::new()) }
    }

    /// Room for some columns.
    pub fn without_heights(count: usize) -> Self {
        Self { cells: Vec::with_capacity(count), ring_m: None }
    }
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

    pub fn cells(&self, column: &Column) -> CellColumn {
        let mut ground = self.top_below(column.ground_m);
        let mut filled = ground;
        if column.ground_m < 0.0 {
            filled = self.sea_cell() - 1;
            ground = ground.min(filled - 1);
        }
        let floors = column.floors_m.map(|floor_m| self.top_below(floor_m));
        CellColumn { filled, ground, surface: column.surface, subsoil: column.subsoil, floors }
    }
}

impl CellColumn {
    /// The material of a cell.
    #[inline]
    pub fn material(&self, y: i32, strata: &Strata) -> MaterialId {
        if y > self.filled {
            return MaterialId::AIR;
        }
        if y > self.ground {
            return strata.water;
        }
        if y == self.ground {
            return self.surface;
        }
        if y > self.floors[0] {
            return self.subsoil;
        }
        for (layer, &floor) in strata.layers.iter().zip(&self.floors[1..]) {
            if y > floor {
                return *layer;
            }
        }
        strata.bottom
    }
}
