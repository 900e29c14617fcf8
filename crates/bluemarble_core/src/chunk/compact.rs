//! [`CompactChunk`]: a chunk to be kept and looked at, not changed.

use std::sync::Arc;

use glam::IVec3;

use super::{
    Cells, Chunk, Occupancy, PackedCells, Repr,
    fields::{narrow_to, repeat, widen_from},
    palette::{self, Palette},
};
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
const MOST_LISTED: usize = 16;
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
/// tenth of a [`Chunk`]. Every cell is found in constant time and by the same steps, whatever the brick:
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

/// Puts four materials into each word.
fn pack_materials(materials: impl Iterator<Item = MaterialId>, words: &mut Vec<u64>) {
    for (place, material) in materials.enumerate() {
        if place % 4 == 0 {
            words.push(0);
        }
        if let Some(word) = words.last_mut() {
            *word |= u64::from(material.0) << (16 * (place % 4));
        }
    }
}

/// The words of a chunk as it is packed.
struct Packing {
    words: Vec<u64>,
    /// Materials of bricks of one material, and where each is listed.
    listed: Vec<(MaterialId, usize)>,
}

impl Packing {
    fn put(&mut self, number: usize, brick: Brick) {
        let (codes, list, bits_log2) = match brick {
            Brick::Uniform(material) => (ZEROS, self.list_of_one(material), 0),
            Brick::Mixed { bits_log2, start } => {
                (start as usize + list_words(1 << bits_log2), start as usize, bits_log2)
            }
        };
        self.words[number] =
            codes as u64 | (list as u64) << LIST_SHIFT | u64::from(bits_log2) << BITS_SHIFT;
    }

    fn list_of_one(&mut self, material: MaterialId) -> usize {
        if let Some(&(_, list)) = self.listed.iter().find(|listed| listed.0 == material) {
            return list;
        }
        let list = self.words.len();
        self.words.push(u64::from(material.0));
        self.listed.push((material, list));
        list
    }
}

impl CompactChunk {
    /// Packs a chunk.
    pub fn new(chunk: &Chunk) -> Self {
        let packed = chunk.packed();
        if let PackedCells::Uniform(material) = packed {
            return Self { words: [u64::from(material.0)].into() };
        }
        let mut packing = Packing { words: vec![0; LISTS], listed: Vec::new() };
        match packed {
            PackedCells::Uniform(_) => {}
            PackedCells::Palette { materials, bits, words: cells } => {
                let chunk = Packed { materials, bits, cells };
                for line in 0..LINES {
                    let bricks = chunk.pack_line(line, &mut packing.words);
                    for (x, brick) in bricks.into_iter().enumerate() {
                        packing.put(line * PER_EDGE + x, brick);
                    }
                }
            }
            PackedCells::Dense(cells) => {
                for number in 0..BRICKS {
                    let brick = pack_dense(number, cells, &mut packing.words);
                    packing.put(number, brick);
                }
            }
        }
        Self { words: packing.words.into() }
    }

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

    /// The chunk that was packed.
    pub fn to_chunk(&self) -> Chunk {
        if let Some(material) = self.as_uniform() {
            return Chunk::uniform(material);
        }
        let Some(materials) = self.materials() else {
            let cells: Vec<_> =
                (0..CHUNK_VOLUME).map(|index| self.get(super::cell_position(index))).collect();
            return Chunk::from_cells(&cells);
        };
        Chunk { repr: Repr::Palette(self.unpack(materials)) }
    }

    /// Each material once; `None` if there are too many for a palette.
    fn materials(&self) -> Option<Vec<MaterialId>> {
        let mut materials = Vec::new();
        let mut add = |material| {
            if !materials.contains(&material) {
                materials.push(material);
            }
            (materials.len() <= palette::MAX_MATERIALS).then_some(())
        };
        for brick in self.bricks() {
            match brick {
                Brick::Uniform(material) => add(material)?,
                Brick::Mixed { bits_log2, start } => {
                    let (list, _) = self.listed(bits_log2, start)?;
                    list.into_iter().try_for_each(&mut add)?;
                }
            }
        }
        Some(materials)
    }

