mod light;

use std::collections::{HashMap, HashSet};

use bluemarble_core::{
    CHUNK_VOLUME, Chunk, Face, FacePlane, MaterialId, MaterialTable, cell_position,
};
use glam::{IVec3, ivec3};
use proptest::prelude::*;

use super::*;
use crate::quad::{PackedQuad, axes_of};

type UnitFaces = HashMap<(IVec3, Face), MaterialId>;

fn mesher() -> (BlockyMesher, MaterialTable) {
    let table = MaterialTable::standard();
    (BlockyMesher::new(&table), table)
}

/// The cell and face of each unit square of a quad.
fn unit_faces(quad: PackedQuad) -> Vec<(IVec3, Face)> {
    let (u, v) = axes_of(quad.face());
    let (width, height) = quad.size();
    let inwards = if quad.face().is_positive() { quad.face().normal() } else { IVec3::ZERO };
    let mut faces = Vec::new();
    for i in 0..width as i32 {
        for j in 0..height as i32 {
            let mut cell = quad.corner() - inwards;
            cell[u] += i;
            cell[v] += j;
            faces.push((cell, quad.face()));
        }
    }
    faces
}

fn collect(quads: &[PackedQuad]) -> UnitFaces {
    let mut faces = UnitFaces::new();
    for &quad in quads {
        for face in unit_faces(quad) {
            assert!(faces.insert(face, quad.material()).is_none(), "{face:?} is drawn twice");
        }
    }
    faces
}

/// Face by face, cell by cell: what a blocky mesh is.
fn oracle(chunk: &Chunk, around: &Surroundings, table: &MaterialTable) -> (UnitFaces, UnitFaces) {
    let (mut opaque, mut see_through) = (UnitFaces::new(), UnitFaces::new());
    for index in 0..CHUNK_VOLUME {
        let cell = cell_position(index);
        let material = chunk.get(cell);
        if material.is_air() {
            continue;
        }
        for face in Face::ALL {
            let next = cell + face.normal();
            let beyond = if Chunk::is_cell(next) {
                chunk.get(next)
            } else {
                let (u, v) = axes_of(face);
                around.plane(face).get(cell[u] as usize, cell[v] as usize)
            };
            if table.is_opaque(material) {
                if !table.is_opaque(beyond) {
                    opaque.insert((cell, face), material);
                }
            } else if !table.is_opaque(beyond) && beyond != material {
                see_through.insert((cell, face), material);
            }
        }
    }
    (opaque, see_through)
}

