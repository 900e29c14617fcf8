//! Exact cell faces, merged greedily on bit masks.
//!
//! Each row of 64 cells along x is one word; a face is visible where its cell's bit is set and the bit
//! of the cell beyond is not, 64 faces at a time. Rows are merged into rectangles with word operations
//! and one comparison a cell (after C. Gerike, "Binary Greedy Meshing", 2024; here over the full 64³,
//! with the cells beyond the faces given as planes instead of an apron).
//!
//! *Skirts* hide the gap that opens where the ground of a neighbour of another lod is drawn lower or
//! higher than this chunk's; the file `skirts.rs` tells how.

mod masks;
mod merge;
mod skirts;
#[cfg(test)]
mod tests;

use bluemarble_core::{Chunk, Face, MaterialId, MaterialTable, chunk::cell_index};

use self::masks::Masks;
use crate::{
    mesher::{ChunkMesh, MeshOptions, Mesher},
    surroundings::Surroundings,
};

/// What a mesher asks of a material.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Nothing,
    Opaque,
    SeeThrough,
}

/// Draws cells as the cubes they are.
#[derive(Clone, Debug)]
pub struct BlockyMesher {
    looks: Box<[Look]>,
}

impl BlockyMesher {
    /// A mesher for the materials of a table. Ids beyond the table are drawn opaque, so that a world
    /// written with a larger table shows no holes.
    pub fn new(materials: &MaterialTable) -> Self {
        let look = |id: u16| {
            let id = MaterialId(id);
            if materials.is_opaque(id) {
                Look::Opaque
            } else if materials.is_see_through(id) {
                Look::SeeThrough
            } else {
                Look::Nothing
            }
        };
        Self { looks: materials.ids().map(look).collect() }
    }

    #[inline]
    fn look(&self, material: MaterialId) -> Look {
        self.looks.get(usize::from(material.0)).copied().unwrap_or(Look::Opaque)
    }

    fn is_opaque(&self, material: MaterialId) -> bool {
        self.look(material) == Look::Opaque
    }

    fn is_see_through(&self, material: MaterialId) -> bool {
        self.look(material) == Look::SeeThrough
    }
}

/// The chunk's cells as the mesher reads them.
struct Cells(Vec<MaterialId>);

impl Cells {
    #[inline]
    fn at(&self, x: usize, y: usize, z: usize) -> MaterialId {
        self.0[cell_index(x, y, z)]
    }
}

impl Mesher for BlockyMesher {
    fn mesh(
        &self,
        chunk: &Chunk,
        around: &Surroundings,
        options: &MeshOptions,
        out: &mut ChunkMesh,
    ) {
        let any_opaque = chunk.any_material(|material| self.is_opaque(material));
        let any_see_through = chunk.any_material(|material| self.is_see_through(material));
        if !any_opaque && !any_see_through {
            return;
        }
        let cells = Cells(chunk.to_cells());
        let max_edge = options.max_edge.clamp(1, 64);
        let opaque = Masks::of_cells(&cells, |material| self.is_opaque(material));
        let see_through = Masks::of_cells(&cells, |material| self.is_see_through(material));
        for face in Face::ALL {
            let opaque_beyond = around.plane(face).rows(|material| self.is_opaque(material));
            if any_opaque {
                let visible = opaque.visible(&opaque, &opaque_beyond, face);
                merge::merge_faces(&visible, &cells, face, max_edge, &mut out.opaque);
                if options.skirts && face.axis() != 1 {
                    let top = around.plane(Face::PosY).rows(|material| self.is_opaque(material));
                    skirts::add(&opaque, &top, &visible, &cells, face, max_edge, &mut out.opaque);
                }
            }
            if any_see_through {
                let mut visible = see_through.visible(&opaque, &opaque_beyond, face);
                visible.drop_faces_between_equals(&cells, around.plane(face), face);
                merge::merge_faces(&visible, &cells, face, max_edge, &mut out.see_through);
            }
        }
    }
}
