//! [`CompactChunk`]: a chunk to be kept and looked at, not changed.
//!
//! | module | what it holds |
//! |---|---|
//! | [`CompactChunk`] | where everything is in its words, and a look at one cell |
//! | `pack` | a chunk is packed |
//! | `unpack` | and unpacked, to be changed |
//! | `copy` | a box of cells is copied |
//! | `masks` | which cells stop a ray |

mod copy;
mod masks;
mod pack;
mod unpack;

use std::sync::Arc;

use glam::IVec3;

use super::{Cells, palette};
use crate::{
    key::{CHUNK_EDGE, CHUNK_VOLUME},
    material::MaterialId,
};

/// Cells along an edge of a brick.
const EDGE: usize = 8;
const VOLUME: usize = EDGE * EDGE * EDGE;
/// Rows of cells along x in a brick.
const ROWS: usize = EDGE * EDGE;
/// Bricks along an edge of a chunk, and of a whole one.
const PER_EDGE: usize = CHUNK_EDGE as usize / EDGE;
const BRICKS: usize = PER_EDGE * PER_EDGE * PER_EDGE;
/// A longer list of materials would cost what it saves.
const MAX_LISTED: usize = 16;
/// Bits of a cell without a list.
const PLAIN_BITS: u32 = 16;
/// Where the cells of all bricks of one material are: one bit each, and all zero.
const ZEROS: usize = BRICKS;
/// What comes behind the bricks and the zeros.
const LISTS: usize = ZEROS + VOLUME / 64;
/// Of the word of a brick: where its list begins, and the binary logarithm of the bits of a cell. The lowest bits
/// say where its cells begin.
const LIST_SHIFT: u32 = 28;
const BITS_SHIFT: u32 = 56;
const PLACE_MASK: u64 = (1 << LIST_SHIFT) - 1;

/// 64³ cells in bricks of 8³, each with its own short list of materials and as few bits a cell as that list
/// needs; bricks of one material share their cells. Ground is mostly such bricks, so it takes a third to a
/// tenth of a [`Chunk`](super::Chunk). Every cell is found in constant time and by the same steps, whatever the brick:
/// one look at the brick, one at the cell, one at the list. A clone is another handle to the same cells.
#[derive(Clone, Debug)]
pub struct CompactChunk {
    /// The material of all cells, or a word for each brick, the cells of bricks of one material, and behind them
    /// lists of materials, four a word, and cells that refer to them.
    words: Arc<[u64]>,
}

/// What a brick consists of.
#[derive(Clone, Copy, Debug)]
enum Brick {
    Uniform(MaterialId),
    /// Bits a cell, 1, 2, 4 or 16, and the first word. With 16 the cells are materials themselves.
    Mixed {
        bits_log2: u8,
        start: u32,
    },
}

/// Words of the list of materials of a brick.
const fn list_words(bits: u32) -> usize {
    if bits == PLAIN_BITS { 0 } else { (1usize << bits).div_ceil(4) }
}

#[inline]
fn field(word: u64, bits: u32, place: usize) -> usize {
    let mask = (1u64 << bits) - 1;
    (word >> (place as u32 * bits) & mask) as usize
}

/// Bricks in line along x, and how many lines there are.
const LINES: usize = PER_EDGE * PER_EDGE;

/// The numbers of the rows, 64 cells along x each, that run through a line of bricks.
#[inline]
fn rows(line: usize) -> impl Iterator<Item = usize> {
    let (z, y) = (line % PER_EDGE * EDGE, line / PER_EDGE * EDGE);
    let row = move |row: usize| super::cell_index(0, y + row / EDGE, z + row % EDGE) / palette::ROW;
    (0..ROWS).map(row)
}

