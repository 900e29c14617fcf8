//! Packing: cells become bricks.

use super::{
    super::{
        Chunk, PackedCells,
        fields::{narrow_to, repeat, widen_from},
        palette,
    },
    *,
};

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
        let (mut list, mut count) = ([MaterialId::AIR; MAX_LISTED], 0);
        for slot in (0..self.materials.len()).filter(|&slot| occurs[slot]) {
            if count < MAX_LISTED {
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
