//! [`Occupancy`]: which cells of a chunk are of a kind, as masks that a ray can leap over.

use glam::IVec3;

/// Cells of a chunk that satisfy a test, in three levels of 4³ masks: blocks of 16³ cells, bricks of
/// 4³ cells, cells. Only what is neither empty nor full has a level below it, so that ground takes a few
/// kilobytes and a chunk of one kind none.
///
/// Wide masks with popcount-compressed levels are the sparse 64-tree of "A guide to fast voxel ray tracing
/// using sparse 64-trees" (dubiousconst282, 2024).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occupancy {
    /// Of 64 blocks, bit `x + 4 z + 16 y` each: those that hold occupied cells.
    blocks: u64,
    /// For each block the bricks that hold occupied cells, those of them that hold free ones as well, and the
    /// place of the first of these; then the masks of their cells, block by block. Nothing if every cell is
    /// occupied, or none.
    words: Box<[u64]>,
}

/// Words of a block; a fourth one keeps it on one line of the cache.
const BLOCK_WORDS: usize = 4;

/// What is around a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    /// The cell is occupied.
    Occupied,
    /// The cell is free, and so is the aligned box around it that is `1 << wide_log2` cells wide along x and z
    /// and `1 << high_log2` along y; 6 is the chunk.
    Free {
        /// Binary logarithm of the edges along x and z in cells.
        wide_log2: u32,
        /// The same along y.
        high_log2: u32,
    },
}

/// The first two of four parts along each axis.
const EIGHT: u64 = 0x0033_0033;

/// The bit of a part in its mask, from its position counted in parts.
#[inline]
const fn bit(x: i32, y: i32, z: i32) -> u32 {
    (x & 3 | (z & 3) << 2 | (y & 3) << 4) as u32
}

/// Undoes [`bit`].
const fn position(bit: u32) -> IVec3 {
    IVec3::new((bit & 3) as i32, (bit >> 4) as i32, (bit >> 2 & 3) as i32)
}

/// The bits that are set, from the lowest up.
fn bits(mut mask: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then(|| mask.trailing_zeros());
        mask &= mask.wrapping_sub(1);
        bit
    })
}

/// The smallest box around the parts of a mask, in parts.
fn mask_bounds(parts: u64) -> Option<(IVec3, IVec3)> {
    if parts == u64::MAX {
        return Some((IVec3::ZERO, IVec3::splat(4)));
    }
    let (low, high) = bits(parts)
        .map(position)
        .fold((IVec3::MAX, IVec3::MIN), |(low, high), at| (low.min(at), high.max(at + 1)));
    (parts != 0).then_some((low, high))
}

/// What is free around a free part: of parts whose edges are `1 << part_log2` cells, a layer or two, eight, or
/// one. Ground lies in layers, so rays above it leap over layers most often.
#[inline]
const fn free_around(any: u64, bit: u32, part_log2: u32) -> Around {
    let (wide, high) = if any >> (bit & 0b11_0000) & 0xFFFF == 0 {
        (2, (any >> (bit & 0b10_0000) & 0xFFFF_FFFF == 0) as u32)
    } else {
        // From the even corner of the eight parts that the part is one of.
        let eight = (any >> (bit & 0b10_10_10) & EIGHT == 0) as u32;
        (eight, eight)
    };
    Around::Free { wide_log2: part_log2 + wide, high_log2: part_log2 + high }
}

impl Occupancy {
    /// Every cell, or none.
    pub fn uniform(occupied: bool) -> Self {
        Self { blocks: if occupied { u64::MAX } else { 0 }, words: Box::default() }
    }

    /// Puts together what [`Occupancy::uniform`] does not describe. `brick` gives the mask of the cells of
    /// a brick from its position in bricks, 0..16 along each axis.
    pub(super) fn from_bricks(brick: impl Fn(i32, i32, i32) -> u64) -> Self {
        let (mut blocks, mut words) = (0, vec![0; 64 * BLOCK_WORDS]);
        for number in 0..64 {
            let (x, z, y) = (number & 3, number >> 2 & 3, number >> 4);
            let first = words.len() as u64;
            let (mut any, mut mixed) = (0, 0);
            for inner in 0..64 {
                let cells =
                    brick(4 * x + (inner & 3), 4 * y + (inner >> 4), 4 * z + (inner >> 2 & 3));
                any |= u64::from(cells != 0) << inner;
                if cells != 0 && cells != u64::MAX {
                    mixed |= 1 << inner;
                    words.push(cells);
                }
            }
            blocks |= u64::from(any != 0) << number;
            words[number as usize * BLOCK_WORDS..][..BLOCK_WORDS]
                .copy_from_slice(&[any, mixed, first, 0]);
        }
        Self { blocks, words: words.into() }
    }

