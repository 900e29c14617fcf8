//! Faces to triangles.

use bluemarble_core::Face;

use super::{corners::CornerIndices, faces::LayerFaces};
use crate::{blocky::masks::ones, mesher::SmoothMesh};

/// Adds the faces of the cells at one height; `below` and `above` are the corners at their feet and heads.
pub(super) fn add(
    faces: &LayerFaces,
    below: &CornerIndices,
    above: &CornerIndices,
    out: &mut SmoothMesh,
) {
    for z in ones(faces.some) {
        for face in Face::ALL {
            for x in ones(faces.rows[face as usize][z]) {
                add_quad(corners(face, x, z, below, above), out);
            }
        }
    }
}

/// The corners of a face, counter-clockwise seen from outside.
#[inline]
fn corners(
    face: Face,
    x: usize,
    z: usize,
    below: &CornerIndices,
    above: &CornerIndices,
) -> [u32; 4] {
    let side = usize::from(face.is_positive());
    // Along the two other axes, one turn further: y and z, z and x, x and y.
    let [a, b, c, d] = match face.axis() {
        0 => [
            below.get(x + side, z),
            above.get(x + side, z),
            above.get(x + side, z + 1),
            below.get(x + side, z + 1),
        ],
        1 => {
            let layer = if face.is_positive() { above } else { below };
            [layer.get(x, z), layer.get(x, z + 1), layer.get(x + 1, z + 1), layer.get(x + 1, z)]
        }
        _ => [
            below.get(x, z + side),
            below.get(x + 1, z + side),
            above.get(x + 1, z + side),
            above.get(x, z + side),
        ],
    };
    if face.is_positive() { [a, b, c, d] } else { [a, d, c, b] }
}

/// Two triangles, cut along the shorter diagonal: the surface is smoother than across the longer one.
#[inline]
fn add_quad([a, b, c, d]: [u32; 4], out: &mut SmoothMesh) {
    let at = |index: u32| out.vertices[index as usize].position;
    let is_cut_at_a = at(a).distance_squared(at(c)) <= at(b).distance_squared(at(d));
    // Without a branch, as either is as likely: the corners in their order, the cut at the first.
    let turn = u32::from(!is_cut_at_a).wrapping_neg();
    let [a, b, c, d] = [(a, b), (b, c), (c, d), (d, a)].map(|(one, two)| one ^ (one ^ two) & turn);
    out.indices.extend_from_slice(&[a, b, c, a, c, d]);
}
