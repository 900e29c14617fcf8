//! [`Palette`]: bit-packed indices into a short list of materials.

use std::cell::RefCell;

use super::{
    PackedCells,
    fields::{narrow, repeat, spread},
};
use crate::{key::CHUNK_VOLUME, material::MaterialId};

/// More materials than this have no palette.
pub const MAX_MATERIALS: usize = 256;

/// Cells that are packed together: one row along x.
pub const ROW: usize = 64;

/// A material and 1, 2, 4 or 8 bits for each cell.
#[derive(Clone, Debug)]
pub struct Palette {
    pub materials: Vec<MaterialId>,
    /// Cells of each material; 0 marks a slot that may be used again.
    pub counts: Vec<u32>,
    /// log2 of the bits a cell: 0..=3.
    bits_log2: u32,
    words: Vec<u64>,
}

impl Palette {
    /// All cells are of one material.
    pub fn uniform(material: MaterialId) -> Self {
        Self {
            materials: vec![material],
            counts: vec![CHUNK_VOLUME as u32],
            bits_log2: 0,
            words: vec![0; CHUNK_VOLUME / 64],
        }
    }

    /// Packs 64³ cells; `None` if they are of too many materials.
    pub fn pack(cells: &[MaterialId]) -> Option<Self> {
        let mut palette = Self {
            materials: Vec::new(),
            counts: Vec::new(),
            bits_log2: 0,
            words: Vec::with_capacity(CHUNK_VOLUME / 64),
        };
        SlotTable::with_empty(|slots| palette.pack_rows(cells, slots))?;
        Some(palette)
    }

    /// Packs all cells into a palette that has none yet; `None` if there are too many materials.
    fn pack_rows(&mut self, cells: &[MaterialId], slots: &mut SlotTable) -> Option<()> {
        // Four tallies, so that equal neighbours need not wait for each other.
        let mut tallies = [[0u32; MAX_MATERIALS]; 4];
        let mut row_slots = [0u8; ROW];
        for row in cells.chunks_exact(ROW) {
            let first = slots.get_or_add(row[0], self)?;
            if are_all(row, row[0]) {
                tallies[0][usize::from(first)] += ROW as u32;
                let bits = 1 << self.bits_log2;
                let word = repeat(u64::from(first), bits);
                self.words.extend(std::iter::repeat_n(word, bits as usize));
                continue;
            }
            let quads = row_slots.as_chunks_mut::<4>().0.iter_mut().zip(row.as_chunks::<4>().0);
            for (row_slots, cells) in quads {
                for (lane, &cell) in cells.iter().enumerate() {
                    let slot = slots.get_or_add(cell, self)?;
                    row_slots[lane] = slot;
                    tallies[lane][usize::from(slot)] += 1;
                }
            }
            match self.bits_log2 {
                0 => self.push_row::<1>(&row_slots),
                1 => self.push_row::<2>(&row_slots),
                2 => self.push_row::<4>(&row_slots),
                _ => self.push_row::<8>(&row_slots),
            }
        }
        self.counts = (0..self.materials.len())
            .map(|slot| tallies.iter().map(|tally| tally[slot]).sum())
            .collect();
        Some(())
    }

    /// A palette of cells that are packed already, 64³ of them with `1 << bits_log2` bits each.
    pub fn from_parts(
        materials: Vec<MaterialId>,
        counts: Vec<u32>,
        bits_log2: u32,
        words: Vec<u64>,
    ) -> Self {
        Self { materials, counts, bits_log2, words }
    }

    /// Packs a row of slots behind those that are packed.
    fn push_row<const BITS: u32>(&mut self, slots: &[u8; ROW]) {
        for slots in slots.chunks_exact(ROW / BITS as usize) {
            let eights = slots.as_chunks::<8>().0.iter().zip((0..).step_by(8 * BITS as usize));
            let word = eights.fold(0, |word, (&eight, shift)| {
                word | narrow::<BITS>(u64::from_le_bytes(eight)) << shift
            });
            self.words.push(word);
        }
    }

    /// The word, the shift within it and the mask of a cell.
    #[inline]
    fn place(&self, cell: usize) -> (usize, u32, u64) {
        let cells_log2 = 6 - self.bits_log2;
        let shift = ((cell & ((1 << cells_log2) - 1)) as u32) << self.bits_log2;
        (cell >> cells_log2, shift, (1 << (1u32 << self.bits_log2)) - 1)
    }

    /// The slot of a cell.
    #[inline]
    pub fn slot(&self, cell: usize) -> usize {
        let (word, shift, mask) = self.place(cell);
        (self.words[word] >> shift & mask) as usize
    }

    #[inline]
    pub fn put(&mut self, cell: usize, slot: usize) {
        let (word, shift, mask) = self.place(cell);
        self.words[word] = self.words[word] & !(mask << shift) | (slot as u64) << shift;
    }

