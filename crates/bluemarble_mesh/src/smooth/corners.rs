//! The corners of the surface, made once each and found by their place.

use bluemarble_core::MaterialId;
use glam::{IVec3, Vec3, ivec3, vec3};

use super::{
    cells::Cells,
    faces::LayerCorners,
    kernel::{Block, MAX_POSITIONS, Places},
    materials::{Blend, blend, pure},
};
use crate::{
    blocky::{masks::ones, rows::Rows},
    mesher::SmoothVertex,
    shell::Shell,
};

/// Corners along an axis.
const EDGE: usize = 65;

/// Rows of corners in pieces, from and to: with the cells around them they are 32 long at most.
const PIECES: [[u32; 2]; 3] = [[0, 29], [29, 58], [58, 65]];

/// Which vertices the corners at one height are.
pub(super) struct CornerIndices(Box<[[u32; EDGE]; EDGE]>);

impl Default for CornerIndices {
    fn default() -> Self {
        Self(Box::new([[0; EDGE]; EDGE]))
    }
}

impl CornerIndices {
    /// The vertex of a corner that some face of this height uses.
    #[inline]
    pub fn get(&self, x: usize, z: usize) -> u32 {
        self.0[z][x]
    }
}

/// Corners that are made at a time, of one height.
pub(super) struct Batch {
    len: usize,
    /// x and z.
    at: [[u8; 2]; MAX_POSITIONS],
    blocks: [Block; MAX_POSITIONS],
    /// Whether a cube touches it.
    is_pinned: [bool; MAX_POSITIONS],
    places: Places,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            len: 0,
            at: [[0; 2]; MAX_POSITIONS],
            blocks: [Block::default(); MAX_POSITIONS],
            is_pinned: [false; MAX_POSITIONS],
            places: Places::default(),
        }
    }
}

/// What corners are made from.
pub(super) struct CornerMaker<'a, R> {
    pub cells: &'a Cells,
    pub materials: &'a R,
    pub shell: &'a Shell,
    /// The only opaque material of the chunk, if it has but one.
    pub only: Option<MaterialId>,
}

impl<R: Rows> CornerMaker<'_, R> {
    /// Makes the corners at height `y`.
    pub fn make(
        &self,
        y: usize,
        corners: &LayerCorners,
        batch: &mut Batch,
        indices: &mut CornerIndices,
        out: &mut Vec<SmoothVertex>,
    ) {
        if !corners.any {
            return;
        }
        for (z, &row) in corners.rows.iter().enumerate().filter(|(_, row)| **row != 0) {
            if batch.len + EDGE > MAX_POSITIONS {
                self.flush(y, batch, indices, out);
            }
            for &[first_x, end_x] in &PIECES {
                let piece = (row >> first_x) as u64 & ((1 << (end_x - first_x)) - 1);
                if piece != 0 {
                    self.gather(y, z, first_x, piece, batch);
                }
            }
        }
        self.flush(y, batch, indices, out);
    }

    /// Collects corners of a piece of a row, a bit each.
    fn gather(&self, y: usize, z: usize, first_x: u32, corners: u64, batch: &mut Batch) {
        // Of the two words of a row, the one that has all cells around the piece's corners.
        let (is_high, first) =
            if first_x + 35 > 64 { (true, first_x - 4) } else { (false, first_x) };
        let rows = self.cells.opaque.rows_around(y, z, is_high, first);
        let blocky = if self.cells.any_blocky {
            let rows = self.cells.blocky.rows_around(y, z, is_high, first);
            // The layers below and above, of rows before and after.
            (rows[5] | rows[6]) | (rows[1] | rows[2]) >> 32
        } else {
            0
        };
        for bit in ones(corners) {
            let at = batch.len % MAX_POSITIONS;
            batch.at[at] = [first_x as u8 + bit as u8, z as u8];
            batch.blocks[at] = Block::of_rows(&rows, bit as u32);
            // The middle two of the four cells.
            batch.is_pinned[at] = blocky >> bit & 0b110 != 0;
            batch.len += 1;
        }
    }

    /// Makes the corners that are collected.
    fn flush(
        &self,
        y: usize,
        batch: &mut Batch,
        indices: &mut CornerIndices,
        out: &mut Vec<SmoothVertex>,
    ) {
        let count = batch.len.min(MAX_POSITIONS);
        batch.len = 0;
        batch.places.fill(&batch.blocks[..count]);
        let first = out.len();
        out.extend((0..count).map(|at| {
            let [x, z] = batch.at[at];
            indices.0[usize::from(z)][usize::from(x)] = (first + at) as u32;
            let corner = vec3(f32::from(x), y as f32, f32::from(z));
            // Cubes are met where they are.
            let moved = if batch.is_pinned[at] { Vec3::ZERO } else { batch.places.moved(at) };
            let (materials, blend) = self.blend(x.into(), y, z.into(), batch.blocks[at]);
            let normal = batch.places.normal(at);
            SmoothVertex { position: corner + moved, normal, materials, blend }
        }));
    }

    #[inline]
    fn blend(&self, x: usize, y: usize, z: usize, block: Block) -> Blend {
        let inner = 1..64;
        if !(inner.contains(&x) && inner.contains(&y) && inner.contains(&z)) {
            return self.blend_at_border(ivec3(x as i32, y as i32, z as i32), block);
        }
        if let Some(material) = self.only {
            return pure(material);
        }
        let opaque = block.exposed();
        let row = |cell: usize| (z - 1 + (cell >> 1 & 1)) + 64 * (y - 1 + (cell >> 2));
        let [[a, b], [c, d], [e, f], [g, h]] =
            [0, 2, 4, 6].map(|cell| self.materials.pair(row(cell), x - 1));
        let keys = [a, b, c, d, e, f, g, h];
        let same =
            |key: u32| (0..8).fold(0, |same, cell| same | u64::from(keys[cell] == key) << cell);
        let first = keys[opaque.trailing_zeros() as usize & 7];
        let others = opaque & !same(first);
        if others == 0 {
            return pure(self.materials.material(first));
        }
        blend(keys.map(|key| self.materials.material(key)), opaque)
    }

    #[cold]
    fn blend_at_border(&self, corner: IVec3, block: Block) -> Blend {
        let lowest = corner - IVec3::ONE;
        let cells = std::array::from_fn(|cell| {
            let cell = cell as i32;
            let cell = lowest + ivec3(cell & 1, cell >> 2, cell >> 1 & 1);
            if cell >> 6 == IVec3::ZERO {
                let row = (cell.z + 64 * cell.y) as usize;
                self.materials.material(self.materials.key(row, cell.x as usize))
            } else {
                self.shell.get(cell)
            }
        });
        blend(cells, block.exposed())
    }
}
