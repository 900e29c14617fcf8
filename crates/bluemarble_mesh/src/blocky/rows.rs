//! The cells of a chunk, read row by row along x as they are packed.
//!
//! A *key* stands for a material within one chunk: two cells have the same key if and only if they are
//! of the same material. Rows are numbered z + 64·y.

use bluemarble_core::MaterialId;

/// Cells in a row.
const ROW: usize = 64;
/// Materials that are looked for one by one; with more the cells are looked at one by one.
const MAX_COMPARED: usize = 6;

/// What meshing asks of cells.
pub(crate) trait Rows {
    /// The key of a cell.
    fn key(&self, row: usize, x: usize) -> u32;

    /// The keys of a cell and of the next one.
    #[inline]
    fn pair(&self, row: usize, x: usize) -> [u32; 2] {
        [self.key(row, x), self.key(row, x + 1)]
    }

    /// The material that a key stands for.
    fn material(&self, key: u32) -> MaterialId;

    /// How many cells from `x` on have this key, at most `max`.
    fn run(&self, row: usize, x: usize, key: u32, max: usize) -> usize {
        (0..max).find(|&at| self.key(row, x + at) != key).unwrap_or(max)
    }

    /// The cells of one row that have the same key as those of another.
    fn equal(&self, row: usize, other: usize) -> u64 {
        bits(|x| self.key(row, x) == self.key(other, x))
    }

    /// The cells of a row that have the same key as the next one, bit 63 aside.
    fn equal_to_next(&self, row: usize) -> u64 {
        bits(|x| x < ROW - 1 && self.key(row, x) == self.key(row, x + 1))
    }

    /// One word a row, with a bit for each cell whose material satisfies `test`.
    fn write_mask(&self, test: impl Fn(MaterialId) -> bool, mask: &mut [u64]) {
        for (row, word) in mask.iter_mut().enumerate() {
            *word = bits(|x| test(self.material(self.key(row, x))));
        }
    }
}

fn bits(test: impl Fn(usize) -> bool) -> u64 {
    (0..ROW).rev().fold(0, |word, x| word << 1 | u64::from(test(x)))
}

/// Runs code for the rows of a chunk, compiled once for each way in which chunks hold their cells.
macro_rules! with_rows {
    ($chunk:expr, $rows:ident => $body:expr) => {{
        use $crate::blocky::rows::{DenseRows, PaletteRows, UniformRows};
        macro_rules! palette {
            ($bits:literal, $materials:expr, $words:expr) => {{
                let $rows = &PaletteRows::<$bits> { materials: $materials, words: $words };
                $body
            }};
        }
        match $chunk.packed() {
            bluemarble_core::PackedCells::Uniform(material) => {
                let $rows = &UniformRows(material);
                $body
            }
            bluemarble_core::PackedCells::Dense(cells) => {
                let $rows = &DenseRows(cells);
                $body
            }
            bluemarble_core::PackedCells::Palette { materials, bits, words } => match bits {
                1 => palette!(1, materials, words),
                2 => palette!(2, materials, words),
                4 => palette!(4, materials, words),
                _ => palette!(8, materials, words),
            },
        }
    }};
}
pub(crate) use with_rows;

/// Cells of one material.
pub(crate) struct UniformRows(pub MaterialId);

impl Rows for UniformRows {
    fn key(&self, _: usize, _: usize) -> u32 {
        0
    }

    fn material(&self, _: u32) -> MaterialId {
        self.0
    }

    fn run(&self, _: usize, _: usize, _: u32, max: usize) -> usize {
        max
    }

    fn equal(&self, _: usize, _: usize) -> u64 {
        u64::MAX
    }

    fn equal_to_next(&self, _: usize) -> u64 {
        u64::MAX >> 1
    }

    fn write_mask(&self, test: impl Fn(MaterialId) -> bool, mask: &mut [u64]) {
        mask.fill(if test(self.0) { u64::MAX } else { 0 });
    }
}

/// Cells that hold their materials.
pub(crate) struct DenseRows<'a>(pub &'a [MaterialId]);

impl Rows for DenseRows<'_> {
    #[inline]
    fn key(&self, row: usize, x: usize) -> u32 {
        self.0[row * ROW + x].0.into()
    }

    fn material(&self, key: u32) -> MaterialId {
        MaterialId(key as u16)
    }
}