    /// The list of materials of a mixed brick, its unused end filled with the first of them, and its
    /// cells; `None` if it has no list.
    #[inline]
    fn listed(&self, bits_log2: u8, start: u32) -> Option<([MaterialId; MOST_LISTED], &[u64])> {
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

    /// The palette of a chunk with these materials.
    fn unpack(&self, materials: Vec<MaterialId>) -> Palette {
        let bits_log2 = (0..3).find(|log2| materials.len() <= 1 << (1u32 << log2)).unwrap_or(3);
        let bits = 1u32 << bits_log2;
        let mut counts = vec![0; materials.len()];
        let mut words = vec![0u64; CHUNK_VOLUME * bits as usize / 64];
        let slot = |material| materials.iter().position(|&known| known == material).unwrap_or(0);
        let bricks: Vec<Brick> = self.bricks().collect();
        for (line, bricks) in bricks.chunks_exact(PER_EDGE).enumerate() {
            // What the rows share: their cells in bricks of one material.
            let mut shared = [0u64; 8];
            for (x, brick) in bricks.iter().enumerate() {
                if let Brick::Uniform(material) = *brick {
                    let slot = slot(material);
                    counts[slot] += VOLUME as u32;
                    let (word, shift) = place(x, bits);
                    shared[word] |= (repeat(slot as u64, bits) & eight_mask(bits)) << shift;
                }
            }
            for row in rows(line) {
                let words = &mut words[row * bits as usize..(row + 1) * bits as usize];
                words.copy_from_slice(&shared[..bits as usize]);
            }
            for (x, brick) in bricks.iter().enumerate() {
                let Brick::Mixed { bits_log2, start } = *brick else { continue };
                let Some((list, codes)) = self.listed(bits_log2, start) else { continue };
                let (slots, own_bits) = (list.map(|material| slot(material) as u8), 1 << bits_log2);
                let (word, shift) = place(x, bits);
                let mut cells = [[0u8; EDGE]; ROWS];
                for (number, row) in cells.iter_mut().enumerate() {
                    let (word, shift) = place(number, own_bits);
                    *row = widen_from(codes[word] >> shift, own_bits).to_le_bytes();
                }
                for (code, &slot) in slots.iter().enumerate().take(1 << own_bits) {
                    counts[usize::from(slot)] += count(&cells, code as u8);
                }
                for (cells, row) in cells.iter().zip(rows(line)) {
                    let eight = cells.map(|code| slots[usize::from(code) % MOST_LISTED]);
                    let eight = narrow_to(u64::from_le_bytes(eight), bits);
                    words[row * bits as usize + word] |= eight << shift;
                }
            }
        }
        Palette::from_parts(materials, counts, bits_log2, words)
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
        let width = high[0].saturating_sub(low[0]);
        let mut rows = |[y, z]: [usize; 2], x: usize, cells: &[MaterialId]| {
            let first = (y - low[1]) * layer + (z - low[2]) * row + x - low[0];
            to[first..first + cells.len()].copy_from_slice(cells);
        };
        if let Some(material) = self.as_uniform() {
            let cells = vec![material; width];
            let all = (low[1]..high[1]).flat_map(|y| (low[2]..high[2]).map(move |z| [y, z]));
            all.for_each(|at| rows(at, low[0], &cells));
            return;
        }
        // Of each axis: the bricks that the box meets, and which of their cells.
        let spans = |axis: usize| {
            let (low, high) = (low[axis], high[axis]);
            (low / EDGE..high.div_ceil(EDGE)).map(move |brick| {
                let first = brick * EDGE;
                (brick, low.max(first) - first, high.min(first + EDGE) - first)
            })
        };
        for (by, y0, y1) in spans(1) {
            for (bz, z0, z1) in spans(2) {
                for (bx, x0, x1) in spans(0) {
                    let brick = self.brick(self.words[bx + PER_EDGE * (bz + PER_EDGE * by)]);
                    let unpacked = self.unpacked(brick);
                    for y in y0..y1 {
                        for z in z0..z1 {
                            let cells = unpacked(z + EDGE * y);
                            let at = [by * EDGE + y, bz * EDGE + z];
                            rows(at, bx * EDGE + x0, &cells[x0..x1]);
                        }
                    }
                }
            }
        }
    }

    /// The rows of a brick, by `z + 8 y`.
    fn unpacked(&self, brick: Brick) -> impl Fn(usize) -> [MaterialId; EDGE] + '_ {
        let (bits_log2, start, uniform) = match brick {
            Brick::Uniform(material) => (0, 0, Some(material)),
            Brick::Mixed { bits_log2, start } => (bits_log2, start, None),
        };
        let listed = if uniform.is_some() { None } else { self.listed(bits_log2, start) };
        move |number| match (uniform, &listed) {
            (Some(material), _) => [material; EDGE],
            (None, Some((list, codes))) => {
                let (word, shift) = place(number, 1 << bits_log2);
                let codes = widen_from(codes[word] >> shift, 1 << bits_log2).to_le_bytes();
                codes.map(|code| list[usize::from(code) % MOST_LISTED])
            }
            (None, None) => {
                let words = &self.words[start as usize + number * 2..][..2];
                std::array::from_fn(|x| MaterialId(field(words[x / 4], 16, x % 4) as u16))
            }
        }
    }

