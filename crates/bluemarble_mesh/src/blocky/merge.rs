//! Seen faces to rectangles.

use bluemarble_core::Face;
use glam::ivec3;

use super::{
    light::Light,
    masks::{Layer, ones},
    rows::Rows,
};
use crate::quad::PackedQuad;

/// Bit v is set where row v of a layer has a face.
#[inline]
pub(super) fn active_rows(rows: &Layer) -> u64 {
    rows.iter().enumerate().fold(0, |active, (v, row)| active | u64::from(*row != 0) << v)
}

/// Merges the faces of one layer, in the rows `active`: the longest run along u first, then as many rows along v as have it
/// whole, as far as the light allows. Nothing is left of the layer.
pub(super) fn merge_layer<R: Rows>(
    cells: &R,
    face: Face,
    at: usize,
    (rows, active): (&mut Layer, u64),
    light: &impl Light,
    max_edge: u32,
    out: &mut Vec<PackedQuad>,
) {
    let level = at as i32 + i32::from(face.is_positive());
    let quad = |u: usize, v: usize, size: (u32, u32), key: u32| {
        let (u, v) = (u as i32, v as i32);
        let corner = match face.axis() {
            0 => ivec3(level, v, u),
            1 => ivec3(u, level, v),
            _ => ivec3(u, v, level),
        };
        PackedQuad::new(corner, size, face, cells.material(key), false)
    };
    match face.axis() {
        0 => {
            let place = |u: usize, v: usize| (u + 64 * v, at);
            let is = |u: usize, v: usize, key: u32| cells.key(u + 64 * v, at) == key;
            let run = |u: usize, v: usize, key: u32, max: usize| {
                (0..max).find(|&i| !is(u + i, v, key)).unwrap_or(max)
            };
            merge(cells, (rows, active), place, run, quad, light, max_edge, out);
        }
        1 => {
            let place = |u: usize, v: usize| (v + 64 * at, u);
            let run = |u, v: usize, key, max| cells.run(v + 64 * at, u, key, max);
            merge(cells, (rows, active), place, run, quad, light, max_edge, out);
        }
        _ => {
            let place = |u: usize, v: usize| (at + 64 * v, u);
            let run = |u, v: usize, key, max| cells.run(at + 64 * v, u, key, max);
            merge(cells, (rows, active), place, run, quad, light, max_edge, out);
        }
    }
}

/// `place` gives the row and x of a face's cell, `run` counts cells with a key from (u, v) on along u.
#[inline]
fn merge<R: Rows>(
    cells: &R,
    (rows, active): (&mut Layer, u64),
    place: impl Fn(usize, usize) -> (usize, usize),
    run: impl Fn(usize, usize, u32, usize) -> usize,
    quad: impl Fn(usize, usize, (u32, u32), u32) -> PackedQuad,
    light: &impl Light,
    max_edge: u32,
    out: &mut Vec<PackedQuad>,
) {
    // A power of two.
    let edge = max_edge as usize;
    for v in ones(active) {
        let alone = light.alone(v, rows[v], if v < 63 { rows[v + 1] } else { 0 });
        rows[v] ^= alone;
        for u in ones(alone) {
            let (row, x) = place(u, v);
            out.push(light.lit(quad(u, v, (1, 1), cells.key(row, x)), (u, v), (1, 1)));
        }
        while rows[v] != 0 {
            let u = rows[v].trailing_zeros() as usize;
            let (row, x) = place(u, v);
            let key = cells.key(row, x);
            let seen = (rows[v] >> u).trailing_ones() as usize;
            let max = light.reach(u, v, seen.min(edge - (u & (edge - 1))));
            let width = run(u, v, key, max);
            let bits = (u64::MAX >> (64 - width)) << u;
            rows[v] &= !bits;
            let end = (v + edge - (v & (edge - 1))).min(64);
            let mut next = v + 1;
            while next < end
                && rows[next] & bits == bits
                && light.joins(next, bits)
                && run(u, next, key, width) == width
            {
                rows[next] &= !bits;
                next += 1;
            }
            let size = (width, next - v);
            out.push(light.lit(quad(u, v, (size.0 as u32, size.1 as u32), key), (u, v), size));
        }
    }
}