/// Cells that are indices into a list of materials, `BITS` bits each.
pub(crate) struct PaletteRows<'a, const BITS: u32> {
    pub materials: &'a [MaterialId],
    pub words: &'a [u64],
}

impl<const BITS: u32> PaletteRows<'_, BITS> {
    const CELLS_PER_WORD: usize = (64 / BITS) as usize;
    const FIELD: u64 = (1 << BITS) - 1;

    #[inline]
    fn row(&self, row: usize) -> &[u64] {
        &self.words[row * BITS as usize..(row + 1) * BITS as usize]
    }

    /// Calls `word` for each word of a row and puts the bits that it gives together.
    #[inline]
    fn gather(mut word: impl FnMut(usize) -> u64) -> u64 {
        (0..BITS as usize).rev().fold(0, |bits, at| {
            bits.unbounded_shl(64 / BITS) | gather::<BITS>(zero_fields::<BITS>(word(at)))
        })
    }
}

impl<const BITS: u32> Rows for PaletteRows<'_, BITS> {
    #[inline]
    fn key(&self, row: usize, x: usize) -> u32 {
        let word = self.words[row * BITS as usize + x / Self::CELLS_PER_WORD];
        (word >> (x % Self::CELLS_PER_WORD * BITS as usize) & Self::FIELD) as u32
    }

    #[inline]
    fn pair(&self, row: usize, x: usize) -> [u32; 2] {
        let at = x % Self::CELLS_PER_WORD;
        if at + 1 == Self::CELLS_PER_WORD {
            return [self.key(row, x), self.key(row, x + 1)];
        }
        let word =
            self.words[row * BITS as usize + x / Self::CELLS_PER_WORD] >> (at * BITS as usize);
        [(word & Self::FIELD) as u32, (word >> BITS & Self::FIELD) as u32]
    }

    #[inline]
    fn material(&self, key: u32) -> MaterialId {
        self.materials[key as usize]
    }

    #[inline]
    fn run(&self, row: usize, x: usize, key: u32, max: usize) -> usize {
        let same = repeat::<BITS>(key);
        let mut run = 0;
        let mut shift = x % Self::CELLS_PER_WORD * BITS as usize;
        for word in &self.row(row)[x / Self::CELLS_PER_WORD..] {
            let equal = ((word ^ same) >> shift).trailing_zeros() as usize;
            let (equal, left) = (equal / BITS as usize, (64 - shift) / BITS as usize);
            run += equal.min(left);
            if equal < left || run >= max {
                break;
            }
            shift = 0;
        }
        run.min(max)
    }

    fn equal(&self, row: usize, other: usize) -> u64 {
        let (row, other) = (self.row(row), self.row(other));
        Self::gather(|at| row[at] ^ other[at])
    }

    fn equal_to_next(&self, row: usize) -> u64 {
        let row = self.row(row);
        let next = |at: usize| row.get(at + 1).copied().unwrap_or(!row[at] >> (64 - BITS));
        // The last cell has no next one, and is compared with what it is not.
        Self::gather(|at| row[at] ^ (row[at] >> BITS | next(at) << (64 - BITS)))
    }

    fn write_mask(&self, test: impl Fn(MaterialId) -> bool, mask: &mut [u64]) {
        let mut answers = [0u64; 256];
        let mut keys = [Vec::new(), Vec::new()];
        for (key, &material) in self.materials.iter().enumerate() {
            answers[key] = u64::from(test(material));
            keys[answers[key] as usize].push(repeat::<BITS>(key as u32));
        }
        let [refused, satisfying] = keys;
        let (compared, invert) =
            if refused.len() < satisfying.len() { (refused, u64::MAX) } else { (satisfying, 0) };
        for (word, row) in mask.iter_mut().zip(self.words.chunks_exact(BITS as usize)) {
            let first = row[0] & Self::FIELD;
            let same = repeat::<BITS>(first as u32);
            *word = if row.iter().all(|&word| word == same) {
                answers[first as usize].wrapping_neg()
            } else if compared.len() <= MAX_COMPARED {
                let found = (compared.iter())
                    .fold(0, |found, same| found | Self::gather(|at| row[at] ^ same));
                found ^ invert
            } else {
                row.iter().rev().fold(0, |word, cells| {
                    let cells = (0..Self::CELLS_PER_WORD)
                        .rev()
                        .map(|at| answers[(cells >> (at * BITS as usize) & Self::FIELD) as usize]);
                    cells.fold(word, |word, answer| word << 1 | answer)
                })
            };
        }
    }
}

