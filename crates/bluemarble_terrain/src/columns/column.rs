//! [`Column`] and [`CellColumn`]: a column of ground in metres, and in cells.

use bluemarble_core::MaterialId;

use super::floors::{Floors, Layers};

/// A column of ground, in metres above sea level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column<const FLOORS: usize> {
    pub ground_m: f64,
    /// Material of the topmost solid cell.
    pub surface: MaterialId,
    /// Material below it.
    pub subsoil: MaterialId,
    /// Where the subsoil and the layers below it end.
    pub floors_m: [f64; FLOORS],
}

/// A column in cells. Each number is the topmost cell of what it names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CellColumn<F> {
    /// Highest cell that is not air.
    pub filled: i32,
    /// Highest solid cell.
    pub ground: i32,
    pub surface: MaterialId,
    pub subsoil: MaterialId,
    /// Highest cell *below* the subsoil and each layer below it.
    pub floors: F,
}

/// Columns as a source makes them.
pub(crate) struct Columns<F> {
    pub cells: Vec<CellColumn<F>>,
    /// If asked for: heights of the ground in metres of the columns and of one more on each side, x fastest.
    pub ring_m: Option<Vec<f32>>,
}

impl<F> Columns<F> {
    /// Room for some columns and for the heights around them.
    pub fn with_heights(count: usize) -> Self {
        Self { cells: Vec::with_capacity(count), ring_m: Some(Vec::new()) }
    }

    /// Room for some columns.
    pub fn without_heights(count: usize) -> Self {
        Self { cells: Vec::with_capacity(count), ring_m: None }
    }
}

impl<F: Floors> CellColumn<F> {
    /// The material of a cell.
    #[inline]
    pub fn material(&self, y: i32, layers: &Layers<F>) -> MaterialId {
        if y > self.filled {
            return MaterialId::AIR;
        }
        if y > self.ground {
            return layers.water;
        }
        if y == self.ground {
            return self.surface;
        }
        let mut material = self.subsoil;
        for (&floor, &below) in self.floors.as_ref().iter().zip(layers.below.as_ref()) {
            if y > floor {
                return material;
            }
            material = below;
        }
        material
    }
}
