//! Fields of planes as sums of waves.

use rustfft::{FftDirection, FftPlanner, num_complex::Complex};

use crate::grid::{Edges, PlaneGrid};

/// A field with its mirror images beyond closed edges, and how many columns and rows that are.
pub(crate) fn mirrored(grid: &PlaneGrid, field: &[f64]) -> (Vec<Complex<f64>>, usize, usize) {
    let extent = |count: usize, edges| if edges == Edges::Closed { 2 * count } else { count };
    let (across_columns, across_rows) = grid.edges();
    let (columns, rows) =
        (extent(grid.columns(), across_columns), extent(grid.rows(), across_rows));
    let fold = |at: usize, count: usize| if at < count { at } else { 2 * count - 1 - at };
    let at = |at: usize| {
        let node = grid.node(fold(at % columns, grid.columns()), fold(at / columns, grid.rows()));
        Complex::new(field[node], 0.0)
    };
    ((0..columns * rows).map(at).collect(), columns, rows)
}

/// The Fourier transform of rows, and then of columns.
pub(crate) fn transform(
    waves: &mut [Complex<f64>],
    columns: usize,
    rows: usize,
    direction: FftDirection,
) {
    let mut planner = FftPlanner::new();
    planner.plan_fft(columns, direction).process(waves);
    let of_column = planner.plan_fft(rows, direction);
    let mut line = vec![Complex::default(); rows];
    for column in 0..columns {
        for (row, wave) in line.iter_mut().enumerate() {
            *wave = waves[row * columns + column];
        }
        of_column.process(&mut line);
        for (row, wave) in line.iter().enumerate() {
            waves[row * columns + column] = *wave;
        }
    }
}