    /// Whether no cell is occupied.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.blocks == 0
    }

    /// Whether every cell is occupied.
    #[inline]
    pub const fn is_full(&self) -> bool {
        self.blocks == u64::MAX && self.words.is_empty()
    }

    /// What is around a cell; coordinates are 0..64.
    #[inline]
    pub fn around(&self, cell: IVec3) -> Around {
        let IVec3 { x, y, z } = cell;
        let at = bit(x >> 4, y >> 4, z >> 4);
        if self.blocks >> at & 1 == 0 {
            if self.is_empty() {
                return Around::Free { wide_log2: 6, high_log2: 6 };
            }
            return free_around(self.blocks, at, 4);
        }
        let Some(&[bricks, mixed, first, _]) = self.words.as_chunks().0.get(at as usize) else {
            return Around::Occupied;
        };
        let at = bit(x >> 2, y >> 2, z >> 2);
        if bricks >> at & 1 == 0 {
            return free_around(bricks, at, 2);
        }
        if mixed >> at & 1 == 0 {
            return Around::Occupied;
        }
        let before = (mixed & ((1 << at) - 1)).count_ones();
        let cells = self.words[first as usize + before as usize];
        let at = bit(x, y, z);
        if cells >> at & 1 == 1 {
            return Around::Occupied;
        }
        free_around(cells, at, 0)
    }

    /// The smallest box around all occupied cells: its smallest cell and one past its largest; `None` if
    /// there are none.
    pub fn bounds(&self) -> Option<(IVec3, IVec3)> {
        let (mut low, mut high) = (IVec3::MAX, IVec3::MIN);
        let mut cover = |min: IVec3, parts: u64, edge: i32| {
            if let Some((first, last)) = mask_bounds(parts) {
                low = low.min(min + first * edge);
                high = high.max(min + last * edge);
            }
        };
        if self.words.is_empty() {
            cover(IVec3::ZERO, self.blocks, 16);
        }
        let blocks = self.words.as_chunks().0.iter().take(64);
        for (number, &[bricks, mixed, first, _]) in blocks.enumerate() {
            let min = position(number as u32) * 16;
            cover(min, bricks & !mixed, 4);
            for (inner, &cells) in bits(mixed).zip(&self.words[first as usize..]) {
                cover(min + position(inner) * 4, cells, 1);
            }
        }
        low.cmplt(high).all().then_some((low, high))
    }

    /// Bytes held, the struct itself included.
    pub fn size_bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.words)
    }
}

#[cfg(test)]
mod tests {
    use glam::ivec3;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        CHUNK_VOLUME, Chunk, CompactChunk, MaterialId,
        chunk::{Cells, cell_position},
    };

    const SOLID: fn(MaterialId) -> bool = |material| material.0 >= 2;

    /// Every cell is what the chunk says, what is said to be free is free, and it is not less than the largest
    /// aligned cube that is.
    fn check(chunk: &Chunk) -> Occupancy {
        let compact = CompactChunk::new(chunk);
        let occupancy = compact.occupancy(SOLID);
        let is_free = |min: IVec3, size: IVec3| {
            (0..size.element_product()).all(|i| {
                let offset = ivec3(i % size.x, i / size.x % size.y, i / size.x / size.y);
                !SOLID(chunk.get(min + offset))
            })
        };
        let mut known = std::collections::HashMap::new();
        for cell in (0..CHUNK_VOLUME).map(cell_position) {
            match occupancy.around(cell) {
                Around::Occupied => assert!(SOLID(compact.get(cell)), "{cell}"),
                Around::Free { wide_log2, high_log2 } => {
                    let mut free = |wide_log2: u32, high_log2: u32| {
                        let size = ivec3(1 << wide_log2, 1 << high_log2, 1 << wide_log2);
                        let min = cell & -size;
                        *known.entry((min, size)).or_insert_with(|| is_free(min, size))
                    };
                    assert!(free(wide_log2, high_log2), "{cell}: {wide_log2} {high_log2}");
                    let largest = (1..7).take_while(|&log2| free(log2, log2)).last().unwrap_or(0);
                    assert!(2 * wide_log2 + high_log2 >= 3 * largest, "{cell}");
                }
            }
        }
        let solid: Vec<_> =
            (0..CHUNK_VOLUME).map(cell_position).filter(|&cell| SOLID(chunk.get(cell))).collect();
        let low = solid.iter().copied().reduce(IVec3::min);
        let high = solid.iter().copied().reduce(IVec3::max);
        assert_eq!(occupancy.bounds(), low.zip(high).map(|(low, high)| (low, high + 1)));
        occupancy
    }

    #[test]
    fn chunks_of_one_kind_hold_no_masks() {
        for material in 0..3 {
            let occupancy = check(&Chunk::uniform(MaterialId(material)));
            assert_eq!(occupancy, Occupancy::uniform(material == 2));
        }
        // Of several materials, but all or none of them are asked for.
        let mixed = |base: u16| {
            let cells = (0..CHUNK_VOLUME).map(|i| MaterialId(base + (i % 2) as u16));
            Chunk::from_cells(&cells.collect::<Vec<_>>())
        };
        assert_eq!(check(&mixed(0)), Occupancy::uniform(false));
        assert_eq!(check(&mixed(2)), Occupancy::uniform(true));
    }

    #[test]
    fn ground_takes_a_few_kilobytes() {
        let cells: Vec<_> = (0..CHUNK_VOLUME)
            .map(|index| {
                let at = cell_position(index);
                let below = 20 + at.x / 3 + (at.z - 30).abs() / 2 - at.y;
                MaterialId([0, 4, 5, 5, 6][(below + 1).clamp(0, 4) as usize])
            })
            .collect();
        let occupancy = check(&Chunk::from_cells(&cells));
        assert!(occupancy.size_bytes() < 6000, "{}", occupancy.size_bytes());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn cells_and_free_cubes_are_those_of_the_chunk(
            ground in 0u16..3,
            kinds in prop_oneof![Just(3u16), Just(6), Just(40), Just(500)],
            cells in prop::collection::vec((0..CHUNK_VOLUME, any::<u16>()), 0..3000),
            boxes in prop::collection::vec((0i32..64, 0i32..64, 0i32..64, 0u32..6, 0u16..4), 0..6),
        ) {
            let mut chunk = Chunk::uniform(MaterialId(ground));
            for (x, y, z, log2, material) in boxes {
                let min = ivec3(x, y, z) >> log2 << log2;
                let edge = 1 << log2;
                for i in 0..edge * edge * edge {
                    chunk.set(min + ivec3(i % edge, i / edge % edge, i / edge / edge), MaterialId(material));
                }
            }
            for (index, material) in cells {
                chunk.set_index(index, MaterialId(material % kinds));
            }
            check(&chunk);
        }
    }
}