    /// Which cells are of a material that satisfies `test`.
    pub fn occupancy(&self, test: impl Fn(MaterialId) -> bool) -> Occupancy {
        if let Some(material) = self.as_uniform() {
            return Occupancy::uniform(test(material));
        }
        let parts: Vec<_> = self.bricks().map(|brick| self.parts(brick, &test)).collect();
        let all = |wanted| parts.as_flattened().iter().all(|&part| part == wanted);
        if all(0) || all(u64::MAX) {
            return Occupancy::uniform(all(u64::MAX));
        }
        Occupancy::from_bricks(|x, y, z| {
            let brick = x / 2 + PER_EDGE as i32 * (z / 2 + PER_EDGE as i32 * (y / 2));
            parts[brick as usize][(x & 1 | (z & 1) << 1 | (y & 1) << 2) as usize]
        })
    }

    /// Masks of the eight 4³ parts of a brick, x fastest, then z, then y; and so are the bits of each.
    fn parts(&self, brick: Brick, test: &impl Fn(MaterialId) -> bool) -> [u64; 8] {
        let (bits_log2, start) = match brick {
            Brick::Uniform(material) => return [if test(material) { u64::MAX } else { 0 }; 8],
            Brick::Mixed { bits_log2, start } => (bits_log2, start),
        };
        // One word for each y, bit x + 8 z.
        let layers: [u64; EDGE] = if let Some((list, codes)) = self.listed(bits_log2, start) {
            let bits = 1u32 << bits_log2;
            let codes_of_row = |row: usize| {
                let (word, shift) = place(row, bits);
                widen_from(codes[word] >> shift, bits).to_le_bytes()
            };
            let hits = list.map(&test);
            std::array::from_fn(|y| match (bits, hits[0], hits[1]) {
                (1, true, true) => u64::MAX,
                (1, true, false) => !codes[y],
                (1, false, true) => codes[y],
                (1, false, false) => 0,
                _ => (0..EDGE).rev().fold(0, |layer, z| {
                    let cells = codes_of_row(z + EDGE * y).into_iter().rev();
                    cells.fold(layer, |layer, code| {
                        layer << 1 | u64::from(hits[usize::from(code) % MOST_LISTED])
                    })
                }),
            })
        } else {
            let words = &self.words[start as usize..][..VOLUME / 4];
            std::array::from_fn(|y| {
                let cells = (0..EDGE * EDGE).rev().map(|i| i + EDGE * EDGE * y);
                let material = |i: usize| MaterialId(field(words[i / 4], 16, i % 4) as u16);
                cells.fold(0, |layer, i| layer << 1 | u64::from(test(material(i))))
            })
        };
        std::array::from_fn(|part| {
            let (x, z, y) = (part & 1, part >> 1 & 1, part >> 2);
            (0..16).fold(0, |mask, row| {
                let four = layers[4 * y + row / 4] >> (4 * x + EDGE * (4 * z + row % 4)) & 0xF;
                mask | four << (4 * row)
            })
        })
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

/// How many cells of a brick have a code.
fn count(cells: &[[u8; EDGE]; ROWS], code: u8) -> u32 {
    let in_row = |row: &[u8; EDGE]| row.iter().map(|&cell| u32::from(cell == code)).sum::<u32>();
    cells.iter().map(in_row).sum()
}

/// A chunk with a palette.
struct Packed<'a> {
    materials: &'a [MaterialId],
    bits: u32,
    cells: &'a [u64],
}

impl Packed<'_> {
    /// Packs a line of bricks; of those that are not of one material the cells are appended.
    fn pack_line(&self, line: usize, words: &mut Vec<u64>) -> [Brick; PER_EDGE] {
        let bits = self.bits as usize;
        let row_words = |row: usize| &self.cells[row * bits..(row + 1) * bits];
        let mut rows_of_line = rows(line).map(row_words);
        let first = rows_of_line.next().unwrap_or(&[]);
        let mut differs = [0; 8];
        for row in rows_of_line {
            for ((differs, word), first) in differs.iter_mut().zip(row).zip(first) {
                *differs |= word ^ first;
            }
        }
        std::array::from_fn(|x| {
            let (word, shift) = place(x, self.bits);
            let eight = first[word] >> shift & eight_mask(self.bits);
            let slot = eight & ((1 << self.bits) - 1);
            let same = repeat(slot, self.bits) & eight_mask(self.bits);
            if differs[word] >> shift & eight_mask(self.bits) == 0 && eight == same {
                return Brick::Uniform(self.materials[slot as usize]);
            }
            self.pack_mixed(line, x, words)
        })
    }

