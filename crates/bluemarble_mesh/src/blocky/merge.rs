//! Visible faces to rectangles.

use bluemarble_core::{Face, MaterialId};
use glam::{IVec3, ivec3};

use super::{
    Cells,
    masks::{Masks, transpose},
};
use crate::quad::PackedQuad;

/// Merges the visible faces of one direction, layer by layer.
pub(super) fn merge_faces(
    visible: &Masks,
    cells: &Cells,
    face: Face,
    max_edge: u32,
    out: &mut Vec<PackedQuad>,
) {
    let outwards = i32::from(face.is_positive());
    if face.axis() == 0 {
        // Rows run along the normal: turn them so that they run along z.
        let mut layers = vec![[0u64; 64]; 64];
        for y in 0..64 {
            let mut rows: [u64; 64] = std::array::from_fn(|z| visible.row(y, z));
            if rows.iter().all(|&row| row == 0) {
                continue;
            }
            transpose(&mut rows);
            for (layer, row) in layers.iter_mut().zip(rows) {
                layer[y] = row;
            }
        }
        for (x, rows) in layers.iter_mut().enumerate() {
            let corner = |u: usize, v: usize| ivec3(x as i32 + outwards, v as i32, u as i32);
            merge_layer(rows, |u, v| cells.at(x, v, u), corner, face, max_edge, out);
        }
        return;
    }
    for layer in 0..64usize {
        let along_y = face.axis() == 1;
        let mut rows: [u64; 64] = std::array::from_fn(|v| {
            if along_y { visible.row(layer, v) } else { visible.row(v, layer) }
        });
        let level = layer as i32 + outwards;
        if along_y {
            let corner = |u: usize, v: usize| ivec3(u as i32, level, v as i32);
            merge_layer(&mut rows, |u, v| cells.at(u, layer, v), corner, face, max_edge, out);
        } else {
            let corner = |u: usize, v: usize| ivec3(u as i32, v as i32, level);
            merge_layer(&mut rows, |u, v| cells.at(u, v, layer), corner, face, max_edge, out);
        }
    }
}

/// Merges one layer: the longest run along u first, then as many rows along v as have it whole.
fn merge_layer(
    rows: &mut [u64; 64],
    material: impl Fn(usize, usize) -> MaterialId,
    corner: impl Fn(usize, usize) -> IVec3,
    face: Face,
    max_edge: u32,
    out: &mut Vec<PackedQuad>,
) {
    let edge = max_edge as usize;
    for v in 0..64 {
        while rows[v] != 0 {
            let u = rows[v].trailing_zeros() as usize;
            let of = material(u, v);
            let run = (rows[v] >> u).trailing_ones() as usize;
            let longest = run.min(edge - u % edge);
            let width = (1..longest).find(|&i| material(u + i, v) != of).unwrap_or(longest);
            let bits = (u64::MAX >> (64 - width)) << u;
            let highest = (edge - v % edge).min(64 - v);
            let same_row = |row: usize| {
                rows[row] & bits == bits && (u..u + width).all(|u| material(u, row) == of)
            };
            let height = (1..highest).find(|&i| !same_row(v + i)).unwrap_or(highest);
            for row in &mut rows[v..v + height] {
                *row &= !bits;
            }
            let size = (width as u32, height as u32);
            out.push(PackedQuad::new(corner(u, v), size, face, of, false));
        }
    }
}
