//! [`Chunk`]: 64³ cells to be changed, in as little memory as their variety allows.

use glam::IVec3;

use super::{
    cells::{Cells, PackedCells, cell_index},
    palette::{self, Palette},
};
use crate::{
    key::{CHUNK_EDGE, CHUNK_VOLUME},
    material::MaterialId,
};

/// The material of 64³ cells.
///
/// A chunk of one material holds nothing but that material. Up to 256 materials are held as a palette
/// with 1, 2, 4 or 8 bits a cell; more as plain ids. `get` and `set` are O(1) in every form, and how
/// often each material occurs is exact at any moment.
#[derive(Clone, Debug)]
pub struct Chunk {
    pub(super) repr: Repr,
}

#[derive(Clone, Debug)]
pub(super) enum Repr {
    Uniform(MaterialId),
    Palette(Palette),
    Dense(Dense),
}

#[derive(Clone, Debug)]
pub(super) struct Dense {
    cells: Box<[MaterialId]>,
    counts: std::collections::HashMap<MaterialId, u32>,
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