    fn pack_mixed(&self, line: usize, x: usize, words: &mut Vec<u64>) -> Brick {
        let (word, shift) = place(x, self.bits);
        let mut slots = [[0u8; EDGE]; ROWS];
        for (slots, row) in slots.iter_mut().zip(rows(line)) {
            let eight = self.cells[row * self.bits as usize + word] >> shift;
            *slots = widen_from(eight, self.bits).to_le_bytes();
        }
        let mut occurs = [false; palette::MAX_MATERIALS];
        slots.as_flattened().iter().for_each(|&slot| occurs[usize::from(slot)] = true);
        // The place of each slot in the list.
        let mut places = [0u8; palette::MAX_MATERIALS];
        let (mut list, mut count) = ([MaterialId::AIR; MOST_LISTED], 0);
        for slot in (0..self.materials.len()).filter(|&slot| occurs[slot]) {
            if count < MOST_LISTED {
                list[count] = self.materials[slot];
                places[slot] = count as u8;
            }
            count += 1;
        }
        let start = words.len() as u32;
        let Some(bits_log2) = (0..3).find(|log2| count <= 1 << (1u32 << log2)) else {
            let material = |&slot: &u8| self.materials[usize::from(slot)];
            pack_materials(slots.as_flattened().iter().map(material), words);
            return Brick::Mixed { bits_log2: PLAIN_BITS.ilog2() as u8, start };
        };
        let bits = 1u32 << bits_log2;
        // Where a list is shorter than its words, its end repeats the first, so that none is made up.
        let listed = |place: usize| list[if place < count { place } else { 0 }];
        pack_materials((0..4 * list_words(bits)).map(listed), words);
        slots.as_flattened_mut().iter_mut().for_each(|slot| *slot = places[usize::from(*slot)]);
        words.extend(slots.chunks_exact(8 / bits as usize).map(|rows| {
            let narrow = |row: &[u8; EDGE]| narrow_to(u64::from_le_bytes(*row), bits);
            rows.iter().rev().fold(0, |word, row| word << (8 * bits) | narrow(row))
        }));
        Brick::Mixed { bits_log2, start }
    }
}

