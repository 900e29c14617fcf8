//! What chunks are made of in the race of readers.

use std::path::Path;

use bluemarble_benches::random::Random;
use bluemarble_core::{
    CHUNK_VOLUME, Chunk, GeoPosition, LatticePos, MaterialId, MaterialTable, Shape, VoxelPos,
    cell_position,
};
use bluemarble_terrain::{Baseline, FirstEarth};
use glam::{IVec3, Vec3, ivec3};

/// Eight chunks of one kind.
pub struct Content {
    pub name: &'static str,
    pub chunks: Vec<Chunk>,
}

/// All contents, from what compresses best to what does not.
pub fn all() -> Vec<Content> {
    let of = |name, cell: &dyn Fn(IVec3) -> MaterialId| {
        let chunk = |number: i32| {
            let corner = ivec3(number * 64, 0, 0);
            let cells = (0..CHUNK_VOLUME).map(|index| cell(corner + cell_position(index)));
            Chunk::from_cells(&cells.collect::<Vec<_>>())
        };
        Content { name, chunks: (0..8).map(chunk).collect() }
    };
    vec![
        of("uniform", &|_| MaterialId(4)),
        Content { name: "strata", chunks: strata() },
        of("caves", &|cell| {
            let at = cell.as_vec3();
            match smooth(at / 17.0, 1) * 0.7 + smooth(at / 7.0, 2) * 0.3 {
                density if density < 0.47 => MaterialId::AIR,
                _ if random(cell, 3).is_multiple_of(160) => MaterialId(9),
                _ => MaterialId(2 + (cell.y / 16) as u16),
            }
        }),
        of("noise", &|cell| MaterialId((random(cell, 4) & 7) as u16)),
    ]
}

/// Chunks through which the Earth's surface goes, in the mountains.
fn strata() -> Vec<Chunk> {
    let elevation = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/earth/etopo5.tif");
    let materials = MaterialTable::standard();
    let earth = FirstEarth::load(&elevation, &materials, 1).expect("the elevations are shipped");
    let shape = Shape::earth();
    let LatticePos { region, lattice: place } =
        shape.lattice_from_local(shape.local_from_geo(GeoPosition::new(46.0, 7.7, 0.0)));
    let chunks = (0..8).map(|number| {
        let x = place.x + f64::from(number) * 640.0;
        let at = place.with_x(x).with_y(earth.surface_y(region, x, place.z) - 8.0);
        let mut chunk = Chunk::default();
        earth.fill(VoxelPos::new(region, at.floor().as_ivec3()).chunk(0), &mut chunk);
        chunk
    });
    chunks.collect()
}

/// 64 random bits of a cell.
fn random(cell: IVec3, seed: u64) -> u64 {
    let [x, y, z] = cell.to_array().map(|axis| axis as u64 & 0xF_FFFF);
    Random((x << 40 | y << 20 | z) ^ seed << 60).bits64()
}

/// Smooth noise, 0..=1: random values at whole positions and blends between them.
fn smooth(position: Vec3, seed: u64) -> f32 {
    let low = position.floor();
    let t = position - low;
    let t = t * t * (3.0 - 2.0 * t);
    (0..8).fold(0.0, |sum, corner: i32| {
        let side = ivec3(corner & 1, corner >> 1 & 1, corner >> 2);
        let along = side.as_vec3();
        let weight = (t * along + (1.0 - t) * (1.0 - along)).element_product();
        sum + weight * (random(low.as_ivec3() + side, seed) >> 40) as f32 / (1u64 << 24) as f32
    })
}
