//! Pieces of an [`ElevationGrid`]: nodes around a place, and bounds of nodes across poles and around the globe.

use super::grid::{ElevationGrid, OUTSIDE_M};
use crate::interval::Interval;

/// The least and the greatest of some values.
pub(super) fn range(values: impl Iterator<Item = f64>) -> Interval {
    values.fold(Interval::new(f64::INFINITY, f64::NEG_INFINITY), |range, v| {
        range.hull(Interval::point(v))
    })
}

/// Degrees of longitude from the middle of a cap to its easternmost point; 180 if it holds a pole.
pub(super) fn cap_half_width_deg(lat_deg: f64, radius_deg: f64) -> f64 {
    if lat_deg.abs() + radius_deg >= 89.999 {
        return 180.0;
    }
    let sine = radius_deg.to_radians().sin() / lat_deg.to_radians().cos();
    if sine >= 1.0 { 180.0 } else { sine.asin().to_degrees() * 1.000_001 }
}

impl ElevationGrid {
    /// The nodes of a square, from its north-western corner.
    pub(super) fn window<const N: usize>(&self, [row, column]: [i32; 2]) -> [[f64; N]; N] {
        std::array::from_fn(|i| {
            std::array::from_fn(|j| f64::from(self.node(row + i as i32, column + j as i32)))
        })
    }

    /// Whether columns of a grid that does not close reach the meridian opposite to its middle, beyond
    /// which they come round the globe to the grid's other side.
    pub(super) fn crosses_far_side(&self, columns: [i32; 2]) -> bool {
        let middle = f64::from(self.columns - 1) * 0.5;
        let half = 180.0 / self.step_deg[0] - 1.0;
        let reaches = |column: i32| (f64::from(column) - middle).abs() >= half;
        self.period == 0 && (reaches(columns[0]) || reaches(columns[1]))
    }

    /// Bounds of the nodes in inclusive ranges of rows and columns that may leave the grid.
    pub(super) fn node_range(&self, mut rows: [i32; 2], mut columns: [i32; 2]) -> Interval {
        let mut bounds = Interval::new(f64::INFINITY, f64::NEG_INFINITY);
        let leaves = rows[0] < 0 || rows[1] >= self.rows;
        if leaves {
            // Rows beyond a pole are rows of the opposite meridian: take them all around.
            match (self.pole_folds[0], self.pole_folds[1]) {
                (Some(_), Some(_)) => {
                    columns = [0, self.columns - 1];
                    let deep = 2.max(-rows[0]).max(rows[1] - self.rows + 1);
                    if rows[0] < 0 {
                        rows[1] = rows[1].max(deep);
                    }
                    if rows[1] >= self.rows {
                        rows[0] = rows[0].min(self.rows - 1 - deep);
                    }
                }
                _ => {
                    bounds = bounds.hull(Interval::point(f64::from(OUTSIDE_M)));
                    if self.period > 0 {
                        columns = [0, self.columns - 1];
                        rows = [rows[0].min(0), rows[1].max(self.rows - 1)];
                    }
                }
            }
        }
        rows = [rows[0].clamp(0, self.rows - 1), rows[1].clamp(0, self.rows - 1)];
        let parts = if self.period == 0 {
            if columns[0] < 0 || columns[1] >= self.columns {
                bounds = bounds.hull(Interval::point(f64::from(OUTSIDE_M)));
            }
            if self.crosses_far_side(columns) {
                [Some([0, self.columns - 1]), None]
            } else {
                let inside = [columns[0].max(0), columns[1].min(self.columns - 1)];
                [(inside[0] <= inside[1]).then_some(inside), None]
            }
        } else if columns[1] - columns[0] + 1 >= self.period {
            [Some([0, self.period - 1]), None]
        } else {
            let west = columns[0].rem_euclid(self.period);
            let east = columns[1].rem_euclid(self.period);
            if west <= east {
                [Some([west, east]), None]
            } else {
                [Some([west, self.period - 1]), Some([0, east])]
            }
        };
        for part in parts.into_iter().flatten() {
            let rows = rows.map(|row| row as usize);
            bounds = bounds.hull(self.nodes.bounds(rows, part.map(|column| column as usize)));
        }
        bounds
    }
}
