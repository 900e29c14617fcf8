//! [`ColumnLists`]: columns as lists of their numbers.

use bluemarble_core::MaterialId;

use super::column::{CellColumn, STRATA};

/// 64 x 64 columns, each number in its own list so that a layer of cells is quickly decided.
pub(super) struct ColumnLists {
    pub filled: Vec<i32>,
    pub ground: Vec<i32>,
    pub surface: Vec<MaterialId>,
    pub subsoil: Vec<MaterialId>,
    pub floors: [Vec<i32>; STRATA],
}

impl ColumnLists {
    pub fn of(columns: &[CellColumn]) -> Self {
        let list = |of: fn(&CellColumn) -> i32| columns.iter().map(of).collect();
        Self {
            filled: list(|column| column.filled),
            ground: list(|column| column.ground),
            surface: columns.iter().map(|column| column.surface).collect(),
            subsoil: columns.iter().map(|column| column.subsoil).collect(),
            floors: std::array::from_fn(|i| {
                columns.iter().map(|column| column.floors[i]).collect()
            }),
        }
    }

    /// A column, by its place in the tile.
    #[cfg(test)]
    pub fn column(&self, at: usize) -> CellColumn {
        CellColumn {
            filled: self.filled[at],
            ground: self.ground[at],
            surface: self.surface[at],
            subsoil: self.subsoil[at],
            floors: std::array::from_fn(|i| self.floors[i][at]),
        }
    }
}
