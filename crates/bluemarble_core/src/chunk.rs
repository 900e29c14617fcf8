//! [`Chunk`]: 64³ cells in as little memory as their variety allows.

use glam::IVec3;

use crate::{
    key::{CHUNK_EDGE, CHUNK_VOLUME},
    material::MaterialId,
};

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

/// The material of 64³ cells.
///
/// A chunk of one material holds nothing but that material. Up to 256 materials are held as a palette
/// with 1, 2, 4 or 8 bits a cell; more as plain ids. `get` and `set` are O(1) in every form, and how
/// often each material occurs is exact at any moment.
#[derive(Clone, Debug)]
pub struct Chunk {
    repr: Repr,
}

#[derive(Clone, Debug)]
enum Repr {
    Uniform(MaterialId),
    Palette(Palette),
    Dense(Dense),
}

/// Bit-packed indices into a short list of materials.
#[derive(Clone, Debug)]
struct Palette {
    materials: Vec<MaterialId>,
    /// Cells of each material; 0 marks a slot that may be used again.
    counts: Vec<u32>,
    /// log2 of the bits a cell: 0..=3.
    bits_log2: u32,
    words: Box<[u64]>,
}

#[derive(Clone, Debug)]
struct Dense {
    cells: Box<[MaterialId]>,
    counts: std::collections::HashMap<MaterialId, u32>,
}

const VOLUME: u32 = CHUNK_VOLUME as u32;

impl Palette {
    fn new(bits_log2: u32) -> Self {
        let words = vec![0; (CHUNK_VOLUME << bits_log2) / 64].into_boxed_slice();
        Self { materials: Vec::new(), counts: Vec::new(), bits_log2, words }
    }

    /// The word, the shift within it and the mask of a cell.
    #[inline]
    fn place(&self, cell: usize) -> (usize, u32, u64) {
        let cells_log2 = 6 - self.bits_log2;
        let shift = ((cell & ((1 << cells_log2) - 1)) as u32) << self.bits_log2;
        (cell >> cells_log2, shift, (1 << (1u32 << self.bits_log2)) - 1)
    }

    #[inline]
    fn slot(&self, cell: usize) -> usize {
        let (word, shift, mask) = self.place(cell);
        (self.words[word] >> shift & mask) as usize
    }

    #[inline]
    fn put(&mut self, cell: usize, slot: usize) {
        let (word, shift, mask) = self.place(cell);
        self.words[word] = self.words[word] & !(mask << shift) | (slot as u64) << shift;
    }

    /// The slot of a material, made if there is room for one more; `None` if all 256 are taken.
    fn slot_for(&mut self, material: MaterialId) -> Option<usize> {
        if let Some(slot) = self.materials.iter().position(|&known| known == material) {
            return Some(slot);
        }
        if let Some(slot) = self.counts.iter().position(|&count| count == 0) {
            self.materials[slot] = material;
            return Some(slot);
        }
        let slot = self.materials.len();
        if slot == 1 << (1u32 << self.bits_log2) {
            if self.bits_log2 == 3 {
                return None;
            }
            self.widen();
        }
        self.materials.push(material);
        self.counts.push(0);
        Some(slot)
    }

    /// Doubles the bits a cell.
    fn widen(&mut self) {
        let mut wide = Self::new(self.bits_log2 + 1);
        for cell in 0..CHUNK_VOLUME {
            wide.put(cell, self.slot(cell));
        }
        self.bits_log2 = wide.bits_log2;
        self.words = wide.words;
    }
}

impl Chunk {
    /// A chunk of one material.
    pub const fn uniform(material: MaterialId) -> Self {
        Self { repr: Repr::Uniform(material) }
    }

    /// Packs 64³ cells, ordered by [`cell_index`], into the smallest form.
    ///
    /// # Panics
    /// If `cells` is not 64³ long.
    pub fn from_cells(cells: &[MaterialId]) -> Self {
        assert_eq!(cells.len(), CHUNK_VOLUME, "a chunk has 64³ cells");
        let mut materials: Vec<MaterialId> = Vec::new();
        let mut counts: Vec<u32> = Vec::new();
        // Neighbours are mostly alike, so a run is looked up once.
        let mut slots = vec![0u8; CHUNK_VOLUME];
        let mut start = 0;
        while start < CHUNK_VOLUME {
            let material = cells[start];
            let run = cells[start..].iter().take_while(|&&cell| cell == material).count();
            let slot = match materials.iter().position(|&known| known == material) {
                Some(slot) => slot,
                None if materials.len() == 256 => return Self::dense(cells),
                None => {
                    materials.push(material);
                    counts.push(0);
                    materials.len() - 1
                }
            };
            counts[slot] += run as u32;
            slots[start..start + run].fill(slot as u8);
            start += run;
        }
        let bits_log2 = match materials.len() {
            1 => return Self::uniform(materials[0]),
            2 => 0,
            3..=4 => 1,
            5..=16 => 2,
            _ => 3,
        };
        let cells_a_word = 64usize >> bits_log2;
        let words = slots
            .chunks_exact(cells_a_word)
            .map(|cells| {
                cells
                    .iter()
                    .rev()
                    .fold(0u64, |word, &slot| word << (1 << bits_log2) | u64::from(slot))
            })
            .collect();
        Self { repr: Repr::Palette(Palette { materials, counts, bits_log2, words }) }
    }

