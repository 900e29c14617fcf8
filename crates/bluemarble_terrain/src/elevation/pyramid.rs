//! Summaries of a grid: least and greatest value of blocks of nodes, and their mean and land share.

/// Nodes along an edge of a block grow by this power of two from one level of [`MinMax`] to the next.
const STEP_LOG2: u32 = 2;

/// Least and greatest value of ever larger blocks.
pub(super) struct MinMax {
    levels: Vec<Level>,
}

struct Level {
    /// log2 of the nodes along an edge of a block.
    block_log2: u32,
    columns: usize,
    low: Vec<f32>,
    high: Vec<f32>,
}

impl MinMax {
    pub fn new(nodes: &[f32], columns: usize, rows: usize) -> Self {
        let mut levels: Vec<Level> = Vec::new();
        let (mut width, mut height) = (columns, rows);
        while width > 1 || height > 1 {
            let (next_width, next_height) =
                (width.div_ceil(1 << STEP_LOG2), height.div_ceil(1 << STEP_LOG2));
            let mut low = vec![f32::INFINITY; next_width * next_height];
            let mut high = vec![f32::NEG_INFINITY; next_width * next_height];
            let (low_below, high_below) = match levels.last() {
                Some(level) => (&level.low[..], &level.high[..]),
                None => (nodes, nodes),
            };
            for row in 0..height {
                for column in 0..width {
                    let to = (row >> STEP_LOG2) * next_width + (column >> STEP_LOG2);
                    low[to] = low[to].min(low_below[row * width + column]);
                    high[to] = high[to].max(high_below[row * width + column]);
                }
            }
            let block_log2 = STEP_LOG2 * (levels.len() as u32 + 1);
            levels.push(Level { block_log2, columns: next_width, low, high });
            (width, height) = (next_width, next_height);
        }
        Self { levels }
    }

    /// Bounds of all nodes in inclusive ranges of rows and columns, perhaps of a few more.
    pub fn bounds(&self, rows: [usize; 2], columns: [usize; 2]) -> (f32, f32) {
        let blocks = |log2: u32| {
            ((rows[1] >> log2) - (rows[0] >> log2) + 1)
                * ((columns[1] >> log2) - (columns[0] >> log2) + 1)
        };
        let (mut least, mut greatest) = (f32::INFINITY, f32::NEG_INFINITY);
        let level = self.levels.iter().find(|level| blocks(level.block_log2) <= 64);
        let Some(level) = level.or(self.levels.last()) else { return (least, greatest) };
        let log2 = level.block_log2;
        for row in rows[0] >> log2..=rows[1] >> log2 {
            for column in columns[0] >> log2..=columns[1] >> log2 {
                least = least.min(level.low[row * level.columns + column]);
                greatest = greatest.max(level.high[row * level.columns + column]);
            }
        }
        (least, greatest)
    }
}

/// Mean height and share of land of blocks of nodes, for cells wider than the grid's spacing.
pub(super) struct Means {
    levels: Vec<MeanLevel>,
}

struct MeanLevel {
    columns: usize,
    rows: usize,
    mean_m: Vec<f32>,
    land: Vec<f32>,
}

impl Means {
    /// Level `k` (from 1) has blocks of 2^k x 2^k nodes.
    pub fn new(nodes: &[f32], columns: usize, rows: usize) -> Self {
        let mut levels: Vec<MeanLevel> = Vec::new();
        let (mut width, mut height) = (columns, rows);
        let bare: Vec<f32> = nodes.iter().map(|&v| f32::from(u8::from(v >= 0.0))).collect();
        while width > 1 || height > 1 {
            let (mean_below, land_below) = match levels.last() {
                Some(level) => (&level.mean_m[..], &level.land[..]),
                None => (nodes, &bare[..]),
            };
            let (next_width, next_height) = (width.div_ceil(2), height.div_ceil(2));
            let mut mean_m = Vec::with_capacity(next_width * next_height);
            let mut land = Vec::with_capacity(next_width * next_height);
            for row in 0..next_height {
                for column in 0..next_width {
                    let (mut height_sum, mut land_sum) = (0.0, 0.0);
                    for i in 0..4 {
                        let from = (row * 2 + i / 2).min(height - 1) * width
                            + (column * 2 + i % 2).min(width - 1);
                        height_sum += mean_below[from];
                        land_sum += land_below[from];
                    }
                    mean_m.push(height_sum * 0.25);
                    land.push(land_sum * 0.25);
                }
            }
            levels.push(MeanLevel { columns: next_width, rows: next_height, mean_m, land });
            (width, height) = (next_width, next_height);
        }
        Self { levels }
    }

    /// Mean height and land share of the block of level `level` that holds a node.
    pub fn at(&self, level: u32, row: usize, column: usize) -> (f32, f32) {
        let level = (level as usize).min(self.levels.len());
        let Some(summary) = level.checked_sub(1).and_then(|index| self.levels.get(index)) else {
            return (0.0, 0.0);
        };
        let row = (row >> level).min(summary.rows - 1);
        let column = (column >> level).min(summary.columns - 1);
        let index = row * summary.columns + column;
        (summary.mean_m[index], summary.land[index])
    }
}