/// A word full of one key.
#[inline]
fn repeat<const BITS: u32>(key: u32) -> u64 {
    u64::from(key) * (u64::MAX / ((1 << BITS) - 1))
}

/// The lowest bit of each field of `BITS` bits, set where the field is zero.
#[inline]
fn zero_fields<const BITS: u32>(word: u64) -> u64 {
    let mut any = word;
    let mut step = BITS / 2;
    while step > 0 {
        any |= any >> step;
        step /= 2;
    }
    !any & repeat::<BITS>(1)
}

/// Moves the lowest bits of all fields of `BITS` bits together.
#[inline]
fn gather<const BITS: u32>(flags: u64) -> u64 {
    match BITS {
        1 => flags,
        8 => flags.wrapping_mul(0x0102_0408_1020_4080) >> 56,
        _ => {
            // Groups of 1, 2, 4 and so on bits, each time twice as far apart.
            let mut bits = flags;
            let (mut width, mut apart) = (1, BITS);
            while apart < 64 {
                bits |= bits >> (apart - width);
                width *= 2;
                apart *= 2;
                let group = (1u64 << width) - 1;
                bits &= if apart < 64 { group * (u64::MAX / ((1 << apart) - 1)) } else { group };
            }
            bits
        }
    }
}

#[cfg(test)]
mod tests {
    use bluemarble_core::{CHUNK_VOLUME, Chunk, PackedCells};
    use proptest::prelude::*;

    use super::*;

    fn check(rows: &impl Rows, cells: &[MaterialId], row: usize, other: usize, x: usize) {
        let cell = |row: usize, x: usize| cells[row * ROW + x];
        let odd = |material: MaterialId| material.0 % 3 == 1;
        let mut mask = vec![0; 4096];
        rows.write_mask(odd, &mut mask);
        for (row, &word) in mask.iter().enumerate() {
            assert_eq!(word, bits(|x| odd(cell(row, x))), "row {row}");
        }
        let key = rows.key(row, x);
        assert_eq!(rows.material(key), cell(row, x));
        for x in 0..ROW - 1 {
            let pair = rows.pair(row, x).map(|key| rows.material(key));
            assert_eq!(pair, [cell(row, x), cell(row, x + 1)]);
        }
        assert_eq!(rows.equal(row, other), bits(|x| cell(row, x) == cell(other, x)));
        let next = bits(|x| x < 63 && cell(row, x) == cell(row, x + 1));
        assert_eq!(rows.equal_to_next(row) & (u64::MAX >> 1), next);
        for from in 0..ROW {
            let max = ROW - from;
            let run = (from..ROW).take_while(|&at| cell(row, at) == cell(row, x)).count();
            assert_eq!(rows.run(row, from, key, max), run);
            assert_eq!(rows.run(row, from, key, max.min(3)), run.min(3));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn packed_rows_are_read_as_the_plain_cells(
            seed: u64,
            kinds in prop::sample::select(vec![1u16, 2, 3, 4, 7, 16, 17, 200, 500]),
            run in 1usize..90,
            row in 0usize..4096, other in 0usize..4096, x in 0usize..64,
        ) {
            let mut state = seed;
            let mut cells = Vec::with_capacity(CHUNK_VOLUME);
            while cells.len() < CHUNK_VOLUME {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
                let end = (cells.len() + 1 + (state >> 20) as usize % run).min(CHUNK_VOLUME);
                cells.resize(end, MaterialId((state >> 40) as u16 % kinds));
            }
            match Chunk::from_cells(&cells).packed() {
                PackedCells::Uniform(material) => check(&UniformRows(material), &cells, row, other, x),
                PackedCells::Dense(dense) => check(&DenseRows(dense), &cells, row, other, x),
                PackedCells::Palette { materials, bits, words } => match bits {
                    1 => check(&PaletteRows::<1> { materials, words }, &cells, row, other, x),
                    2 => check(&PaletteRows::<2> { materials, words }, &cells, row, other, x),
                    4 => check(&PaletteRows::<4> { materials, words }, &cells, row, other, x),
                    _ => check(&PaletteRows::<8> { materials, words }, &cells, row, other, x),
                },
            }
        }
    }
}
