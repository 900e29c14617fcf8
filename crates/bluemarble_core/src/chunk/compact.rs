//! [`CompactChunk`]: a chunk to be kept and looked at, not changed.

use std::cell::RefCell;

use glam::IVec3;

use super::{Cells, Chunk};
use crate::{
    key::{CHUNK_EDGE, CHUNK_VOLUME},
    material::MaterialId,
};

/// Cells along an edge of a brick.
const EDGE: usize = 8;
const VOLUME: usize = EDGE * EDGE * EDGE;
/// Bricks along an edge of a chunk, and of a whole one.
const PER_EDGE: usize = CHUNK_EDGE as usize / EDGE;
const BRICKS: usize = PER_EDGE * PER_EDGE * PER_EDGE;
/// A longer list of materials would cost what it saves.
const MOST_LISTED: usize = 16;
/// Bits of a cell without a list.
const PLAIN_BITS: u32 = 16;

/// 64³ cells in bricks of 8³: a brick of one material is one number, any other has its own short list of
/// materials and as few bits a cell as that list needs. Ground is mostly bricks of one material, so it
/// takes a third to a tenth of a [`Chunk`]; every cell is still found in constant time.
#[derive(Clone, Debug)]
pub struct CompactChunk {
    bricks: Box<[Brick]>,
    /// Lists of materials, four a word, and after each list the cells that refer to it.
    words: Box<[u64]>,
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

impl CompactChunk {
    /// Packs a chunk.
    pub fn new(chunk: &Chunk) -> Self {
        if let Some(material) = chunk.as_uniform() {
            let bricks = vec![Brick::Uniform(material); BRICKS].into();
            return Self { bricks, words: Box::default() };
        }
        thread_local! {
            static CELLS: RefCell<Vec<MaterialId>> = const { RefCell::new(Vec::new()) };
        }
        CELLS.with_borrow_mut(|cells| {
            cells.resize(CHUNK_VOLUME, MaterialId::AIR);
            chunk.write_cells(cells);
            Self::of_cells(cells)
        })
    }

    fn of_cells(cells: &[MaterialId]) -> Self {
        let mut words = Vec::new();
        let mut own = [MaterialId::AIR; VOLUME];
        let bricks = (0..BRICKS)
            .map(|brick| {
                let (x, z, y) = (brick % PER_EDGE, brick / PER_EDGE % PER_EDGE, brick >> 6);
                for (row, own) in own.chunks_exact_mut(EDGE).enumerate() {
                    let (z, y) = (z * EDGE + row % EDGE, y * EDGE + row / EDGE);
                    let start = super::cell_index(x * EDGE, y, z);
                    own.copy_from_slice(&cells[start..start + EDGE]);
                }
                pack(&own, &mut words)
            })
            .collect();
        Self { bricks, words: words.into() }
    }

