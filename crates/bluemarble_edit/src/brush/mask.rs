//! [`Mask`]: some cells of a chunk.

use bluemarble_core::{CHUNK_EDGE, LatticeBox};
use glam::{IVec3, ivec3};

/// Some cells of a chunk.
#[derive(Clone, Debug)]
pub(super) struct Mask {
    /// A row along x each: z fastest, then y.
    rows: Vec<u64>,
}

impl Mask {
    pub fn empty() -> Self {
        Self { rows: vec![0; 64 * 64] }
    }

    /// Whether a cell is one of them; coordinates are 0..64.
    pub fn contains(&self, cell: IVec3) -> bool {
        self.rows[(cell.y * 64 + cell.z) as usize] >> cell.x & 1 == 1
    }

    pub fn insert(&mut self, cell: IVec3) {
        self.rows[(cell.y * 64 + cell.z) as usize] |= 1 << cell.x;
    }

    pub fn unite(&mut self, other: &Self) {
        self.rows.iter_mut().zip(&other.rows).for_each(|(row, other)| *row |= other);
    }

    /// All cells, in the order of their indices.
    pub fn cells(&self) -> impl Iterator<Item = IVec3> + '_ {
        (0i32..).zip(&self.rows).flat_map(|(at, &row)| {
            (0..64).filter(move |x| row >> x & 1 == 1).map(move |x| ivec3(x, at / 64, at % 64))
        })
    }

    /// The smallest box around all cells; empty without any.
    pub fn bounds(&self) -> LatticeBox {
        let (mut low, mut high) = (IVec3::splat(CHUNK_EDGE), IVec3::ZERO);
        for (at, &row) in (0i32..).zip(&self.rows) {
            if row != 0 {
                let (first, last) = (row.trailing_zeros() as i32, 63 - row.leading_zeros() as i32);
                low = low.min(ivec3(first, at / 64, at % 64));
                high = high.max(ivec3(last, at / 64, at % 64) + 1);
            }
        }
        LatticeBox::new(low, high)
    }
}
