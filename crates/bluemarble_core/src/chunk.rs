//! [`Chunk`]: 64³ cells in as little memory as their variety allows.

mod compact;
mod fields;
mod occupancy;
mod palette;
mod plane;

use glam::IVec3;
use palette::Palette;

pub use self::{
    compact::CompactChunk,
    occupancy::{Around, Occupancy},
    plane::FacePlane,
};

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

#[derive(Clone, Debug)]
struct Dense {
    cells: Box<[MaterialId]>,
    counts: std::collections::HashMap<MaterialId, u32>,
}

/// 64³ cells that can be looked at.
pub trait Cells {
    /// The material of a cell; coordinates are 0..64.
    fn get(&self, cell: IVec3) -> MaterialId;

    /// The material, if there is but one.
    fn as_uniform(&self) -> Option<MaterialId>;
}

impl Cells for Chunk {
    #[inline]
    fn get(&self, cell: IVec3) -> MaterialId {
        self.get(cell)
    }

    #[inline]
    fn as_uniform(&self) -> Option<MaterialId> {
        self.as_uniform()
    }
}

const VOLUME: u32 = CHUNK_VOLUME as u32;

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

impl Chunk {
    /// The cells without unpacking them.
    pub fn packed(&self) -> PackedCells<'_> {
        match &self.repr {
            Repr::Uniform(material) => PackedCells::Uniform(*material),
            Repr::Palette(palette) => palette.packed(),
            Repr::Dense(dense) => PackedCells::Dense(&dense.cells),
        }
    }

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
        let first = cells[0];
        if cells.chunks_exact(palette::ROW).all(|row| palette::are_all(row, first)) {
            return Self::uniform(first);
        }
        match Palette::pack(cells) {
            Some(palette) => Self { repr: Repr::Palette(palette) },
            None => Self::dense(cells),
        }
    }

    fn dense(cells: &[MaterialId]) -> Self {
        let mut tally = vec![0u32; 1 << 16];
        for cell in cells {
            tally[usize::from(cell.0)] += 1;
        }
        let counts = (0..=u16::MAX).map(MaterialId).zip(tally).filter(|&(_, count)| count > 0);
        Self { repr: Repr::Dense(Dense { cells: cells.into(), counts: counts.collect() }) }
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
            self.repr = Repr::Palette(Palette::uniform(only));
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

    /// Makes all cells of a run one material: `count` cells from one on, by [`cell_index`]. Some nanoseconds a row
    /// unless the chunk has more than 256 materials.
    ///
    /// # Panics
    /// If the run leaves the chunk.
    pub fn fill_run(&mut self, first: usize, count: usize, material: MaterialId) {
        assert!(first <= CHUNK_VOLUME && count <= CHUNK_VOLUME - first, "a chunk has 64³ cells");
        if count == 0 || self.as_uniform() == Some(material) {
            return;
        }
        if let Repr::Uniform(only) = self.repr {
            self.repr = Repr::Palette(Palette::uniform(only));
        }
        if let Repr::Palette(palette) = &mut self.repr
            && let Some(slot) = palette.slot_for(material)
        {
            palette.put_run(first, count, slot);
            if palette.counts[slot] == VOLUME {
                *self = Self::uniform(material);
            }
            return;
        }
        for index in first..first + count {
            self.set_index(index, material);
        }
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
            Repr::Palette(palette) => palette.write_cells(cells),
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
                Repr::Palette(palette) => palette.heap_bytes(),
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
                // Two chunks that differ mostly have other counts, too.
                let sorted_counts = |chunk: &Self| {
                    let mut counts = chunk.counts_unsorted();
                    counts.sort_unstable();
                    counts
                };
                sorted_counts(self) == sorted_counts(other)
                    && (0..CHUNK_VOLUME).all(|cell| self.get_index(cell) == other.get_index(cell))
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
            kinds in prop_oneof![Just(2u16), Just(4), Just(9), Just(40), Just(300)],
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
    fn noise_of_any_number_of_materials_packs_and_unpacks() {
        let mut state = 1u64;
        for kinds in [2, 3, 4, 5, 16, 17, 256, 257] {
            let noise = (0..CHUNK_VOLUME).map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                MaterialId((state >> 33) as u16 % kinds * 251)
            });
            let cells: Vec<_> = noise.collect();
            check(&Chunk::from_cells(&cells), &cells).expect("as the plain cells");
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn a_run_is_as_if_its_cells_were_set_one_by_one(
            ground in 0u16..3,
            runs in prop::collection::vec((0..CHUNK_VOLUME, 1usize..200, 0u16..400), 1..300),
            kinds in prop_oneof![Just(2u16), Just(4), Just(16), Just(200), Just(400)],
            whole in any::<bool>(),
        ) {
            let mut by_run = Chunk::uniform(MaterialId(ground));
            let mut one_by_one = by_run.clone();
            let whole = whole.then_some((0, CHUNK_VOLUME, kinds - 1));
            for (first, count, material) in runs.into_iter().chain(whole) {
                let (count, material) = (count.min(CHUNK_VOLUME - first), MaterialId(material % kinds));
                by_run.fill_run(first, count, material);
                for index in first..first + count {
                    one_by_one.set_index(index, material);
                }
            }
            prop_assert_eq!(by_run.as_uniform(), one_by_one.as_uniform());
            // Counts and cells.
            prop_assert!(by_run == one_by_one);
        }
    }
}
