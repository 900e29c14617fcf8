//! Worlds on the first edition of the Earth's ground keep it, bit for bit.

use bluemarble_core::{Chunk, GeoPosition, LatticePos, VoxelPos};
use bluemarble_terrain::{Baseline, EarthEdition};
use glam::ivec3;

use crate::support::FIRST;

/// Latitude, longitude, lod, and a hash of the chunk of the ground there.
const CHUNKS: &[(f64, f64, u8, u64)] = &[
    (45.83, 6.86, 0, 0xf8f1ce593f58502f),
    (45.83, 6.86, 3, 0x0c5ab7c31430905c),
    (27.98, 86.88, 5, 0x236b124cf6edf984),
    (36.1, -112.1, 2, 0x41c070decbc96117),
    (61.2, 7.1, 6, 0x7ae02b7655bf90c0),
    (24.0, 10.0, 4, 0xe1aac027a8b8f40f),
    (-3.0, -64.0, 1, 0x001c20338cbe20ab),
    (89.9, 10.0, 7, 0xe541bfd193b9a6fc),
    (-85.0, 40.0, 9, 0x9f65286b7a3d96e0),
    (21.3, -157.8, 8, 0x969bc49bb137e358),
    (-50.0, -73.0, 11, 0x826d22aae743f18a),
    (10.0, 100.0, 14, 0x77bb98695439a86c),
    (47.0, 8.0, 12, 0xfcd3d11b6ca51a6f),
    (51.5, 0.0, 10, 0x6c6a8ca0bb9cf3c2),
];

fn mix(mut v: u64) -> u64 {
    v = (v ^ (v >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    v = (v ^ (v >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    v ^ (v >> 31)
}

#[test]
fn the_first_edition_is_what_it_always_was() {
    let shape = FIRST.shape();
    for &(lat, lon, lod, expected) in CHUNKS {
        let LatticePos { region, lattice } =
            shape.lattice_from_local(shape.local_from_geo(GeoPosition::new(lat, lon, 0.0)));
        let y = FIRST.surface_y(region, lattice.x, lattice.z) as i32 - 1;
        let voxel = ivec3(lattice.x as i32, y, lattice.z as i32);
        let mut chunk = Chunk::default();
        FIRST.fill(VoxelPos::new(region, voxel).chunk(lod), &mut chunk);
        let cells =
            (0..64).flat_map(|y| (0..64).flat_map(move |z| (0..64).map(move |x| [x, y, z])));
        let hash =
            cells.fold(0, |hash, [x, y, z]| mix(hash ^ u64::from(chunk.get(ivec3(x, y, z)).0)));
        assert_eq!(hash, expected, "{lat}, {lon} at lod {lod}: {hash:016x}");
    }
}

#[test]
fn a_fingerprint_tells_the_edition() {
    let fingerprint = FIRST.fingerprint();
    assert_eq!(fingerprint, "earth-1 seed=1 grid=4320x2161:5febbbf6f70e9a17");
    assert_eq!(EarthEdition::of_fingerprint(&fingerprint), Some(EarthEdition::First));
    assert_eq!(EarthEdition::of_fingerprint("noise-1 seed=3"), None);
}
