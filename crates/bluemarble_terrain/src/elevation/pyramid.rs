//! Summaries of a grid: least and greatest value of blocks of nodes, and their mean and land share.

use super::nodes::{Nodes, by_rows};

/// Nodes along an edge of a block grow by this power of two from one level of [`MinMax`] to the next.
const STEP_LOG2: u32 = 2;
/// Means of smaller blocks than of 2^3 x 2^3 nodes are not kept, but found when they are asked for.
const FIRST_KEPT: u32 = 3;

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

/// Mean height and share of land of blocks of nodes, for cells wider than the grid's spacing.
pub(super) struct Means {
    /// From [`FIRST_KEPT`] on.
    levels: Vec<MeanLevel>,
    /// Columns and rows of nodes.
    size: [usize; 2],
}

/// One level. Level `k` has blocks of 2^k x 2^k nodes.
struct MeanLevel {
    columns: usize,
    mean_m: Vec<f32>,
    land: Vec<f32>,
}

impl MeanLevel {
    fn rows(&self) -> usize {
        self.mean_m.len() / self.columns
    }

    fn halved(&self) -> Self {
        let (width, height) = (self.columns, self.rows());
        let (next_width, next_height) = (width.div_ceil(2), height.div_ceil(2));
        let mut mean_m = Vec::with_capacity(next_width * next_height);
        let mut land = Vec::with_capacity(next_width * next_height);
        for row in 0..next_height {
            for column in 0..next_width {
                let (mean, share) = mean_of_four(|i| {
                    let from = (row * 2 + i / 2).min(height - 1) * width
                        + (column * 2 + i % 2).min(width - 1);
                    (self.mean_m[from], self.land[from])
                });
                mean_m.push(mean);
                land.push(share);
            }
        }
        Self { columns: next_width, mean_m, land }
    }
}

/// Mean and land share of four blocks.
#[inline]
fn mean_of_four(block: impl Fn(usize) -> (f32, f32)) -> (f32, f32) {
    let (mut height_sum, mut land_sum) = (0.0, 0.0);
    for i in 0..4 {
        let (mean, share) = block(i);
        height_sum += mean;
        land_sum += share;
    }
    (height_sum * 0.25, land_sum * 0.25)
}

fn is_land(height_m: f32) -> f32 {
    f32::from(u8::from(height_m >= 0.0))
}

impl Means {
    pub fn new(nodes: &Nodes, columns: usize, rows: usize) -> Self {
        let first_rows: Vec<usize> = (0..rows).collect();
        let parts = by_rows(&first_rows, 1, 1 << FIRST_KEPT, |part| {
            let mut kept = MeanLevel { columns: 1, mean_m: Vec::new(), land: Vec::new() };
            for strip in part.chunks(1 << FIRST_KEPT) {
                let mut mean_m = Vec::with_capacity(strip.len() * columns);
                strip.iter().for_each(|&row| nodes.add_row(row, &mut mean_m));
                let land = mean_m.iter().map(|&height_m| is_land(height_m)).collect();
                let mut level = MeanLevel { columns, mean_m, land };
                for _ in 0..FIRST_KEPT {
                    level = level.halved();
                }
                kept.columns = level.columns;
                kept.mean_m.extend(level.mean_m);
                kept.land.extend(level.land);
            }
            kept
        });
        let mut level = MeanLevel { columns: 1, mean_m: Vec::new(), land: Vec::new() };
        for part in parts {
            level.columns = part.columns;
            level.mean_m.extend(part.mean_m);
            level.land.extend(part.land);
        }
        let mut levels = Vec::new();
        while level.mean_m.len() > 1 {
            let next = level.halved();
            levels.push(level);
            level = next;
        }
        levels.push(level);
        Self { levels, size: [columns, rows] }
    }

    /// Mean height and land share of the block of level `level` that holds a node.
    pub fn at(&self, nodes: &Nodes, level: u32, row: usize, column: usize) -> (f32, f32) {
        let level = level.min(FIRST_KEPT + self.levels.len() as u32 - 1);
        self.block(nodes, level, row >> level, column >> level)
    }

    /// Mean height and land share of a block by its number.
    fn block(&self, nodes: &Nodes, level: u32, row: usize, column: usize) -> (f32, f32) {
        if level == 0 {
            let height_m = nodes.at(row, column);
            return (height_m, is_land(height_m));
        }
        if let Some(kept) = level.checked_sub(FIRST_KEPT) {
            let Some(kept) = self.levels.get(kept as usize) else { return (0.0, 0.0) };
            let index = row.min(kept.rows() - 1) * kept.columns + column.min(kept.columns - 1);
            return (kept.mean_m[index], kept.land[index]);
        }
        let [columns, rows] = self.size.map(|size| size.div_ceil(1 << (level - 1)));
        mean_of_four(|i| {
            let (row, column) =
                ((row * 2 + i / 2).min(rows - 1), (column * 2 + i % 2).min(columns - 1));
            self.block(nodes, level - 1, row, column)
        })
    }
}
