//! Walls that hang from the edges of rounded ground at the four sides of a chunk: see
//! `blocky/skirts.rs`, which says why, and how deep.

use bluemarble_core::Face;
use glam::{Vec3, vec3};

use super::{cells::Cells, corners::CornerIndices, faces::LayerFaces};
use crate::{
    blocky::{masks::ones, skirts::DEPTH},
    mesher::{SmoothMesh, SmoothVertex},
};

const SIDES: [Face; 4] = [Face::NegX, Face::PosX, Face::NegZ, Face::PosZ];
/// As deep as skirts may hang, in cells.
const LOWEST: f32 = -64.0;

/// What skirts are made from. Along a side u is z or x.
pub(super) struct Skirts<'a> {
    cells: &'a Cells,
}

/// The bits of one side, a bit for each u, of rows by z.
fn along(side: Face, row: impl Fn(i32) -> u64) -> u64 {
    match side {
        Face::NegX => (0..64).fold(0, |bits, z| bits | (row(z) & 1) << z),
        Face::PosX => (0..64).fold(0, |bits, z| bits | (row(z) >> 63) << z),
        Face::NegZ => row(0),
        _ => row(63),
    }
}

/// The same of the cells just beyond the side.
fn along_beyond(side: Face, cells: &Cells, y: i32) -> u64 {
    let opaque = &cells.opaque;
    match side {
        Face::NegX => along(side, |z| opaque.row_before(y, z)),
        Face::PosX => along(side, |z| opaque.row_after(y, z)),
        Face::NegZ => opaque.row(y, -1),
        _ => opaque.row(y, 64),
    }
}

impl<'a> Skirts<'a> {
    pub fn new(cells: &'a Cells) -> Self {
        Self { cells }
    }

    /// Adds what hangs from the level edges at height `y`, 0..=64, between the faces of the cells under
    /// and over it: from those that have ground under them on both sides of the border.
    pub fn add_along(
        &self,
        y: usize,
        under: Option<&LayerFaces>,
        over: Option<&LayerFaces>,
        corners: &CornerIndices,
        out: &mut SmoothMesh,
    ) {
        if [under, over].into_iter().flatten().all(|faces| faces.some == 0) {
            return;
        }
        let foot = y as i32 - 1;
        for side in SIDES {
            let of = |faces: Option<&LayerFaces>, face| {
                faces.map_or(0, |faces| along(side, |z| faces.row(face, z as usize)))
            };
            let edges = of(under, Face::PosY) | of(over, side);
            if edges == 0 {
                continue;
            }
            let ground = along(side, |z| self.cells.opaque.row(foot, z))
                & along_beyond(side, self.cells, foot);
            for u in ones(edges & ground) {
                let [from, to] = [u, u + 1].map(|u| corner(corners, side, u));
                add_wall(side, [from, to], out);
            }
        }
    }

    /// Adds what hangs from the upright edges of the cells at one height, where the surface ends at one
    /// and the ground leans: so that the level edges at its ends are joined.
    pub fn add_upright(
        &self,
        faces: &LayerFaces,
        feet: &CornerIndices,
        heads: &CornerIndices,
        out: &mut SmoothMesh,
    ) {
        if faces.some == 0 {
            return;
        }
        for side in SIDES {
            let of = |face| along(side, |z| faces.row(face, z as usize));
            let (lower, upper) = match side.axis() {
                0 => (of(Face::NegZ), of(Face::PosZ)),
                _ => (of(Face::NegX), of(Face::PosX)),
            };
            let outer = of(side);
            // Bit u is set where the ground falls, or rises, along u, between the cells u - 1 and u. The
            // surface goes on where two faces meet.
            let (falls, rises) = (upper << 1 ^ outer, lower ^ outer << 1);
            let ends = (falls ^ rises) & !1;
            for u in ones(ends) {
                let [foot, head] = [feet, heads].map(|corners| corner(corners, side, u));
                let place = |index: u32| {
                    let position = out.vertices[index as usize].position;
                    if side.axis() == 0 { position.z } else { position.x }
                };
                let is_falling = falls >> u & 1 == 1;
                let edge = if is_falling { [head, foot] } else { [foot, head] };
                if place(edge[0]) < place(edge[1]) {
                    add_wall(side, edge, out);
                }
            }
        }
    }
}

fn corner(corners: &CornerIndices, side: Face, u: usize) -> u32 {
    match side {
        Face::NegX => corners.get(0, u),
        Face::PosX => corners.get(64, u),
        Face::NegZ => corners.get(u, 0),
        _ => corners.get(u, 64),
    }
}

/// Hangs a wall from an edge, given along u; it is seen from outside and lit as the ground is.
fn add_wall(side: Face, [from, to]: [u32; 2], out: &mut SmoothMesh) {
    let first = out.vertices.len() as u32;
    for top in [from, to] {
        let vertex = out.vertices[top as usize];
        let Vec3 { x, y, z } = vertex.position;
        let position = vec3(x, (y - DEPTH as f32).max(LOWEST), z);
        out.vertices.push(SmoothVertex { position, ..vertex });
    }
    let (from_low, to_low) = (first, first + 1);
    let triangles = match side {
        Face::PosX | Face::NegZ => [from, to, to_low, from, to_low, from_low],
        _ => [to, from, from_low, to, from_low, to_low],
    };
    out.indices.extend_from_slice(&triangles);
}