fn noise(seed: u64, index: usize) -> u64 {
    let mut h = seed ^ (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    h = (h ^ h >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    h ^ h >> 29
}

fn terrain_height(seed: u64, x: i32, z: i32) -> i32 {
    let (x, z, s) = (f64::from(x), f64::from(z), (seed % 17) as f64);
    (30.0 + 12.0 * (x * 0.11 + s).sin() + 9.0 * (z * 0.17 - s).cos() + 2.0 * (x * 0.9).sin()) as i32
}

/// Chunks of several kinds, with ids of the standard table and beyond.
fn chunk(kind: usize, seed: u64) -> Chunk {
    let cells: Vec<MaterialId> = (0..CHUNK_VOLUME)
        .map(|index| {
            let p = cell_position(index);
            let height = terrain_height(seed, p.x, p.z);
            let ground = if p.y == height { 5 } else { 15 };
            MaterialId(match kind {
                0 => (noise(seed, index) % 5) as u16,
                1 if p.y <= height => ground,
                1 if p.y < 30 => 1,
                1 => 0,
                2 if noise(seed, (p.x / 7 + p.y / 7 * 97 + p.z / 7 * 9973) as usize)
                    .is_multiple_of(3) =>
                {
                    0
                }
                2 => 15 + (p.y / 16) as u16,
                3 => 15,
                4 => u16::from(noise(seed, index).is_multiple_of(2)) * 20,
                5 => (noise(seed, index) % 400) as u16,
                _ => 1,
            })
        })
        .collect();
    Chunk::from_cells(&cells)
}

fn plane(kind: usize, seed: u64) -> FacePlane {
    match kind {
        0 => FacePlane::uniform(MaterialId::AIR),
        1 => FacePlane::uniform(MaterialId(15)),
        2 => FacePlane::uniform(MaterialId(1)),
        _ => FacePlane::from_fn(|u, v| MaterialId((noise(seed, u + 64 * v) % 4) as u16)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn quads_are_exactly_the_visible_faces(
        kind in 0usize..7, seed in any::<u64>(), planes in prop::array::uniform6(0usize..4), edge_log2 in 0u32..=6,
    ) {
        let (mesher, table) = mesher();
        let chunk = chunk(kind, seed);
        let mut salt = seed;
        let around = Surroundings::new(planes.map(|kind| { salt = noise(salt, 1); plane(kind, salt) }));
        let options = MeshOptions { max_edge: 1 << edge_log2, ..MeshOptions::default() };
        let mut mesh = ChunkMesh::default();
        mesher.mesh(&chunk, &around, &options, &mut mesh);
        let (opaque, see_through) = oracle(&chunk, &around, &table);
        prop_assert!(collect(&mesh.opaque) == opaque, "opaque faces differ");
        prop_assert!(collect(&mesh.see_through) == see_through, "see-through faces differ");
        for quad in mesh.opaque.iter().chain(&mesh.see_through) {
            let (u, v) = axes_of(quad.face());
            let edge = 1 << edge_log2;
            let fits = |low: i32, size: u32| low.div_euclid(edge) == (low + size as i32 - 1).div_euclid(edge);
            prop_assert!(fits(quad.corner()[u], quad.size().0) && fits(quad.corner()[v], quad.size().1));
        }
    }

    #[test]
    fn skirts_hang_from_every_edge_of_the_ground_and_double_no_face(seed in any::<u64>(), kind in 0usize..3, edge_log2 in 2u32..=6) {
        let (mesher, table) = mesher();
        let chunk = chunk(kind, seed);
        let around = Surroundings::new([0, 3, 1, 0, 3, 3].map(|kind| plane(kind, seed)));
        let mesh = |skirts| {
            let mut mesh = ChunkMesh::default();
            mesher.mesh(&chunk, &around, &MeshOptions { max_edge: 1 << edge_log2, skirts, ..MeshOptions::default() }, &mut mesh);
            mesh
        };
        let (plain, skirted) = (mesh(false), mesh(true));
        // Also proves that no skirt lies on a real face or on another skirt.
        let faces = collect(&skirted.opaque);
        let skirts: HashSet<(IVec3, Face)> = skirted.opaque.iter().filter(|quad| quad.is_skirt()).flat_map(|&quad| unit_faces(quad)).collect();
        prop_assert_eq!(faces.len() - skirts.len(), collect(&plain.opaque).len());
        for (cell, face) in &skirts {
            let border = if face.is_positive() { 63 } else { 0 };
            prop_assert!(face.axis() != 1 && cell[face.axis()] == border && cell.y >= -64);
        }
        for face in [Face::NegX, Face::PosX, Face::NegZ, Face::PosZ] {
            for u in 0..64 {
                for y in 0..64 {
                    let side = if face.is_positive() { 63 } else { 0 };
                    let cell = if face.axis() == 0 { ivec3(side, y, u) } else { ivec3(u, y, side) };
                    let over = cell + IVec3::Y;
                    let above = if y < 63 { chunk.get(over) } else { around.plane(Face::PosY).get(cell.x as usize, cell.z as usize) };
                    if table.is_opaque(chunk.get(cell)) && !table.is_opaque(above) {
                        for below in 0..16 {
                            let wanted = (cell - IVec3::Y * below, face);
                            prop_assert!(wanted.0.y < -64 || faces.contains_key(&wanted), "{wanted:?} is open");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_uniform_chunk_shows_faces_only_where_air_touches_it() {
    let (mesher, _) = mesher();
    let mut around = Surroundings::uniform(MaterialId(15));
    let mut mesh = ChunkMesh::default();
    mesher.mesh(&Chunk::uniform(MaterialId(15)), &around, &MeshOptions::default(), &mut mesh);
    assert!(mesh.is_empty());
    around.planes[Face::PosY as usize] = FacePlane::uniform(MaterialId::AIR);
    mesher.mesh(&Chunk::uniform(MaterialId(15)), &around, &MeshOptions::default(), &mut mesh);
    assert_eq!(mesh.opaque.len(), 1);
    assert_eq!((mesh.opaque[0].face(), mesh.opaque[0].size()), (Face::PosY, (64, 64)));
}

#[test]
fn level_ground_of_one_material_is_one_quad_a_side() {
    let (mesher, _) = mesher();
    let cells: Vec<_> = (0..CHUNK_VOLUME)
        .map(|i| MaterialId(if cell_position(i).y < 20 { 15 } else { 0 }))
        .collect();
    let mut mesh = ChunkMesh::default();
    let around = Surroundings::uniform(MaterialId::AIR);
    mesher.mesh(&Chunk::from_cells(&cells), &around, &MeshOptions::default(), &mut mesh);
    assert_eq!(mesh.opaque.len(), 6);
}
