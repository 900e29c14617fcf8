//! Copying a box of cells.

use std::ops::Range;

use super::*;

impl CompactChunk {
    /// Copies a box of cells, its upper corner not included: rows along x, `row` places apart along z and `layer`
    /// along y. Looks at each brick once.
    ///
    /// # Panics
    /// If the box leaves the chunk, or the copies `to`.
    pub fn copy_box(
        &self,
        low: IVec3,
        high: IVec3,
        to: &mut [MaterialId],
        row: usize,
        layer: usize,
    ) {
        let [low, high] = [low, high].map(|at| at.to_array().map(|along| along as usize));
        if let Some(material) = self.as_uniform() {
            for y in 0..high[1].saturating_sub(low[1]) {
                for z in 0..high[2].saturating_sub(low[2]) {
                    to[y * layer + z * row..][..high[0].saturating_sub(low[0])].fill(material);
                }
            }
            return;
        }
        // Of each axis: the bricks that the box meets, and which of their cells.
        let spans = |axis: usize| {
            let (low, high) = (low[axis], high[axis]);
            (low / EDGE..high.div_ceil(EDGE)).map(move |brick| {
                let first = brick * EDGE;
                (brick, low.max(first) - first..high.min(first + EDGE) - first)
            })
        };
        for (by, ys) in spans(1) {
            for (bz, zs) in spans(2) {
                for (bx, xs) in spans(0) {
                    let first = [bx * EDGE + xs.start, by * EDGE + ys.start, bz * EDGE + zs.start];
                    let [x, y, z] = std::array::from_fn(|axis| first[axis] - low[axis]);
                    let part = Part { xs, ys: ys.clone(), zs: zs.clone(), row, layer };
                    self.copy_part(
                        bx + PER_EDGE * (bz + PER_EDGE * by),
                        part,
                        &mut to[y * layer + z * row + x..],
                    );
                }
            }
        }
    }

    fn copy_part(&self, number: usize, part: Part, to: &mut [MaterialId]) {
        let brick = self.words[number];
        let (bits_log2, start) = match self.brick(brick) {
            Brick::Uniform(material) => return part.copy(to, |_| [material; EDGE]),
            Brick::Mixed { bits_log2, start } => (bits_log2, start as usize),
        };
        let bits = 1 << bits_log2;
        let (list, codes) = self.words[start..].split_at(list_words(bits));
        let listed = |place: usize| MaterialId(field(list[place / 4], 16, place % 4) as u16);
        // Those of a row from the first cell on that is copied; behind them are others.
        let skipped = part.xs.start as u32 * bits;
        let codes_of = |number: usize| {
            let (word, shift) = place(number, bits);
            codes[word] >> shift >> skipped
        };
        // Choices between two, which become instructions for eight cells at once.
        match bits {
            1 => {
                let [one, other] = [listed(0), listed(1)].map(|material| [material; EDGE]);
                part.copy(to, |row| choose(codes_of(row) as u16, |x| 1 << x, one, other));
            }
            2 => {
                let list: [_; 4] = std::array::from_fn(|place| [listed(place); EDGE]);
                part.copy(to, |row| {
                    let codes = codes_of(row) as u16;
                    let low = |first: usize| {
                        choose(codes, |x| 1 << (2 * x), list[first], list[first + 1])
                    };
                    choose(codes, |x| 2 << (2 * x), low(0), low(2))
                });
            }
            4 => {
                let list: [_; MAX_LISTED] = std::array::from_fn(listed);
                part.copy(to, |row| {
                    let codes = codes_of(row);
                    std::array::from_fn(|x| list[(codes >> (4 * x)) as usize % MAX_LISTED])
                });
            }
            _ => part.copy(to, |row| {
                let words = &codes[2 * row..][..2];
                let cells = (u128::from(words[0]) | u128::from(words[1]) << 64) >> skipped;
                std::array::from_fn(|x| MaterialId((cells >> (16 * x)) as u16))
            }),
        }
    }
}

/// For each of eight cells one of two, by a bit of a word.
#[inline(always)]
fn choose(
    word: u16,
    bit: impl Fn(usize) -> u16,
    clear: [MaterialId; EDGE],
    set: [MaterialId; EDGE],
) -> [MaterialId; EDGE] {
    std::array::from_fn(|x| {
        let mask = if word & bit(x) == 0 { 0 } else { u16::MAX };
        MaterialId(clear[x].0 & !mask | set[x].0 & mask)
    })
}

/// The cells of a brick that are copied, and how far rows and layers are apart where they go.
struct Part {
    xs: Range<usize>,
    ys: Range<usize>,
    zs: Range<usize>,
    row: usize,
    layer: usize,
}

impl Part {
    /// Copies the rows, which `cells` gives by `z + 8 y`, from the first cell on that is copied.
    #[inline(always)]
    fn copy(&self, to: &mut [MaterialId], cells: impl Fn(usize) -> [MaterialId; EDGE]) {
        // Always eight at once: a length that is known is one instruction, another one a call.
        let count = self.xs.len();
        if count == EDGE {
            return self.each_row(to, cells, |row, cells| row[..EDGE].copy_from_slice(&cells));
        }
        let mask: [u16; EDGE] = std::array::from_fn(|x| if x < count { u16::MAX } else { 0 });
        self.each_row(to, cells, |row, cells| match row.first_chunk_mut::<EDGE>() {
            Some(row) => {
                *row =
                    std::array::from_fn(|x| MaterialId(row[x].0 & !mask[x] | cells[x].0 & mask[x]));
            }
            None => row[..count].copy_from_slice(&cells[..count]),
        });
    }

    #[inline(always)]
    fn each_row(
        &self,
        to: &mut [MaterialId],
        cells: impl Fn(usize) -> [MaterialId; EDGE],
        put: impl Fn(&mut [MaterialId], [MaterialId; EDGE]),
    ) {
        let &Self { ref ys, ref zs, row, layer, .. } = self;
        for y in ys.clone() {
            let to = &mut to[(y - ys.start) * layer..];
            for z in zs.clone() {
                put(&mut to[(z - zs.start) * row..], cells(z + EDGE * y));
            }
        }
    }
}
