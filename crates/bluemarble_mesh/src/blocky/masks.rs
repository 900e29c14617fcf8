//! One bit a cell.

use bluemarble_core::MaterialId;

use super::rows::Rows;

/// One word for each v of a layer, with a bit for each u.
pub(crate) type Layer = [u64; 64];

/// 64³ bits: one word for each row along x, numbered z + 64·y.
#[derive(Clone, Debug)]
pub(super) struct Mask {
    words: Box<[u64; 4096]>,
    /// Bit y is set where some cell of the plane at y is.
    pub some: u64,
    /// Bit y is set where not every cell of the plane at y is.
    pub gaps: u64,
}

impl Default for Mask {
    fn default() -> Self {
        Self { words: Box::new([0; 4096]), some: 0, gaps: u64::MAX }
    }
}

impl Mask {
    /// Sets the bits of the cells for which `test` holds, and no other.
    pub fn fill(&mut self, cells: &impl Rows, test: impl Fn(MaterialId) -> bool) {
        cells.write_mask(test, &mut self.words[..]);
        (self.some, self.gaps) = (0, 0);
        for (y, plane) in self.words.as_chunks::<64>().0.iter().enumerate() {
            let some = plane.iter().fold(0, |some, row| some | row);
            let all = plane.iter().fold(u64::MAX, |all, row| all & row);
            self.some |= u64::from(some != 0) << y;
            self.gaps |= u64::from(all != u64::MAX) << y;
        }
    }

    #[inline]
    pub fn row(&self, y: usize, z: usize) -> u64 {
        self.words[z + 64 * y]
    }

    /// All rows.
    pub fn words(&self) -> &[u64] {
        &self.words[..]
    }

    /// The rows at y, by z.
    #[inline]
    pub fn plane(&self, y: usize) -> &Layer {
        &self.words.as_chunks::<64>().0[y]
    }
}

/// The positions of the bits of a word, the lowest first.
pub(crate) fn ones(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = (word != 0).then(|| word.trailing_zeros() as usize)?;
        word &= word - 1;
        Some(at)
    })
}

/// Turns 64 words of 64 bits on their diagonal (Warren, "Hacker's Delight", section 7-3).
pub(crate) fn transpose(rows: &mut Layer) {
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
