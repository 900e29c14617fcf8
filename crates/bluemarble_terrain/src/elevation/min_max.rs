//! [`MinMax`]: least and greatest value of blocks of nodes.

use super::rows::by_rows;

/// Nodes along an edge of a block grow by this power of two from one level of [`MinMax`] to the next.
const STEP_LOG2: u32 = 2;

/// Least and greatest value of ever larger blocks.
pub(super) struct MinMax<T> {
    levels: Vec<Level<T>>,
}

struct Level<T> {
    /// log2 of the nodes along an edge of a block.
    block_log2: u32,
    columns: usize,
    low: Vec<T>,
    high: Vec<T>,
}

/// The best of blocks of some rows, where `is_better(a, b)` says which of two is.
fn best_of<T: Copy>(values: &[T], width: usize, is_better: impl Fn(T, T) -> bool) -> Vec<T> {
    let step = 1 << STEP_LOG2;
    let mut out = Vec::with_capacity((values.len() / width).div_ceil(step) * width.div_ceil(step));
    for rows in values.chunks(width * step) {
        let first = out.len();
        out.extend(rows[..width].iter().step_by(step));
        for row in rows.chunks_exact(width) {
            for (best, block) in out[first..].iter_mut().zip(row.chunks(step)) {
                for &value in block {
                    *best = if is_better(value, *best) { value } else { *best };
                }
            }
        }
    }
    out
}

/// Least and greatest of blocks of some rows.
fn shrink<T: Copy + PartialOrd>(low: &[T], high: &[T], width: usize) -> [Vec<T>; 2] {
    [best_of(low, width, |a, b| a < b), best_of(high, width, |a, b| a > b)]
}

impl<T: Copy + PartialOrd + Send + Sync> MinMax<T> {
    pub fn new(nodes: &[T], columns: usize) -> Self {
        let mut levels: Vec<Level<T>> = Vec::new();
        let parts = by_rows(nodes, columns, 1 << STEP_LOG2, |rows| shrink(rows, rows, columns));
        let [mut low, mut high] = [Vec::new(), Vec::new()];
        for [lows, highs] in parts {
            low.extend(lows);
            high.extend(highs);
        }
        let mut width = columns.div_ceil(1 << STEP_LOG2);
        loop {
            let [next_low, next_high] = shrink(&low, &high, width);
            let is_last = low.len() == 1;
            let block_log2 = STEP_LOG2 * (levels.len() as u32 + 1);
            levels.push(Level { block_log2, columns: width, low, high });
            if is_last {
                return Self { levels };
            }
            (low, high, width) = (next_low, next_high, width.div_ceil(1 << STEP_LOG2));
        }
    }

    /// Bounds of all nodes in inclusive ranges of rows and columns, perhaps of a few more.
    pub fn bounds(&self, rows: [usize; 2], columns: [usize; 2]) -> Option<[T; 2]> {
        let blocks = |log2: u32| {
            ((rows[1] >> log2) - (rows[0] >> log2) + 1)
                * ((columns[1] >> log2) - (columns[0] >> log2) + 1)
        };
        let level = self.levels.iter().find(|level| blocks(level.block_log2) <= 64);
        let level = level.or(self.levels.last())?;
        let log2 = level.block_log2;
        let first = (rows[0] >> log2) * level.columns + (columns[0] >> log2);
        let mut bounds = [level.low[first], level.high[first]];
        for row in rows[0] >> log2..=rows[1] >> log2 {
            for column in columns[0] >> log2..=columns[1] >> log2 {
                let index = row * level.columns + column;
                let (low, high) = (level.low[index], level.high[index]);
                bounds = [
                    if low < bounds[0] { low } else { bounds[0] },
                    if high > bounds[1] { high } else { bounds[1] },
                ];
            }
        }
        Some(bounds)
    }
}
