//! What every form of 64³ cells has in common: the order of cells, and how they are looked at.

use glam::IVec3;

use crate::material::MaterialId;

/// The place of a cell in memory and on disk: x fastest, then z, then y.
#[inline]
pub const fn cell_index(x: usize, y: usize, z: usize) -> usize {
    x + 64 * z + 4096 * y
}

/// Undoes [`cell_index`].
#[inline]
pub const fn cell_position(index: usize) -> IVec3 {
    IVec3::new((index & 63) as i32, (index >> 12) as i32, (index >> 6 & 63) as i32)
}

/// 64³ cells that can be looked at.
pub trait Cells {
    /// The material of a cell; coordinates are 0..64.
    fn get(&self, cell: IVec3) -> MaterialId;

    /// The material, if there is but one.
    fn as_uniform(&self) -> Option<MaterialId>;
}

/// The cells of a chunk as they are held, ordered by [`cell_index`].
#[derive(Clone, Copy, Debug)]
pub enum PackedCells<'a> {
    /// All of one material.
    Uniform(MaterialId),
    /// Indices into a list of materials, each of which it holds once; not all of them need to occur.
    Palette {
        /// The materials.
        materials: &'a [MaterialId],
        /// Bits a cell: 1, 2, 4 or 8.
        bits: u32,
        /// The cells, from the lowest bits up: a row of 64 along x is as many words as a cell has bits.
        words: &'a [u64],
    },
    /// Each cell's material.
    Dense(&'a [MaterialId]),
}