    fn dense(cells: &[MaterialId]) -> Self {
        let mut counts = std::collections::HashMap::new();
        for &cell in cells {
            *counts.entry(cell).or_insert(0) += 1;
        }
        Self { repr: Repr::Dense(Dense { cells: cells.into(), counts }) }
    }

    /// The material of a cell; coordinates are 0..64.
    #[inline]
    pub fn get(&self, cell: IVec3) -> MaterialId {
        self.get_index(cell_index(cell.x as usize, cell.y as usize, cell.z as usize))
    }

    /// The material of a cell by its [`cell_index`].
    #[inline]
    pub fn get_index(&self, index: usize) -> MaterialId {
        match &self.repr {
            Repr::Uniform(material) => *material,
            Repr::Palette(palette) => palette.materials[palette.slot(index)],
            Repr::Dense(dense) => dense.cells[index],
        }
    }

    /// Changes a cell and returns what was there; coordinates are 0..64.
    pub fn set(&mut self, cell: IVec3, material: MaterialId) -> MaterialId {
        self.set_index(cell_index(cell.x as usize, cell.y as usize, cell.z as usize), material)
    }

    /// Changes a cell by its [`cell_index`] and returns what was there.
    pub fn set_index(&mut self, index: usize, material: MaterialId) -> MaterialId {
        let before = self.get_index(index);
        if before == material {
            return before;
        }
        if let Repr::Uniform(only) = self.repr {
            let mut palette = Palette::new(0);
            palette.materials.push(only);
            palette.counts.push(VOLUME);
            self.repr = Repr::Palette(palette);
        }
        if let Repr::Palette(palette) = &mut self.repr {
            let old = palette.slot(index);
            match palette.slot_for(material) {
                Some(slot) => {
                    palette.put(index, slot);
                    palette.counts[old] -= 1;
                    palette.counts[slot] += 1;
                    if palette.counts[slot] == VOLUME {
                        *self = Self::uniform(material);
                    }
                    return before;
                }
                None => *self = Self::dense(&self.to_cells()),
            }
        }
        if let Repr::Dense(dense) = &mut self.repr {
            dense.cells[index] = material;
            if let Some(count) = dense.counts.get_mut(&before) {
                *count -= 1;
                if *count == 0 {
                    dense.counts.remove(&before);
                }
            }
            let count = dense.counts.entry(material).or_insert(0);
            *count += 1;
            if *count == VOLUME {
                *self = Self::uniform(material);
            }
        }
        before
    }

    /// The one material of a uniform chunk.
    #[inline]
    pub fn as_uniform(&self) -> Option<MaterialId> {
        match self.repr {
            Repr::Uniform(material) => Some(material),
            _ => None,
        }
    }

    /// All cells, ordered by [`cell_index`].
    pub fn to_cells(&self) -> Vec<MaterialId> {
        let mut cells = vec![MaterialId::AIR; CHUNK_VOLUME];
        self.write_cells(&mut cells);
        cells
    }

    /// Writes all cells, ordered by [`cell_index`].
    ///
    /// # Panics
    /// If `cells` is not 64³ long.
    pub fn write_cells(&self, cells: &mut [MaterialId]) {
        assert_eq!(cells.len(), CHUNK_VOLUME, "a chunk has 64³ cells");
        match &self.repr {
            Repr::Uniform(material) => cells.fill(*material),
            Repr::Dense(dense) => cells.copy_from_slice(&dense.cells),
            Repr::Palette(palette) => {
                let bits = 1u32 << palette.bits_log2;
                let mask = (1u64 << bits) - 1;
                for (&word, cells) in
                    palette.words.iter().zip(cells.chunks_exact_mut(64 >> palette.bits_log2))
                {
                    // Whole words of one material are the common case inside strata and air.
                    let mut rest = word;
                    let first = word & mask;
                    if word == first.wrapping_mul(u64::MAX / mask) {
                        cells.fill(palette.materials[first as usize]);
                        continue;
                    }
                    for cell in cells {
                        *cell = palette.materials[(rest & mask) as usize];
                        rest >>= bits;
                    }
                }
            }
        }
    }

    /// Each material that occurs and in how many cells, in no fixed order.
    pub fn counts_unsorted(&self) -> Vec<(MaterialId, u32)> {
        match &self.repr {
            Repr::Uniform(material) => vec![(*material, VOLUME)],
            Repr::Palette(palette) => (palette.materials.iter().copied())
                .zip(palette.counts.iter().copied())
                .filter(|&(_, count)| count > 0)
                .collect(),
            Repr::Dense(dense) => {
                dense.counts.iter().map(|(&material, &count)| (material, count)).collect()
            }
        }
    }

    /// The most frequent material; among equals the smallest id.
    pub fn dominant(&self) -> MaterialId {
        self.most_frequent().0
    }

    /// Share of the most frequent material, 0..=1, exact.
    pub fn homogeneity(&self) -> f64 {
        f64::from(self.most_frequent().1) / f64::from(VOLUME)
    }

