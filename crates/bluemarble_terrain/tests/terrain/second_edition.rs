//! Worlds on the second edition of the Earth's ground keep it, bit for bit.

use bluemarble_core::{Chunk, GeoPosition, LatticePos, VoxelPos};
use bluemarble_terrain::{Baseline, EarthEdition, EarthSources};
use glam::ivec3;

use crate::support::{SECOND, assets, shipped};

/// Latitude, longitude, lod, the bits of the height of the ground in metres there, and a hash of the chunk
/// of the ground.
const CHUNKS: &[(f64, f64, u8, u64, u64)] = &[
    (45.83, 6.86, 0, 0x40a5af998e12223a, 0x5a79cebccbac9337),
    (45.83, 6.86, 3, 0x40a5af81d0e1cf2c, 0x99cd3be746c82f87),
    (27.98, 86.88, 5, 0x40b8d657da3e6122, 0x76c2c16a32506887),
    (36.1, -112.1, 2, 0x409118c1b8c471ff, 0x90d3cd6cdaa3c864),
    (61.2, 7.1, 6, 0xc040a420892982e3, 0x42f00fc5ea079ccd),
    (-3.0, -64.0, 1, 0x404f64028a3f8410, 0xcac43f5b42717d04),
    (89.9, 10.0, 7, 0xc0b0bda2180ec9fd, 0xe541bfd193b9a6fc),
    (-85.0, 40.0, 9, 0x40a93508d41a3bbb, 0xf2a4e97e77420120),
    (21.3, -157.8, 8, 0xc058a2b9068c1704, 0x3bc2935bb03f224d),
    (-50.0, -73.0, 11, 0x409326da7b48c534, 0xcd9269ba4e79631a),
    (10.0, 100.0, 14, 0xc043af7e87e4feef, 0xbbc1afa3e133f28f),
    (47.0, 8.0, 12, 0x40884ce3dc751c7c, 0xfb15a63c1a1bf8fa),
    (24.2, 8.6, 0, 0x408cbcef6e62e167, 0xb43b295800edb8b1),
    (24.2, 8.6, 5, 0x408cbc9e53ce24c2, 0x198b3a6be27efa1a),
    (30.5, 1.0, 2, 0x407eeb4e115624ed, 0xad5d2b6280fa59a1),
    (30.5, 7.5, 6, 0x406aa845e1ff20d2, 0xec5c7ad90d5a3295),
    (21.0, 50.0, 4, 0x406dc1fca49b3675, 0x4b12064c46adfe99),
    (21.0, 50.0, 9, 0x406dab5314b0afbe, 0x38a10a3d845af6e8),
    (-24.7, 15.3, 3, 0x408351a13c23f056, 0x5cf6234750c7ea26),
    (-24.7, 15.3, 7, 0x408351c7566082f2, 0x47dbc9d20f41ab8e),
    (38.8, 83.0, 10, 0x4091f9243aa01231, 0x2c509694ad021e57),
    (38.8, 83.0, 1, 0x4091fbde25f4f692, 0xbf86639a9fc52f91),
];

fn mix(mut v: u64) -> u64 {
    v = (v ^ (v >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    v = (v ^ (v >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    v ^ (v >> 31)
}

#[test]
fn the_second_edition_is_what_it_always_was() {
    let shape = SECOND.shape();
    for &(lat, lon, lod, height_bits, expected) in CHUNKS {
        let LatticePos { region, lattice } =
            shape.lattice_from_local(shape.local_from_geo(GeoPosition::new(lat, lon, 0.0)));
        let height_m = SECOND.ground_m(region, lattice.x, lattice.z, lod);
        let y = SECOND.surface_y(region, lattice.x, lattice.z) as i32 - 1;
        let voxel = ivec3(lattice.x as i32, y, lattice.z as i32);
        let mut chunk = Chunk::default();
        SECOND.fill(VoxelPos::new(region, voxel).chunk(lod), &mut chunk);
        let cells =
            (0..64).flat_map(|y| (0..64).flat_map(move |z| (0..64).map(move |x| [x, y, z])));
        let hash =
            cells.fold(0, |hash, [x, y, z]| mix(hash ^ u64::from(chunk.get(ivec3(x, y, z)).0)));
        assert_eq!(height_m.to_bits(), height_bits, "{lat}, {lon} at lod {lod}: {height_m} m");
        assert_eq!(hash, expected, "{lat}, {lon} at lod {lod}: {hash:016x}");
    }
}

#[test]
fn a_fingerprint_tells_the_edition() {
    let fingerprint = SECOND.fingerprint();
    assert_eq!(
        fingerprint,
        "earth-2 seed=1 grid=8640x4321:d218656001bd8afa cover=76ff3da9301a3eb8 summits=1a7c761f9ece310f"
    );
    assert_eq!(EarthEdition::of_fingerprint(&fingerprint), Some(EarthEdition::Second));
    assert_eq!(EarthSources::of_fingerprint(assets(), &fingerprint), Some(shipped()));
}
