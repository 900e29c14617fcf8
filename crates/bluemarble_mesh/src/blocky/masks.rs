//! One bit a cell.

use bluemarble_core::{Face, MaterialId};

use super::Cells;
use crate::surroundings::FacePlane;

/// 64³ bits: one word for each row along x, ordered as z + 64·y.
pub(super) struct Masks(pub(super) Box<[u64]>);

impl Masks {
    /// The bits of the cells for which `test` holds.
    pub(super) fn of_cells(cells: &Cells, test: impl Fn(MaterialId) -> bool) -> Self {
        // Strata and air make neighbours alike, so the answer for the last material mostly holds.
        let (mut last, mut answer) = (cells.0[0], u64::from(test(cells.0[0])));
        let word = |row: &[MaterialId]| {
            if row.iter().all(|&cell| cell == row[0]) {
                return if test(row[0]) { u64::MAX } else { 0 };
            }
            row.iter().rev().fold(0, |word, &cell| {
                if cell != last {
                    (last, answer) = (cell, u64::from(test(cell)));
                }
                word << 1 | answer
            })
        };
        Self(cells.0.chunks_exact(64).map(word).collect())
    }

    #[inline]
    pub(super) fn row(&self, y: usize, z: usize) -> u64 {
        self.0[z + 64 * y]
    }

    /// The bits of this mask whose cell beyond `face` is not set in `hiding`; `beyond` has the bits of
    /// `hiding` beyond the chunk, one word for each v of the plane.
    pub(super) fn visible(&self, hiding: &Self, beyond: &[u64; 64], face: Face) -> Self {
        let mut visible = vec![0u64; 4096].into_boxed_slice();
        for y in 0..64usize {
            for z in 0..64usize {
                let cells = self.row(y, z);
                if cells == 0 {
                    continue;
                }
                let here = hiding.row(y, z);
                let outside = |row: u64, bit: usize| row >> bit & 1;
                let hidden = match face {
                    Face::NegX => here << 1 | outside(beyond[y], z),
                    Face::PosX => here >> 1 | outside(beyond[y], z) << 63,
                    Face::NegY if y == 0 => beyond[z],
                    Face::NegY => hiding.row(y - 1, z),
                    Face::PosY if y == 63 => beyond[z],
                    Face::PosY => hiding.row(y + 1, z),
                    Face::NegZ if z == 0 => beyond[y],
                    Face::NegZ => hiding.row(y, z - 1),
                    Face::PosZ if z == 63 => beyond[y],
                    Face::PosZ => hiding.row(y, z + 1),
                };
                visible[z + 64 * y] = cells & !hidden;
            }
        }
        Self(visible)
    }

    /// Clears the faces between two cells of the same material: water has no walls inside.
    pub(super) fn drop_faces_between_equals(
        &mut self,
        cells: &Cells,
        beyond: &FacePlane,
        face: Face,
    ) {
        let step = face.normal();
        for y in 0..64usize {
            for z in 0..64usize {
                let mut bits = self.0[z + 64 * y];
                while bits != 0 {
                    let x = bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    let next = [x as i32 + step.x, y as i32 + step.y, z as i32 + step.z];
                    let neighbour = if next.iter().all(|axis| (0..64).contains(axis)) {
                        cells.at(next[0] as usize, next[1] as usize, next[2] as usize)
                    } else {
                        match face.axis() {
                            0 => beyond.get(z, y),
                            1 => beyond.get(x, z),
                            _ => beyond.get(x, y),
                        }
                    };
                    if neighbour == cells.at(x, y, z) {
                        self.0[z + 64 * y] &= !(1 << x);
                    }
                }
            }
        }
    }
}

/// Turns 64 words of 64 bits on their diagonal (Warren, "Hacker's Delight", section 7-3).
pub(super) fn transpose(rows: &mut [u64; 64]) {
    let mut width = 32;
    let mut mask = 0x0000_0000_ffff_ffffu64;
    while width != 0 {
        let mut k = 0;
        while k < 64 {
            let swap = (rows[k] >> width ^ rows[k + width]) & mask;
            rows[k] ^= swap << width;
            rows[k + width] ^= swap;
            k = (k + width + 1) & !width;
        }
        width >>= 1;
        mask ^= mask << width;
    }
}
