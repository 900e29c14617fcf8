//! The cells that rounded surfaces are made of, one bit each, with those around the chunk.

use bluemarble_core::MaterialId;
use glam::IVec3;

use crate::shell::{Part, Shell, bounds};

/// Rows along z and along y: those of the chunk and two more at either end.
const ROWS: usize = 68;

/// One bit for each of the cells -2..66 along each axis.
///
/// A row along x has 68 cells in two words that overlap: the first has the cells -2..62, the second the
/// cells 2..66. The four cells around each corner lie together in one of them.
pub(super) struct PaddedMask {
    low: Box<[[u64; ROWS]; ROWS]>,
    high: Box<[[u64; ROWS]; ROWS]>,
}

impl Default for PaddedMask {
    fn default() -> Self {
        Self { low: Box::new([[0; ROWS]; ROWS]), high: Box::new([[0; ROWS]; ROWS]) }
    }
}

impl PaddedMask {
    fn clear(&mut self) {
        self.low.as_flattened_mut().fill(0);
        self.high.as_flattened_mut().fill(0);
    }

    /// Sets the cells 0..64 of a row and no other; positions are -2..66.
    #[inline]
    fn set_row(&mut self, y: i32, z: i32, cells: u64) {
        let (y, z) = ((y + 2) as usize, (z + 2) as usize);
        self.low[y][z] = cells << 2;
        self.high[y][z] = cells >> 2;
    }

    /// Sets the cells of one side of a row, two bits, after those between them.
    #[inline]
    fn set_end(&mut self, y: i32, z: i32, is_high: bool, cells: u64) {
        let (y, z) = ((y + 2) as usize, (z + 2) as usize);
        if is_high {
            self.high[y][z] |= cells << 62;
        } else {
            self.low[y][z] |= cells;
        }
    }

    /// The cells 0..64 of the row at y and z, each -2..66.
    #[inline]
    pub fn row(&self, y: i32, z: i32) -> u64 {
        let (low, high) = self.words(y, z);
        low >> 2 | high << 2
    }

    /// The cells -1..63, as [`Self::row`].
    #[inline]
    pub fn row_before(&self, y: i32, z: i32) -> u64 {
        let (low, high) = self.words(y, z);
        low >> 1 | high << 3
    }

    /// The cells 1..65, as [`Self::row`].
    #[inline]
    pub fn row_after(&self, y: i32, z: i32) -> u64 {
        let (low, high) = self.words(y, z);
        low >> 3 | high << 1
    }

    #[inline]
    fn words(&self, y: i32, z: i32) -> (u64, u64) {
        let (y, z) = ((y + 2) as usize, (z + 2) as usize);
        (self.low[y][z], self.high[y][z])
    }

    /// 32 cells of each of the 4×4 rows around the corners at y and z, 0..=64: those from bit `first` on
    /// of either word. Bits of the upper two layers lie over those of the lower two: by z and then y.
    #[inline]
    pub fn rows_around(&self, y: usize, z: usize, is_high: bool, first: u32) -> [u64; 8] {
        let words = if is_high { &self.high } else { &self.low };
        let cells = |y: usize, z: usize| words[y][z] >> first & 0xffff_ffff;
        std::array::from_fn(|at| {
            let (y, z) = (y + (at >> 2), z + (at & 3));
            cells(y, z) | cells(y + 2, z) << 32
        })
    }
}

/// Which cells are opaque, and which are drawn how.
pub(super) struct Cells {
    /// Opaque cells.
    pub opaque: PaddedMask,
    /// Opaque cells that are drawn as cubes; of no use unless there are [`Self::any_blocky`].
    pub blocky: PaddedMask,
    pub any_blocky: bool,
    /// Rows of the chunk's own cells with a rounded surface, numbered z + 64·y.
    pub drawn: Box<[u64; 4096]>,
    /// Rows of the chunk's own opaque cells that are drawn as cubes, where there are such.
    own_blocky: Box<[u64; 4096]>,
}

impl Default for Cells {
    fn default() -> Self {
        Self {
            opaque: PaddedMask::default(),
            blocky: PaddedMask::default(),
            any_blocky: false,
            drawn: Box::new([0; 4096]),
            own_blocky: Box::new([0; 4096]),
        }
    }
}

/// What a smooth mesher asks of a material.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Clear,
    Smooth,
    Blocky,
}

