//! [`Means`]: mean height and share of land of blocks of nodes.

use super::{nodes::Nodes, rows::by_rows};

/// Means of smaller blocks than of 2^3 x 2^3 nodes are not kept, but found when they are asked for.
const FIRST_KEPT: u32 = 3;

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
