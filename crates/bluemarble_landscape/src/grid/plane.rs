//! [`PlaneGrid`]: a rectangle of nodes.

use super::{Grid, STEPS};

/// What lies behind two opposite edges of a rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edges {
    /// Nothing: what is at an edge stays, or leaves through nodes that are outlets.
    #[default]
    Closed,
    /// The opposite edge.
    Periodic,
}

/// A rectangle of nodes, row by row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaneGrid {
    columns: usize,
    rows: usize,
    spacing_m: f64,
    across_columns: Edges,
    across_rows: Edges,
}

impl PlaneGrid {
    /// A grid of this many columns and rows, `spacing_m` metres apart, with closed edges.
    pub const fn new(columns: usize, rows: usize, spacing_m: f64) -> Self {
        let (across_columns, across_rows) = (Edges::Closed, Edges::Closed);
        Self { columns, rows, spacing_m, across_columns, across_rows }
    }

    /// The same with other edges: what lies beyond the first and the last column, and beyond the first and the last row.
    pub const fn with_edges(self, across_columns: Edges, across_rows: Edges) -> Self {
        Self { across_columns, across_rows, ..self }
    }

    /// How many columns there are.
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// How many rows there are.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The distance of two columns, and of two rows, in metres.
    pub const fn spacing_m(&self) -> f64 {
        self.spacing_m
    }

    /// What lies beyond the first and the last column, and beyond the first and the last row.
    pub const fn edges(&self) -> (Edges, Edges) {
        (self.across_columns, self.across_rows)
    }

    /// The node of a column and a row.
    pub const fn node(&self, column: usize, row: usize) -> usize {
        row * self.columns + column
    }

    /// The nodes of the four edges, as outlets are given.
    pub fn border(&self) -> Vec<bool> {
        let is_border = |node| {
            let (column, row) = (node % self.columns, node / self.columns);
            column == 0 || row == 0 || column + 1 == self.columns || row + 1 == self.rows
        };
        (0..self.len()).map(is_border).collect()
    }

    /// The neighbour of a place along one axis.
    fn beside(at: usize, step: i32, count: usize, edges: Edges) -> Option<usize> {
        match (at.checked_add_signed(step as isize).filter(|&at| at < count), edges) {
            (Some(at), _) => Some(at),
            // In a line of two the one beside is not met twice.
            (None, Edges::Periodic) if count > 2 => Some(if step < 0 { count - 1 } else { 0 }),
            (None, _) => None,
        }
    }

    #[cold]
    fn neighbours_at_border(&self, node: usize, mut visit: impl FnMut(usize, f64)) {
        let (column, row) = (node % self.columns, node / self.columns);
        for (across, down) in STEPS {
            let column = Self::beside(column, across, self.columns, self.across_columns);
            let row = Self::beside(row, down, self.rows, self.across_rows);
            if let (Some(column), Some(row)) = (column, row) {
                let is_diagonal = across != 0 && down != 0;
                visit(self.node(column, row), self.spacing_m * DISTANCES[usize::from(is_diagonal)]);
            }
        }
    }
}

/// Along an axis, and across.
const DISTANCES: [f64; 2] = [1.0, std::f64::consts::SQRT_2];

impl Grid for PlaneGrid {
    fn len(&self) -> usize {
        self.columns * self.rows
    }

    fn area_m2(&self, _: usize) -> f64 {
        self.spacing_m * self.spacing_m
    }

    #[inline]
    fn for_each_neighbour(&self, node: usize, mut visit: impl FnMut(usize, f64)) {
        let (column, row) = (node % self.columns, node / self.columns);
        let is_inside = |at: usize, count: usize| at.wrapping_sub(1) < count.wrapping_sub(2);
        if !(is_inside(column, self.columns) && is_inside(row, self.rows)) {
            return self.neighbours_at_border(node, visit);
        }
        let (straight, across) = (self.spacing_m, self.spacing_m * DISTANCES[1]);
        for next in [node - self.columns, node - 1, node + 1, node + self.columns] {
            visit(next, straight);
        }
        let (above, below) = (node - self.columns, node + self.columns);
        for next in [above - 1, above + 1, below - 1, below + 1] {
            visit(next, across);
        }
    }
}
