//! [`Record`]: what a batch changed in one chunk, in the smaller of two forms.

use bluemarble_core::{Chunk, LatticeBox, MaterialId, cell_index};

use super::way::Way;
use bluemarble_world::uniform_box::{self, UniformBox, WHOLE};

/// Cells of a chunk with what they were and what they became.
#[derive(Debug)]
pub(super) enum Record {
    /// Boxes of cells that changed alike.
    Boxes(Box<[UniformBox<(MaterialId, MaterialId)>]>),
    /// The chunk before and after.
    Chunks(Box<(Chunk, Chunk)>),
}

impl Record {
    /// The record, and how many boxes of cells it means; `None` if nothing changed.
    pub fn new(before: &Chunk, after: &Chunk) -> Option<(Self, usize)> {
        let boxes = uniform_box::diff(before, after);
        let count = boxes.len();
        if count == 0 {
            return None;
        }
        let boxes = Self::Boxes(boxes.into());
        let chunks_bytes = before.size_bytes() + after.size_bytes();
        if boxes.heap_bytes() <= chunks_bytes {
            return Some((boxes, count));
        }
        // Packed anew: a chunk that was edited may know materials that it no longer holds.
        let packed = |chunk: &Chunk| Chunk::from_cells(&chunk.to_cells());
        let chunks = Self::Chunks(Box::new((packed(before), packed(after))));
        Some((chunks, count))
    }

    /// Bytes beside the record itself.
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::Boxes(boxes) => size_of_val(&**boxes),
            Self::Chunks(chunks) => chunks.0.size_bytes() + chunks.1.size_bytes(),
        }
    }

    /// What a chunk of one material becomes, if all of it does.
    pub fn go_uniform(&self, material: MaterialId, way: Way) -> Option<MaterialId> {
        let Self::Boxes(boxes) = self else { return None };
        let [change] = &**boxes else { return None };
        let (from, to) = way.turned(change.value);
        (change.cells() == WHOLE && from == material).then_some(to)
    }

    /// Changes the cells of a chunk, in the order of their indices, that hold what the record says they
    /// should.
    pub fn go(&self, cells: &mut [MaterialId], way: Way) {
        let change = |cell: &mut MaterialId, change| {
            let (from, to) = way.turned(change);
            if *cell == from {
                *cell = to;
            }
        };
        match self {
            Self::Boxes(boxes) => {
                for part in boxes {
                    let LatticeBox { min, max } = part.cells();
                    for (y, z) in (min.y..max.y).flat_map(|y| (min.z..max.z).map(move |z| (y, z))) {
                        let first = cell_index(min.x as usize, y as usize, z as usize);
                        let row = &mut cells[first..first + (max.x - min.x) as usize];
                        row.iter_mut().for_each(|cell| change(cell, part.value));
                    }
                }
            }
            Self::Chunks(chunks) => {
                let changes = chunks.0.to_cells().into_iter().zip(chunks.1.to_cells());
                for (cell, (before, after)) in cells.iter_mut().zip(changes) {
                    // Also where nothing changed: it stays what it is.
                    change(cell, (before, after));
                }
            }
        }
    }
}
