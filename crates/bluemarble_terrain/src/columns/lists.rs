//! [`ColumnLists`]: columns as lists of their numbers.

use bluemarble_core::MaterialId;

use super::{column::CellColumn, floors::Floors};

/// 64 x 64 columns, each number in its own list so that a layer of cells is quickly decided.
pub(super) struct ColumnLists {
    pub filled: Vec<i32>,
    pub ground: Vec<i32>,
    pub surface: Vec<MaterialId>,
    pub subsoil: Vec<MaterialId>,
    /// Perhaps more lists than the columns have floors: room that other ones needed.
    pub floors: Vec<Vec<i32>>,
}

impl ColumnLists {
    pub fn of<F: Floors>(columns: &[CellColumn<F>]) -> Self {
        let list = |of: fn(&CellColumn<F>) -> i32| columns.iter().map(of).collect();
        let floors = F::default().as_ref().len();
        Self {
            filled: list(|column| column.filled),
            ground: list(|column| column.ground),
            surface: columns.iter().map(|column| column.surface).collect(),
            subsoil: columns.iter().map(|column| column.subsoil).collect(),
            floors: (0..floors)
                .map(|i| columns.iter().map(|column| column.floors.as_ref()[i]).collect())
                .collect(),
        }
    }

    /// A column, by its place in the tile.
    #[cfg(test)]
    pub fn column<F: Floors>(&self, at: usize) -> CellColumn<F> {
        CellColumn {
            filled: self.filled[at],
            ground: self.ground[at],
            surface: self.surface[at],
            subsoil: self.subsoil[at],
            floors: F::from_fn(|i| self.floors[i][at]),
        }
    }
}