    /// Bytes held.
    pub fn size_bytes(&self) -> usize {
        size_of_val(&*self.bricks) + size_of_val(&*self.words)
    }
}

/// Appends a brick that is not of one material to the words.
fn pack(cells: &[MaterialId; VOLUME], words: &mut Vec<u64>) -> Brick {
    if cells.iter().all(|&cell| cell == cells[0]) {
        return Brick::Uniform(cells[0]);
    }
    let mut codes = [0u16; VOLUME];
    let mut list = [MaterialId::AIR; MOST_LISTED];
    let listed = list_materials(cells, &mut list, &mut codes);
    let bits_log2 = match listed {
        Some(count) => (0..3).find(|log2| count <= 1 << (1u32 << log2)).unwrap_or(2),
        None => PLAIN_BITS.ilog2(),
    };
    let (bits, start) = (1u32 << bits_log2, words.len() as u32);
    let four = |four: &[MaterialId]| four.iter().rev().fold(0, |w, m| w << 16 | u64::from(m.0));
    words.extend(list.chunks_exact(4).take(list_words(bits)).map(four));
    let a_word = 64 / bits as usize;
    words.extend(
        codes
            .chunks_exact(a_word)
            .map(|codes| codes.iter().rev().fold(0, |word, &code| word << bits | u64::from(code))),
    );
    Brick::Mixed { bits_log2: bits_log2 as u8, start }
}

/// Lists the materials of cells, and gives each cell its place in the list; how many there are, or
/// `None` if they are too many: then the codes are the materials.
fn list_materials(
    cells: &[MaterialId; VOLUME],
    list: &mut [MaterialId; MOST_LISTED],
    codes: &mut [u16; VOLUME],
) -> Option<usize> {
    let (mut count, mut last) = (0, 0);
    for (cell, code) in cells.iter().zip(&mut *codes) {
        if count == 0 || list[last] != *cell {
            let known = list[..count].iter().position(|listed| listed == cell);
            last = match known {
                Some(place) => place,
                None if count < MOST_LISTED => {
                    list[count] = *cell;
                    count += 1;
                    count - 1
                }
                None => {
                    *codes = cells.map(|cell| cell.0);
                    return None;
                }
            };
        }
        *code = last as u16;
    }
    Some(count)
}

impl Cells for CompactChunk {
    #[inline]
    fn get(&self, cell: IVec3) -> MaterialId {
        let [x, y, z] = cell.to_array().map(|along| along as usize);
        let brick = x / EDGE + PER_EDGE * (z / EDGE) + PER_EDGE * PER_EDGE * (y / EDGE);
        let (bits, start) = match self.bricks[brick] {
            Brick::Uniform(material) => return material,
            Brick::Mixed { bits_log2, start } => (1u32 << bits_log2, start as usize),
        };
        let place = x % EDGE + EDGE * (z % EDGE) + EDGE * EDGE * (y % EDGE);
        let (codes, a_word) = (start + list_words(bits), 64 / bits as usize);
        let code = field(self.words[codes + place / a_word], bits, place % a_word);
        if bits == PLAIN_BITS {
            return MaterialId(code as u16);
        }
        MaterialId(field(self.words[start + code / 4], 16, code % 4) as u16)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chunk::cell_position;

    fn check(chunk: &Chunk) -> CompactChunk {
        let compact = CompactChunk::new(chunk);
        for cell in (0..CHUNK_VOLUME).map(cell_position) {
            assert_eq!(compact.get(cell), chunk.get(cell), "{cell}");
        }
        compact
    }

    #[test]
    fn a_chunk_of_one_material_holds_no_cells() {
        assert_eq!(check(&Chunk::uniform(MaterialId(7))).words.len(), 0);
    }

    #[test]
    fn bricks_of_every_width_give_their_cells_back() {
        let cells: Vec<MaterialId> = (0..CHUNK_VOLUME)
            .map(|index| {
                // One brick column after the other has 1, 3, 5, ... up to 512 materials.
                let at = cell_position(index);
                let kinds = [1, 2, 3, 4, 5, 16, 17, 512][at.x as usize / EDGE];
                let place = at.x % 8 + 8 * (at.z % 8) + 64 * (at.y % 8);
                MaterialId((place * 7 % kinds * 120 + at.y / 8) as u16)
            })
            .collect();
        check(&Chunk::from_cells(&cells));
    }

    #[test]
    fn hills_take_less_than_a_third_of_the_memory() {
        let cells: Vec<MaterialId> = (0..CHUNK_VOLUME)
            .map(|index| {
                let at = cell_position(index);
                let below = 20 + at.x / 3 + (at.z - 30).abs() / 2 - at.y;
                MaterialId([0, 4, 5, 5, 6][(below + 1).clamp(0, 4) as usize])
            })
            .collect();
        let chunk = Chunk::from_cells(&cells);
        let compact = check(&chunk);
        assert!(compact.size_bytes() * 3 < chunk.size_bytes(), "{}", compact.size_bytes());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_chunk_gives_its_cells_back(
            edits in prop::collection::vec((0..CHUNK_VOLUME, 0u16..700), 0..4000),
            ground in 0u16..3,
        ) {
            let mut chunk = Chunk::uniform(MaterialId(ground));
            for (index, material) in edits {
                chunk.set_index(index, MaterialId(material));
            }
            check(&chunk);
        }
    }
}