    /// Puts cells that follow each other into a slot, and counts them.
    pub fn put_run(&mut self, first: usize, count: usize, slot: usize) {
        let bits = 1u32 << self.bits_log2;
        let (start, end) = (first << self.bits_log2, (first + count) << self.bits_log2);
        let pattern = repeat(slot as u64, bits);
        for word in start / 64..end.div_ceil(64) {
            let low = start.max(word * 64) - word * 64;
            let high = end.min(word * 64 + 64) - word * 64;
            let mask = u64::MAX >> (64 - (high - low)) << low;
            let before = self.words[word];
            self.words[word] = before & !mask | pattern & mask;
            let cell_mask = (1u64 << bits) - 1;
            let cells = (high - low) as u32 >> self.bits_log2;
            let leading = before >> low & cell_mask;
            if (before ^ repeat(leading, bits)) & mask == 0 {
                self.counts[leading as usize] -= cells;
            } else {
                let slots = (low..high).step_by(bits as usize).map(|bit| before >> bit & cell_mask);
                slots.for_each(|slot| self.counts[slot as usize] -= 1);
            }
            self.counts[slot] += cells;
        }
    }

    /// The slot of a material, made if there is room for one more; `None` if all are taken.
    pub fn slot_for(&mut self, material: MaterialId) -> Option<usize> {
        if let Some(slot) = self.materials.iter().position(|&known| known == material) {
            return Some(slot);
        }
        if let Some(slot) = self.counts.iter().position(|&count| count == 0) {
            self.materials[slot] = material;
            return Some(slot);
        }
        let slot = self.add(material)?;
        self.counts.push(0);
        Some(slot)
    }

    /// A slot for one more material, wider cells if need be; `None` if all are taken.
    fn add(&mut self, material: MaterialId) -> Option<usize> {
        let slot = self.materials.len();
        if slot == MAX_MATERIALS {
            return None;
        }
        if slot == 1 << (1u32 << self.bits_log2) {
            self.widen();
        }
        self.materials.push(material);
        Some(slot)
    }

    /// Doubles the bits a cell.
    fn widen(&mut self) {
        let bits = 1 << self.bits_log2;
        self.bits_log2 += 1;
        // While cells are packed there are not all words yet.
        let mut wide = Vec::with_capacity((CHUNK_VOLUME << self.bits_log2) / 64);
        wide.resize(self.words.len() * 2, 0);
        for (&word, wide) in self.words.iter().zip(wide.as_chunks_mut().0) {
            // Most words of a chunk that is mostly of one material.
            if word != 0 {
                *wide = [word & u64::from(u32::MAX), word >> 32].map(|half| spread(half, bits));
            }
        }
        self.words = wide;
    }

    /// The cells as they are.
    pub fn packed(&self) -> PackedCells<'_> {
        let (bits, words) = (1 << self.bits_log2, &*self.words);
        PackedCells::Palette { materials: &self.materials, bits, words }
    }

    /// Writes all cells.
    pub fn write_cells(&self, cells: &mut [MaterialId]) {
        let bits = 1u32 << self.bits_log2;
        let mask = (1u64 << bits) - 1;
        // As many as there are slots, so that no slot is checked.
        let mut materials = [MaterialId::AIR; MAX_MATERIALS];
        materials[..self.materials.len()].copy_from_slice(&self.materials);
        let of_word = 64 >> self.bits_log2;
        let fours = self.words.chunks(4).zip(cells.chunks_mut(4 * of_word));
        for (words, cells) in fours {
            // Whole words of one material, and many of them, are the common case inside strata and air.
            let pattern = repeat(words[0] & mask, bits);
            if words.iter().all(|&word| word == pattern) {
                cells.fill(materials[(pattern & mask) as u8 as usize]);
                continue;
            }
            for (&word, cells) in words.iter().zip(cells.chunks_exact_mut(of_word)) {
                let mut rest = word;
                for cell in cells {
                    *cell = materials[(rest & mask) as u8 as usize];
                    rest >>= bits;
                }
            }
        }
    }

    /// Bytes held, the struct itself not included.
    pub fn heap_bytes(&self) -> usize {
        self.words.len() * 8 + self.materials.len() * 6
    }
}

/// The slots of all materials while cells are packed.
struct SlotTable {
    slots: Box<[u16; 1 << 16]>,
    /// The materials that have one.
    added: Vec<MaterialId>,
}

impl Default for SlotTable {
    fn default() -> Self {
        let table: Box<[u16]> = vec![0; 1 << 16].into_boxed_slice();
        let slots = table.try_into().unwrap_or_else(|_| Box::new([0; 1 << 16]));
        Self { slots, added: Vec::new() }
    }
}

impl SlotTable {
    /// Lends an empty table of this thread: it takes longer to get 128 KiB than to pack a simple chunk.
    fn with_empty<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        thread_local! {
            static TABLE: RefCell<SlotTable> = RefCell::default();
        }
        TABLE.with_borrow_mut(|table| {
            let result = work(table);
            table.added.drain(..).for_each(|material| table.slots[usize::from(material.0)] = 0);
            result
        })
    }

    /// The slot of a material in a palette; `None` if it has no room for one more.
    #[inline]
    fn get_or_add(&mut self, material: MaterialId, palette: &mut Palette) -> Option<u8> {
        let entry = &mut self.slots[usize::from(material.0)];
        if *entry == 0 {
            // One more, so that 0 is none.
            *entry = palette.add(material)? as u16 + 1;
            self.added.push(material);
        }
        Some((*entry - 1) as u8)
    }
}

/// Whether a row is of one material; without a branch a cell, so that many are compared at once.
#[inline]
pub fn are_all(row: &[MaterialId], material: MaterialId) -> bool {
    row.iter().fold(0, |differs, cell| differs | (cell.0 ^ material.0)) == 0
}