/// Packs a brick of a chunk without a palette.
fn pack_dense(brick: usize, cells: &[MaterialId], words: &mut Vec<u64>) -> Brick {
    let (line, x) = (brick / PER_EDGE, brick % PER_EDGE);
    let own = || rows(line).map(|row| &cells[row * palette::ROW + x * EDGE..][..EDGE]);
    let first = cells[x * EDGE + rows(line).next().unwrap_or(0) * palette::ROW];
    if own().all(|cells| palette::are_all(cells, first)) {
        return Brick::Uniform(first);
    }
    let start = words.len() as u32;
    pack_materials(own().flatten().copied(), words);
    Brick::Mixed { bits_log2: PLAIN_BITS.ilog2() as u8, start }
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
        MaterialId((words[list + code / 4] >> (16 * (code % 4))) as u16)
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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chunk::cell_position;

    fn check(chunk: &Chunk) -> CompactChunk {
        let compact = CompactChunk::new(chunk);
        for cell in (0..CHUNK_VOLUME).map(cell_position) {
            assert_eq!(compact.get(cell), chunk.get(cell), "{cell}");
        }
        for cell in (0..CHUNK_VOLUME).step_by(61).map(cell_position) {
            let edge = 1 << compact.same_around(cell);
            let min = cell & -edge;
            for i in 0..edge * edge * edge {
                let other = min + IVec3::new(i % edge, i / edge % edge, i / edge / edge);
                assert_eq!(chunk.get(other), chunk.get(cell), "{cell} {other}");
            }
        }
        for (low, high) in
            [([0, 0, 0], [64, 64, 64]), ([3, 9, 8], [61, 10, 47]), ([8, 0, 5], [8, 9, 9])]
        {
            let (low, high) = (IVec3::from_array(low), IVec3::from_array(high));
            let size = high - low;
            // Rows and layers with something between them, which must stay.
            let (row, layer) = (size.x as usize + 1, (size.x as usize + 1) * size.z as usize + 3);
            let mut copied = vec![MaterialId::UNSTORED; layer * size.y as usize];
            compact.copy_box(low, high, &mut copied, row, layer);
            let mut expected = vec![MaterialId::UNSTORED; copied.len()];
            for i in 0..size.element_product() {
                let at = IVec3::new(i % size.x, i / size.x / size.z, i / size.x % size.z);
                let place = at.y as usize * layer + at.z as usize * row + at.x as usize;
                expected[place] = chunk.get(low + at);
            }
            assert!(copied == expected, "{low} {high}");
        }
        let again = compact.to_chunk();
        assert_eq!(again, *chunk);
        let sorted = |mut counts: Vec<_>| {
            counts.sort_unstable();
            counts
        };
        assert_eq!(sorted(again.counts_unsorted()), sorted(chunk.counts_unsorted()));
        compact
    }

    #[test]
    fn a_chunk_of_one_material_holds_no_cells() {
        assert_eq!(check(&Chunk::uniform(MaterialId(7))).words.len(), 1);
    }

    #[test]
    fn bricks_of_every_width_give_their_cells_back_with_and_without_a_palette() {
        // At most 4, 200, and 8 x 450 materials.
        for (kinds, others) in [([1, 2, 3, 4], 0), ([5, 16, 17, 200], 0), ([1, 3, 16, 450], 450)] {
            let cells: Vec<MaterialId> = (0..CHUNK_VOLUME)
                .map(|index| {
                    let at = cell_position(index);
                    let place = at.x % 8 + 8 * (at.z % 8) + 64 * (at.y % 8);
                    let kinds = kinds[at.x as usize / EDGE % 4];
                    MaterialId((place * 7 % kinds + at.y / 8 * others) as u16)
                })
                .collect();
            check(&Chunk::from_cells(&cells));
        }
    }

    #[test]
    fn materials_that_no_cell_has_any_more_are_not_listed() {
        let mut chunk = Chunk::uniform(MaterialId(3));
        for material in 4..200 {
            chunk.set(IVec3::ZERO, MaterialId(material));
        }
        assert_eq!(check(&chunk).to_chunk().unique_count(), 2);
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