    /// How many materials occur.
    pub fn unique_count(&self) -> usize {
        self.counts_unsorted().len()
    }

    fn most_frequent(&self) -> (MaterialId, u32) {
        self.counts_unsorted()
            .into_iter()
            .max_by_key(|&(material, count)| (count, std::cmp::Reverse(material)))
            .unwrap_or((MaterialId::AIR, VOLUME))
    }

    /// Whether some cell's material satisfies `test`, decided without visiting cells.
    pub fn any_material(&self, test: impl Fn(MaterialId) -> bool) -> bool {
        match &self.repr {
            Repr::Uniform(material) => test(*material),
            Repr::Palette(palette) => (palette.materials.iter().zip(&palette.counts))
                .any(|(&material, &count)| count > 0 && test(material)),
            Repr::Dense(dense) => dense.counts.keys().any(|&material| test(material)),
        }
    }

    /// Bytes held, the struct itself included.
    pub fn size_bytes(&self) -> usize {
        size_of::<Self>()
            + match &self.repr {
                Repr::Uniform(_) => 0,
                Repr::Palette(palette) => palette.words.len() * 8 + palette.materials.len() * 6,
                Repr::Dense(dense) => dense.cells.len() * 2 + dense.counts.len() * 8,
            }
    }

    /// Whether a cell position is one of a chunk.
    #[inline]
    pub fn is_cell(cell: IVec3) -> bool {
        cell.cmpge(IVec3::ZERO).all() && cell.cmplt(IVec3::splat(CHUNK_EDGE)).all()
    }
}

impl PartialEq for Chunk {
    /// Equal if every cell is, whatever the form.
    fn eq(&self, other: &Self) -> bool {
        match (self.as_uniform(), other.as_uniform()) {
            (Some(one), Some(two)) => one == two,
            (None, None) => {
                (0..CHUNK_VOLUME).all(|index| self.get_index(index) == other.get_index(index))
            }
            _ => false,
        }
    }
}

impl Default for Chunk {
    fn default() -> Self {
        Self::uniform(MaterialId::AIR)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// What a chunk must agree with: plain cells, counted anew each time.
    fn check(chunk: &Chunk, oracle: &[MaterialId]) -> Result<(), TestCaseError> {
        let mut counts: HashMap<MaterialId, u32> = HashMap::new();
        for &cell in oracle {
            *counts.entry(cell).or_default() += 1;
        }
        prop_assert_eq!(chunk.to_cells(), oracle);
        prop_assert_eq!(chunk.unique_count(), counts.len());
        prop_assert_eq!(
            chunk.counts_unsorted().into_iter().collect::<HashMap<_, _>>(),
            counts.clone()
        );
        let most = counts.values().copied().max().unwrap_or(0);
        prop_assert_eq!(counts.get(&chunk.dominant()).copied(), Some(most));
        prop_assert_eq!(chunk.homogeneity(), f64::from(most) / 262_144.0);
        prop_assert_eq!(chunk.as_uniform().is_some(), counts.len() == 1);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn edits_agree_with_plain_cells(
            start in 0u16..3,
            kinds in prop_oneof![Just(2u16), Just(5), Just(20), Just(300)],
            edits in prop::collection::vec((0..CHUNK_VOLUME, any::<u16>()), 1..900),
        ) {
            let mut chunk = Chunk::uniform(MaterialId(start));
            let mut oracle = vec![MaterialId(start); CHUNK_VOLUME];
            for (index, material) in edits {
                let material = MaterialId(material % kinds);
                let before = std::mem::replace(&mut oracle[index], material);
                prop_assert_eq!(chunk.set_index(index, material), before);
            }
            check(&chunk, &oracle)?;
            let packed = Chunk::from_cells(&oracle);
            check(&packed, &oracle)?;
            prop_assert_eq!(&packed, &chunk);
        }
    }

    #[test]
    fn undoing_the_last_difference_makes_a_chunk_uniform_again() {
        let mut chunk = Chunk::uniform(MaterialId(7));
        chunk.set(IVec3::new(1, 2, 3), MaterialId(8));
        assert_eq!(chunk.as_uniform(), None);
        assert_eq!(chunk.get(IVec3::new(1, 2, 3)), MaterialId(8));
        chunk.set(IVec3::new(1, 2, 3), MaterialId(7));
        assert_eq!(chunk.as_uniform(), Some(MaterialId(7)));
    }

    #[test]
    fn more_than_256_materials_fit_and_come_back() {
        let cells: Vec<_> = (0..CHUNK_VOLUME).map(|i| MaterialId((i % 5000) as u16)).collect();
        let chunk = Chunk::from_cells(&cells);
        assert_eq!(chunk.unique_count(), 5000);
        assert_eq!(chunk.to_cells(), cells);
    }

    #[test]
    fn cell_positions_invert() {
        for index in [0, 1, 63, 64, 4095, 4096, 262_143, 123_456] {
            let p = cell_position(index);
            assert_eq!(cell_index(p.x as usize, p.y as usize, p.z as usize), index);
        }
    }
}
