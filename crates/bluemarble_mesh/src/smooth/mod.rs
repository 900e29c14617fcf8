//! Rounded surfaces of smooth materials.
//!
//! Every visible face of a smooth cell becomes a quad over the four corners of the lattice that it has,
//! and every corner is moved to where the ground is likely to lie: surface nets (after S. Gibson,
//! "Constrained Elastic Surface Nets", 1998), told by the 4×4×4 cells around a corner in one step. So a
//! chunk owns the same faces as with [`BlockyMesher`], nothing that is there vanishes, and a corner on the
//! border is the same for all chunks that have it, to the bit: there is no crack between them.
//!
//! Corners that a cube touches stay where they are: cubes and rounded ground join without a crack. Where
//! a neighbour is of another lod, skirts hang from the edges of the ground.
//!
//! | file | what it holds |
//! |---|---|
//! | `cells` | which cells are opaque, those around the chunk included |
//! | `faces` | which faces are seen and which corners they use |
//! | `kernel` | where a corner lies and which way it looks |
//! | `materials` | what it is made of |
//! | `corners` | the vertices of a height, made and found |
//! | `quads` | the triangles |
//! | `skirts` | walls at the sides |

mod cells;
mod corners;
mod faces;
mod kernel;
mod materials;
mod quads;
mod skirts;
#[cfg(test)]
mod tests;

use std::{cell::RefCell, mem};

use bluemarble_core::{Chunk, MaterialId, MaterialTable};

use self::{
    cells::{Cells, Look},
    corners::{Batch, CornerIndices, CornerMaker},
    faces::{LayerCorners, LayerFaces},
    skirts::Skirts,
};
use crate::{
    blocky::{
        BlockyMesher,
        rows::{Rows, with_rows},
    },
    mesher::{ChunkMesh, MeshOptions, Mesher, Reach, SmoothMesh},
    shell::Shell,
    surroundings::Surroundings,
};

/// Draws smooth materials as rounded ground, and all others as the cubes they are.
///
/// Wants [`Surroundings::shell`]; without it what lies beyond the planes is guessed, and there may be
/// cracks between chunks.
#[derive(Clone, Debug)]
pub struct SmoothMesher {
    looks: Box<[Look]>,
    blocky: BlockyMesher,
}

impl SmoothMesher {
    /// A mesher for the materials of a table. Ids beyond the table are drawn as opaque cubes.
    pub fn new(materials: &MaterialTable) -> Self {
        let look = |id: u16| {
            let id = MaterialId(id);
            if materials.is_smooth(id) {
                Look::Smooth
            } else if materials.is_opaque(id) {
                Look::Blocky
            } else {
                Look::Clear
            }
        };
        Self {
            looks: materials.ids().map(look).collect(),
            blocky: BlockyMesher::beside_smooth(materials),
        }
    }

    #[inline]
    fn look(&self, material: MaterialId) -> Look {
        self.looks.get(usize::from(material.0)).copied().unwrap_or(Look::Blocky)
    }
}

/// What a mesher needs of memory; each thread keeps its own.
#[derive(Default)]
struct Workspace {
    cells: Cells,
    /// Of the cells at a height, and at the next one.
    faces: [LayerFaces; 2],
    /// At the feet of the cells at a height, at their heads and at those of the next one.
    corners: [LayerCorners; 3],
    /// At the feet of the cells at a height, and at their heads.
    indices: [CornerIndices; 2],
    batch: Batch,
}

impl Mesher for SmoothMesher {
    fn reach(&self) -> Reach {
        Reach::Shell
    }

    fn mesh(
        &self,
        chunk: &Chunk,
        around: &Surroundings,
        options: &MeshOptions,
        out: &mut ChunkMesh,
    ) {
        if self.blocky.draws(chunk) {
            self.blocky.mesh(chunk, around, options, out);
        }
        if !chunk.any_material(|material| self.look(material) == Look::Smooth) {
            return;
        }
        let out = &mut out.smooth;
        let is_opaque = |material| self.look(material) != Look::Clear;
        let is_buried = || around.planes.iter().all(|plane| plane.all(is_opaque));
        if chunk.as_uniform().is_some() && is_buried() {
            return;
        }
        with_rows!(chunk, rows => self.mesh_rows(rows, chunk, around, options, out));
    }
}

impl SmoothMesher {
    fn mesh_rows(
        &self,
        rows: &impl Rows,
        chunk: &Chunk,
        around: &Surroundings,
        options: &MeshOptions,
        out: &mut SmoothMesh,
    ) {
        thread_local! {
            static WORKSPACE: RefCell<Workspace> = RefCell::default();
        }
        let guessed;
        let shell = match &around.shell {
            Some(shell) => &**shell,
            None => {
                guessed = Shell::of_planes(&around.planes);
                &guessed
            }
        };
        WORKSPACE.with_borrow_mut(|Workspace { cells, faces, corners, indices, batch }| {
            let any_blocky = chunk.any_material(|material| self.look(material) == Look::Blocky);
            let write = |look: Look, words: &mut [u64; 4096]| {
                rows.write_mask(|material| self.look(material) == look, words);
            };
            cells.fill(any_blocky, write, shell, |material| self.look(material));
            let cells = &*cells;
            let maker =
                CornerMaker { cells, materials: rows, shell, only: self.only_opaque(chunk) };
            let skirts = options.skirts.then(|| Skirts::new(cells));
            let [mut here, mut next] = faces.each_mut();
            let [mut below, mut above, mut beyond] = corners.each_mut();
            let [mut feet, mut heads] = indices.each_mut();
            below.clear();
            above.clear();
            beyond.clear();
            here.find(cells, 0, below, above);
            maker.make(0, below, batch, feet, &mut out.vertices);
            if let Some(skirts) = &skirts {
                skirts.add_along(0, None, Some(here), feet, out);
            }
            for y in 0..64 {
                let has_next = y < 63;
                if has_next {
                    next.find(cells, y + 1, above, beyond);
                }
                maker.make(y + 1, above, batch, heads, &mut out.vertices);
                quads::add(here, feet, heads, out);
                if let Some(skirts) = &skirts {
                    skirts.add_along(y + 1, Some(here), has_next.then_some(next), heads, out);
                    skirts.add_upright(here, feet, heads, out);
                }
                mem::swap(&mut here, &mut next);
                mem::swap(&mut feet, &mut heads);
                below.clear();
                mem::swap(&mut below, &mut above);
                mem::swap(&mut above, &mut beyond);
            }
        });
    }

    /// The only opaque material of a chunk, if it has but one.
    fn only_opaque(&self, chunk: &Chunk) -> Option<MaterialId> {
        let mut opaque =
            (chunk.counts_unsorted().into_iter()).filter(|kind| self.look(kind.0) != Look::Clear);
        let (first, _) = opaque.next()?;
        opaque.next().is_none().then_some(first)
    }
}