impl CompactChunk {
    /// Whether both are handles to the same cells in memory.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.words, &other.words)
    }

    /// What its word says of a brick.
    #[inline]
    fn brick(&self, word: u64) -> Brick {
        let list = (word >> LIST_SHIFT & PLACE_MASK) as usize;
        if word & PLACE_MASK == ZEROS as u64 {
            return Brick::Uniform(MaterialId(self.words[list] as u16));
        }
        Brick::Mixed { bits_log2: (word >> BITS_SHIFT) as u8, start: list as u32 }
    }

    /// All bricks, if the chunk is not of one material.
    fn bricks(&self) -> impl Iterator<Item = Brick> + '_ {
        self.words[..BRICKS].iter().map(|&word| self.brick(word))
    }

    /// The list of materials of a mixed brick, its unused end filled with the first of them, and its
    /// cells; `None` if it has no list.
    #[inline]
    fn listed(&self, bits_log2: u8, start: u32) -> Option<([MaterialId; MAX_LISTED], &[u64])> {
        let bits = 1u32 << bits_log2;
        if bits == PLAIN_BITS {
            return None;
        }
        let (list, codes) = self.words[start as usize..].split_at(list_words(bits));
        // Fewer are listed than there is room for: the first once more.
        let place = |place: usize| if place < 4 * list.len() { place } else { 0 };
        let material = |at| MaterialId(field(list[place(at) / 4], 16, place(at) % 4) as u16);
        Some((std::array::from_fn(material), codes))
    }

    /// The binary logarithm of the edge of an aligned cube around a cell that has the cell's material and no
    /// other: 6 in a chunk of one material, 3 or 0 elsewhere.
    #[inline]
    pub fn same_around(&self, cell: IVec3) -> u32 {
        match *self.words {
            [_] => 6,
            ref words if words[brick_of(cell)] & PLACE_MASK == ZEROS as u64 => EDGE.ilog2(),
            _ => 0,
        }
    }

    /// Bytes held, the handle itself not included.
    pub fn size_bytes(&self) -> usize {
        size_of_val(&*self.words)
    }
}

/// The number of the brick that holds a cell.
#[inline]
fn brick_of(cell: IVec3) -> usize {
    let [x, y, z] = cell.to_array().map(|along| along as usize / EDGE);
    x + PER_EDGE * (z + PER_EDGE * y)
}

/// The word and the bit in it where the eight fields with a number begin.
#[inline]
const fn place(number: usize, bits: u32) -> (usize, u32) {
    let bit = number * EDGE * bits as usize;
    (bit / 64, (bit % 64) as u32)
}

/// The lowest eight fields.
#[inline]
const fn eight_mask(bits: u32) -> u64 {
    u64::MAX >> (64 - 8 * bits)
}

impl Cells for CompactChunk {
    #[inline(always)]
    fn get(&self, cell: IVec3) -> MaterialId {
        let words = &*self.words;
        if let [material] = *words {
            return MaterialId(material as u16);
        }
        let [x, y, z] = cell.to_array().map(|along| along as usize);
        let brick = words[brick_of(cell)];
        let bits_log2 = brick >> BITS_SHIFT;
        let place = x % EDGE + EDGE * (z % EDGE) + EDGE * EDGE * (y % EDGE);
        let bit = place << bits_log2;
        let cells = words[(brick & PLACE_MASK) as usize + bit / 64] >> (bit % 64);
        if bits_log2 == u64::from(PLAIN_BITS.ilog2()) {
            return MaterialId(cells as u16);
        }
        let code = (cells & ((1 << (1u32 << bits_log2)) - 1)) as usize;
        let list = (brick >> LIST_SHIFT & PLACE_MASK) as usize;
        // The first word of a list can be fetched while the cells are.
        let listed = words[list];
        let listed = if bits_log2 < 2 { listed } else { words[list + code / 4] };
        MaterialId((listed >> (16 * (code % 4))) as u16)
    }

    #[inline]
    fn as_uniform(&self) -> Option<MaterialId> {
        match *self.words {
            [material] => Some(MaterialId(material as u16)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
