//! [`Column`] and [`CellColumn`]: a column of ground in metres, and in cells.

use bluemarble_core::MaterialId;

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
