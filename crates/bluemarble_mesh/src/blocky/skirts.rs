//! Skirts: walls that hang from the edge of the ground at the four sides of a chunk.
//!
//! Next to a neighbour of the same lod they are hidden inside the ground. Next to one of another lod,
//! whose surface is drawn up to half of a coarse cell higher or lower, they close the gap.

use bluemarble_core::{Face, MaterialId};
use glam::ivec3;

use super::{
    masks::{Layer, Mask, transpose},
    rows::Rows,
};
use crate::quad::PackedQuad;

/// How many cells a skirt hangs down: one chunk. While a slow disk holds up one of two neighbours they are
/// drawn many lods apart, and the ground of the coarse one may lie half of its cell lower.
pub(crate) const DEPTH: i32 = 64;

/// A piece of a column of the side: the rows `bottom..top` and the material on top of them.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Piece {
    bottom: i32,
    top: i32,
    material: MaterialId,
}

/// Adds the skirt of one side to the ground of the cells `own`. `above` has the opaque cells over the
/// chunk, `drawn` the faces that are drawn on this side anyway.
pub(super) fn add(
    opaque: &Mask,
    own: &Mask,
    above: &Layer,
    drawn: &Layer,
    cells: &impl Rows,
    face: Face,
    max_edge: u32,
    out: &mut Vec<PackedQuad>,
) {
    let layer = if face.is_positive() { 63 } else { 0 };
    // The cell of the side's column u at height y.
    let place = |u: usize| if face.axis() == 0 { (layer, u) } else { (u, layer) };
    // Columns of the side, with a bit for each y.
    let columns = |cells: &Mask| {
        let mut columns: Layer = std::array::from_fn(|y| match face.axis() {
            0 => (0..64).fold(0, |word, z| word | (cells.row(y, z) >> layer & 1) << z),
            _ => cells.row(y, layer),
        });
        transpose(&mut columns);
        columns
    };
    let solid = columns(opaque);
    let own = if std::ptr::eq(own, opaque) { solid } else { columns(own) };
    let mut drawn = *drawn;
    transpose(&mut drawn);
    // Bit y is set where an own cell has no opaque one above it.
    let tops: [u64; 64] = std::array::from_fn(|u| {
        let (x, z) = place(u);
        own[u] & !(solid[u] >> 1 | (above[z] >> x & 1) << 63)
    });
    let mut pieces: Vec<Vec<Piece>> = Vec::with_capacity(64);
    for (u, &word) in tops.iter().enumerate() {
        let drawn = drawn[u];
        let (x, z) = place(u);
        let mut column_pieces = Vec::new();
        // From the top down, so that where two skirts meet the lower one gives way.
        let mut free_below = 64;
        let mut rest = word;
        while rest != 0 {
            let y = 63 - rest.leading_zeros() as i32;
            rest &= !(1 << y);
            let material = cells.material(cells.key(z + 64 * y as usize, x));
            let bottom = y + 1 - DEPTH;
            let mut top = (y + 1).min(free_below);
            // Leave out the rows that are drawn as real faces.
            let mut row = top;
            while row > bottom {
                let is_drawn = row > 0 && drawn >> (row - 1) & 1 == 1;
                if is_drawn {
                    if top > row {
                        column_pieces.push(Piece { bottom: row, top, material });
                    }
                    top = row - 1;
                }
                row -= 1;
            }
            if top > bottom {
                column_pieces.push(Piece { bottom, top, material });
            }
            free_below = free_below.min(bottom);
        }
        pieces.push(column_pieces);
    }
    emit(&pieces, face, layer as i32 + i32::from(face.is_positive()), max_edge as i32, out);
}

/// Emits pieces, merged along the side where neighbouring columns have the same one.
fn emit(pieces: &[Vec<Piece>], face: Face, level: i32, edge: i32, out: &mut Vec<PackedQuad>) {
    for (u, column) in pieces.iter().enumerate() {
        for piece in column {
            let starts = u as i32 % edge == 0 || !pieces[u - 1].contains(piece);
            if !starts {
                continue;
            }
            let room = (edge - u as i32 % edge) as usize;
            let width =
                pieces[u..].iter().take(room).take_while(|next| next.contains(piece)).count();
            let mut bottom = piece.bottom;
            while bottom < piece.top {
                let top = piece.top.min((bottom.div_euclid(edge) + 1) * edge);
                let corner = if face.axis() == 0 {
                    ivec3(level, bottom, u as i32)
                } else {
                    ivec3(u as i32, bottom, level)
                };
                let size = (width as u32, (top - bottom) as u32);
                out.push(PackedQuad::new(corner, size, face, piece.material, true));
                bottom = top;
            }
        }
    }
}
