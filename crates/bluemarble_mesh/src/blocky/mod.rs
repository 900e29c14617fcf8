//! Exact cell faces, merged greedily on bit masks.
//!
//! Each row of 64 cells along x is one word; a face is visible where its cell's bit is set and the bit
//! of the cell beyond is not, 64 faces at a time. Rows are merged into rectangles with word operations
//! and one comparison a cell (after C. Gerike, "Binary Greedy Meshing", 2024; here over the full 64³,
//! with the cells beyond the faces given as planes instead of an apron).
//!
//! *Skirts* hide the gap that opens where the ground of a neighbour of another lod is drawn lower or
//! higher than this chunk's; the file `skirts.rs` tells how.
//!
//! *Ambient occlusion* darkens the corners of opaque faces; the file `light.rs` tells by which rule.

mod front;
mod light;
pub(crate) mod masks;
mod merge;
pub(crate) mod rows;
pub(crate) mod skirts;
#[cfg(test)]
mod tests;
mod visible;

use std::cell::RefCell;

use bluemarble_core::{Chunk, Face, FacePlane, MaterialId, MaterialTable};

use self::{
    front::Fronts,
    light::{CornerLight, FullLight},
    masks::{Layer, Mask},
    rows::{Rows, with_rows},
    visible::Seen,
};
use crate::{
    mesher::{ChunkMesh, MeshOptions, Mesher},
    surroundings::Surroundings,
};

/// What a mesher asks of a material.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Nothing,
    Opaque,
    /// Opaque and drawn by another mesher.
    Smooth,
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

    /// The same for what a smooth mesher leaves: smooth materials hide what is behind them and are not
    /// drawn.
    pub(crate) fn beside_smooth(materials: &MaterialTable) -> Self {
        let mut mesher = Self::new(materials);
        for (id, look) in materials.ids().zip(&mut mesher.looks) {
            if materials.is_smooth(MaterialId(id)) {
                *look = Look::Smooth;
            }
        }
        mesher
    }

    #[inline]
    fn look(&self, material: MaterialId) -> Look {
        self.looks.get(usize::from(material.0)).copied().unwrap_or(Look::Opaque)
    }

    fn is_opaque(&self, material: MaterialId) -> bool {
        matches!(self.look(material), Look::Opaque | Look::Smooth)
    }

    fn is_drawn_opaque(&self, material: MaterialId) -> bool {
        self.look(material) == Look::Opaque
    }

    /// Whether any face of a chunk may be drawn.
    pub(crate) fn draws(&self, chunk: &Chunk) -> bool {
        let is_drawn = |look| matches!(look, Look::Opaque | Look::SeeThrough);
        chunk.any_material(|material| is_drawn(self.look(material)))
    }

    fn is_see_through(&self, material: MaterialId) -> bool {
        self.look(material) == Look::SeeThrough
    }
}

/// What a mesher needs of memory; each thread keeps its own.
struct Workspace {
    opaque: Mask,
    /// The opaque cells that are drawn, if not all are.
    drawn: Mask,
    see_through: Mask,
    layers: Box<[Layer; 64]>,
    fronts: Fronts,
    light: CornerLight,
}

impl Default for Workspace {
    fn default() -> Self {
        Self {
            opaque: Mask::default(),
            drawn: Mask::default(),
            see_through: Mask::default(),
            layers: Box::new([[0; 64]; 64]),
            fronts: Fronts::default(),
            light: CornerLight::default(),
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
        if let Some(material) = chunk.as_uniform() {
            let look = self.look(material);
            let hides = |plane: &FacePlane| plane.all(|material| self.is_opaque(material));
            let is_hidden = look == Look::Opaque && around.planes.iter().all(hides);
            if look == Look::Nothing || is_hidden {
                return;
            }
        }
        with_rows!(chunk, rows => self.mesh_rows(rows, chunk, around, options, out));
    }
}

impl BlockyMesher {
    /// Kept out of the code for rows, where it would be compiled once for each kind of them.
    #[inline(never)]
    fn fill_planes(&self, around: &Surroundings, fronts: &mut Fronts) {
        fronts.fill_planes(|face| around.plane(face).rows(|material| self.is_opaque(material)));
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
        let any_opaque = chunk.any_material(|material| self.is_drawn_opaque(material));
        let any_smooth = chunk.any_material(|material| self.look(material) == Look::Smooth);
        let any_see_through = chunk.any_material(|material| self.is_see_through(material));
        WORKSPACE.with_borrow_mut(|workspace| {
            let Workspace { opaque, drawn, see_through, layers, fronts, light } = workspace;
            opaque.fill(cells, |material| self.is_opaque(material));
            let drawn = if any_smooth && any_opaque {
                drawn.fill(cells, |material| self.is_drawn_opaque(material));
                drawn
            } else {
                &*opaque
            };
            if any_see_through {
                see_through.fill(cells, |material| self.is_see_through(material));
            }
            let max_edge = options.max_edge.clamp(1, 64);
            self.fill_planes(around, fronts);
            let skirts = options.skirts && any_opaque;
            let shaded = options.ambient_occlusion && any_opaque;
            if shaded {
                fronts.turn(opaque);
            }
            for face in Face::ALL {
                let beyond = around.plane(face);
                let hiding_beyond = fronts.plane(face);
                let border = if face.is_positive() { 63 } else { 0 };
                if any_opaque {
                    let seen = Seen {
                        cells,
                        drawn,
                        hiding: opaque,
                        hides_itself: true,
                        joins_equals: false,
                    };
                    let mut at_side = [0; 64];
                    let quads = &mut out.opaque;
                    seen.for_each_layer(face, beyond, hiding_beyond, layers, |at, layer| {
                        if at == border {
                            at_side = *layer;
                        }
                        let active = merge::active_rows(layer);
                        let front = shaded.then(|| fronts.front(opaque, face, at));
                        let rows = (layer, active);
                        match front {
                            Some(front) if light.fill(front, rows.0, active) => {
                                merge::merge_layer(cells, face, at, rows, light, max_edge, quads);
                            }
                            _ => {
                                merge::merge_layer(
                                    cells, face, at, rows, &FullLight, max_edge, quads,
                                );
                            }
                        }
                    });
                    if skirts && face.axis() != 1 {
                        let above = fronts.plane(Face::PosY);
                        skirts::add(opaque, drawn, above, &at_side, cells, face, max_edge, quads);
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
                    seen.for_each_layer(face, beyond, hiding_beyond, layers, |at, layer| {
                        let active = merge::active_rows(layer);
                        let rows = (layer, active);
                        merge::merge_layer(cells, face, at, rows, &FullLight, max_edge, quads);
                    });
                }
            }
        });
    }
}
