//! [`Nodes`]: the heights of a grid, in two bytes each where they are whole metres.

use super::min_max::MinMax;
use crate::interval::Interval;

/// Heights at nodes, row by row.
pub(super) enum Samples {
    /// Whole metres.
    Whole(Vec<i16>),
    /// NaN where there is no data.
    Any(Vec<f32>),
}

impl Samples {
    pub fn len(&self) -> usize {
        match self {
            Self::Whole(samples) => samples.len(),
            Self::Any(samples) => samples.len(),
        }
    }
}

/// The heights of a grid in metres, and bounds of blocks of them.
pub(super) struct Nodes {
    columns: usize,
    rows: usize,
    heights: Heights,
    /// Rows that were levelled because they lie at a pole: their number and height.
    levelled: Vec<(usize, f32)>,
}

enum Heights {
    Whole(Vec<i16>, MinMax<i16>),
    Any(Vec<f32>, MinMax<f32>),
}

impl Nodes {
    /// Heights by rows of `columns`, of which some are levelled to their means.
    pub fn new(samples: Samples, columns: usize, level: &[usize]) -> Self {
        let rows = samples.len() / columns;
        let mean = |row: &mut dyn Iterator<Item = f64>| (row.sum::<f64>() / columns as f64) as f32;
        let span = |row: usize| row * columns..(row + 1) * columns;
        let mut levelled = Vec::new();
        let heights = match samples {
            Samples::Whole(mut nodes) => {
                // Bounds must hold the true height of a levelled row, which need not be whole.
                for &row in level {
                    let row_m = mean(&mut nodes[span(row)].iter().map(|&v| f64::from(v)));
                    levelled.push((row, row_m));
                    nodes[span(row)].fill(row_m.floor() as i16);
                    if let Some(node) = nodes.get_mut(row * columns) {
                        *node = row_m.ceil() as i16;
                    }
                }
                let extremes = MinMax::new(&nodes, columns);
                Heights::Whole(nodes, extremes)
            }
            Samples::Any(mut nodes) => {
                for &row in level {
                    let row_m = mean(&mut nodes[span(row)].iter().map(|&v| f64::from(v)));
                    nodes[span(row)].fill(row_m);
                }
                let extremes = MinMax::new(&nodes, columns);
                Heights::Any(nodes, extremes)
            }
        };
        Self { columns, rows, heights, levelled }
    }

    /// The height of a node.
    #[inline]
    pub fn at(&self, row: usize, column: usize) -> f32 {
        match &self.heights {
            Heights::Whole(nodes, _) => {
                if row < 2 || row + 2 >= self.rows {
                    let level = self.levelled.iter().find(|(level, _)| *level == row);
                    if let Some((_, height_m)) = level {
                        return *height_m;
                    }
                }
                f32::from(nodes[row * self.columns + column])
            }
            Heights::Any(nodes, _) => nodes[row * self.columns + column],
        }
    }

    /// Adds the heights of a row to a list.
    pub fn add_row(&self, row: usize, out: &mut Vec<f32>) {
        let span = row * self.columns..(row + 1) * self.columns;
        match (&self.heights, self.levelled.iter().find(|(level, _)| *level == row)) {
            (_, Some((_, height_m))) => out.extend(std::iter::repeat_n(*height_m, self.columns)),
            (Heights::Whole(nodes, _), None) => {
                out.extend(nodes[span].iter().map(|&height_m| f32::from(height_m)));
            }
            (Heights::Any(nodes, _), None) => out.extend(&nodes[span]),
        }
    }

    /// Bounds of the nodes in inclusive ranges of rows and columns, perhaps of a few more. Of a levelled row
    /// they are those of a whole row.
    pub fn bounds(&self, mut rows: [usize; 2], mut columns: [usize; 2]) -> Interval {
        let is_levelled = |(row, _): &(usize, f32)| (rows[0]..=rows[1]).contains(row);
        if self.levelled.iter().any(is_levelled) {
            columns[0] = 0;
        }
        rows[1] = rows[1].min(self.rows - 1);
        columns[1] = columns[1].min(self.columns - 1);
        let bounds = match &self.heights {
            Heights::Whole(_, extremes) => {
                extremes.bounds(rows, columns).map(|bounds| bounds.map(f64::from))
            }
            Heights::Any(_, extremes) => {
                extremes.bounds(rows, columns).map(|bounds| bounds.map(f64::from))
            }
        };
        let [low, high] = bounds.unwrap_or([f64::INFINITY, f64::NEG_INFINITY]);
        Interval::new(low, high)
    }

    /// A hash of all heights, going on from another one.
    pub fn hash(&self, start: u64) -> u64 {
        let add = |hash: u64, v: f32| {
            (hash ^ u64::from(v.to_bits())).wrapping_mul(0x0100_0000_01b3).rotate_left(23)
        };
        let mut row_m = Vec::with_capacity(self.columns);
        (0..self.rows).fold(start, |hash, row| {
            row_m.clear();
            self.add_row(row, &mut row_m);
            row_m.iter().fold(hash, |hash, &v| add(hash, v))
        })
    }
}
