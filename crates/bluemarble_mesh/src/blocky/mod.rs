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
mod rows;
mod skirts;
#[cfg(test)]
mod tests;
mod visible;

use std::cell::RefCell;

use bluemarble_core::{Chunk, Face, MaterialId, MaterialTable, PackedCells};

use self::{
    masks::{Layer, Mask},
    rows::{DenseRows, PaletteRows, Rows, UniformRows},
    visible::Seen,
};
use crate::{
    mesher::{ChunkMesh, MeshOptions, Mesher},
    surroundings::{FacePlane, Surroundings},
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

/// What a mesher needs of memory; each thread keeps its own.
struct Workspace {
    opaque: Mask,
    see_through: Mask,
    layers: Box<[Layer; 64]>,
}

impl Default for Workspace {
    fn default() -> Self {
        Self {
            opaque: Mask::default(),
            see_through: Mask::default(),
            layers: Box::new([[0; 64]; 64]),
        }
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
        match chunk.packed() {
            PackedCells::Uniform(material) => {
                let look = self.look(material);
                let hides = |plane: &FacePlane| plane.all(|material| self.is_opaque(material));
                let is_hidden = look == Look::Opaque && around.planes.iter().all(hides);
                if look != Look::Nothing && !is_hidden {
                    self.mesh_rows(&UniformRows(material), chunk, around, options, out);
                }
            }
            PackedCells::Dense(cells) => {
                self.mesh_rows(&DenseRows(cells), chunk, around, options, out);
            }
            PackedCells::Palette { materials, bits, words } => match bits {
                1 => self.mesh_palette::<1>(materials, words, chunk, around, options, out),
                2 => self.mesh_palette::<2>(materials, words, chunk, around, options, out),
                4 => self.mesh_palette::<4>(materials, words, chunk, around, options, out),
                _ => self.mesh_palette::<8>(materials, words, chunk, around, options, out),
            },
        }
    }
}

impl BlockyMesher {
    fn mesh_palette<const BITS: u32>(
        &self,
        materials: &[MaterialId],
        words: &[u64],
        chunk: &Chunk,
        around: &Surroundings,
        options: &MeshOptions,
        out: &mut ChunkMesh,
    ) {
        self.mesh_rows(&PaletteRows::<BITS> { materials, words }, chunk, around, options, out);
    }

    fn mesh_rows(
        &self,
        cells: &impl Rows,
        chunk: &Chunk,
        around: &Surroundings,
        options: &MeshOptions,
        out: &mut ChunkMesh,
    ) {
        thread_local! {
            static WORKSPACE: RefCell<Workspace> = RefCell::default();
        }
        let any_opaque = chunk.any_material(|material| self.is_opaque(material));
        let any_see_through = chunk.any_material(|material| self.is_see_through(material));
        WORKSPACE.with_borrow_mut(|Workspace { opaque, see_through, layers }| {
            opaque.fill(cells, |material| self.is_opaque(material));
            if any_see_through {
                see_through.fill(cells, |material| self.is_see_through(material));
            }
            let max_edge = options.max_edge.clamp(1, 64);
            let above = around.plane(Face::PosY);
            let skirts = options.skirts && any_opaque;
            let above = skirts.then(|| above.rows(|material| self.is_opaque(material)));
            for face in Face::ALL {
                let beyond = around.plane(face);
                let hiding_beyond = beyond.rows(|material| self.is_opaque(material));
                let border = if face.is_positive() { 63 } else { 0 };
                if any_opaque {
                    let seen = Seen {
                        cells,
                        drawn: opaque,
                        hiding: opaque,
                        hides_itself: true,
                        joins_equals: false,
                    };
                    let mut at_side = [0; 64];
                    let quads = &mut out.opaque;
                    seen.for_each_layer(face, beyond, &hiding_beyond, layers, |at, layer| {
                        if at == border {
                            at_side = *layer;
                        }
                        merge::merge_layer(cells, face, at, layer, max_edge, quads);
                    });
                    if let (Some(above), true) = (&above, face.axis() != 1) {
                        skirts::add(opaque, above, &at_side, cells, face, max_edge, quads);
                    }
                }
                if any_see_through {
                    let seen = Seen {
                        cells,
                        drawn: see_through,
                        hiding: opaque,
                        hides_itself: false,
                        joins_equals: true,
                    };
                    let quads = &mut out.see_through;
                    seen.for_each_layer(face, beyond, &hiding_beyond, layers, |at, layer| {
                        merge::merge_layer(cells, face, at, layer, max_edge, quads);
                    });
                }
            }
        });
    }
}