impl Cells {
    /// Reads a chunk and what lies around it. `write_own` writes the rows of the chunk's cells that look
    /// so; `own_blocky` says whether any looks [`Look::Blocky`].
    pub fn fill(
        &mut self,
        own_blocky: bool,
        write_own: impl Fn(Look, &mut [u64; 4096]),
        shell: &Shell,
        look: impl Fn(MaterialId) -> Look,
    ) {
        write_own(Look::Smooth, &mut self.drawn);
        self.any_blocky = false;
        if own_blocky {
            write_own(Look::Blocky, &mut self.own_blocky);
            self.start_blocky();
        }
        for (y, (drawn, blocky)) in self
            .drawn
            .as_chunks::<64>()
            .0
            .iter()
            .zip(self.own_blocky.as_chunks::<64>().0)
            .enumerate()
        {
            for z in 0..64 {
                let blocky = if own_blocky { blocky[z] } else { 0 };
                self.opaque.set_row(y as i32, z as i32, drawn[z] | blocky);
                if own_blocky {
                    self.blocky.set_row(y as i32, z as i32, blocky);
                }
            }
        }
        // Rows along x first: the ends of the others are put into them.
        for is_end in [false, true] {
            for direction in Shell::directions().filter(|direction| (direction.x != 0) == is_end) {
                self.fill_part(direction, shell.part(direction), &look);
            }
        }
    }

    fn start_blocky(&mut self) {
        self.blocky.clear();
        self.any_blocky = true;
    }

    fn fill_part(&mut self, direction: IVec3, part: &Part, look: &impl Fn(MaterialId) -> Look) {
        let (low, size) = bounds(direction);
        let [run, middle, slow] = Part::axes(direction);
        let mut uniform = None;
        let mut rows = match part {
            Part::Uniform(material) => {
                uniform = Some(Bits::uniform(look(*material)));
                [].chunks_exact(1)
            }
            Part::Cells(cells) => cells.chunks_exact(size[run] as usize),
        };
        for k in 0..size[slow] {
            for j in 0..size[middle] {
                let bits = match uniform {
                    Some(bits) => bits,
                    None => Bits::of(rows.next().unwrap_or_default(), look),
                };
                let mut at = low;
                at[middle] += j;
                at[slow] += k;
                if !self.any_blocky && bits.blocky != 0 {
                    self.start_blocky();
                }
                put(&mut self.opaque, bits.opaque, at, direction, run);
                if self.any_blocky {
                    put(&mut self.blocky, bits.blocky, at, direction, run);
                }
            }
        }
    }
}

/// Puts a row of a part, along the axis `run` from the cell `first` on, into a mask.
#[inline]
fn put(mask: &mut PaddedMask, bits: u64, first: IVec3, direction: IVec3, run: usize) {
    if run == 0 {
        mask.set_row(first.y, first.z, bits);
    } else if bits != 0 {
        let is_high = direction.x > 0;
        let shift = first.x & 1;
        let length = if direction[run] == 0 { 64 } else { Shell::DEPTH };
        let mut at = first;
        for i in 0..length {
            at[run] = first[run] + i;
            mask.set_end(at.y, at.z, is_high, (bits >> i & 1) << shift);
        }
    }
}

/// A row of up to 64 cells.
#[derive(Clone, Copy)]
struct Bits {
    opaque: u64,
    blocky: u64,
}

impl Bits {
    fn uniform(look: Look) -> Self {
        let all = |is| if is { u64::MAX } else { 0 };
        Self { opaque: all(look != Look::Clear), blocky: all(look == Look::Blocky) }
    }

    fn of(row: &[MaterialId], look: &impl Fn(MaterialId) -> Look) -> Self {
        let first = row[0];
        // Without a branch, so that many cells are compared at once.
        if row.iter().fold(0, |differs, cell| differs | cell.0 ^ first.0) == 0 {
            return Self::uniform(look(first));
        }
        let (mut opaque, mut blocky) = (0, 0);
        let (mut last, mut last_look) = (first, look(first));
        for (i, &cell) in row.iter().enumerate() {
            if cell != last {
                (last, last_look) = (cell, look(cell));
            }
            opaque |= u64::from(last_look != Look::Clear) << i;
            blocky |= u64::from(last_look == Look::Blocky) << i;
        }
        Self { opaque, blocky }
    }
}
