//! Planes: hills from noise, and layers.

use bluemarble_core::{Chunk, ChunkKey, LatticeBox, MaterialId, VoxelBox};
use bluemarble_terrain::{Baseline, Classification, NoiseBaseline, Superflat, TerrainError};
use glam::{IVec3, ivec3};

use crate::support::{HILLS, MATERIALS, Oracle, Random};

#[test]
fn a_cell_of_the_hills_found_alone_is_the_cell_of_its_chunk() {
    let mut random = Random(10);
    for lod in 0..=12 {
        let key = ChunkKey::new(0, lod, ivec3(random.within(-4, 4), random.within(-1, 1), 2));
        let mut chunk = Chunk::default();
        HILLS.fill(key, &mut chunk);
        for _ in 0..100 {
            let mut along = || random.within(0, 64);
            let cell = ivec3(along(), along(), along());
            assert_eq!(chunk.get(cell), HILLS.cell(0, lod, key.pos * 64 + cell), "{key} {cell}");
        }
    }
}

#[test]
fn hills_have_land_and_water() {
    let mut random = Random(11);
    let mut seen = std::collections::HashMap::new();
    for _ in 0..2000 {
        let (x, z) = (random.within(-60_000, 60_000), random.within(-60_000, 60_000));
        *seen.entry(MATERIALS.name(HILLS.top(0, 0, x, z).1)).or_insert(0) += 1;
    }
    assert!(seen["grass"] > 600 && seen["water"] > 100, "{seen:?}");
}

#[test]
fn layers_lie_below_zero_and_coarse_lods_show_the_top_one() {
    let (grass, soil, granite) = (MaterialId(5), MaterialId(11), MaterialId(15));
    let world = Superflat::new(1.0, vec![(grass, 1), (soil, 3), (granite, 1)]).unwrap();
    let mut chunk = Chunk::default();
    world.fill(ChunkKey::new(0, 0, ivec3(0, -1, 0)), &mut chunk);
    let found = [63, 62, 60, 59, 0].map(|y| chunk.get(ivec3(7, y, 9)));
    assert_eq!(found, [grass, soil, soil, granite, granite]);
    world.fill(ChunkKey::new(0, 5, ivec3(0, -1, 0)), &mut chunk);
    assert_eq!([63, 62].map(|y| chunk.get(ivec3(7, y, 9))), [grass, granite]);
    let judge = |low: i32, high: i32, lod: u8| {
        let voxels = LatticeBox::new(IVec3::splat(low), ivec3(low + 5, high, low + 5));
        world.classify(VoxelBox::new(0, voxels), lod)
    };
    assert_eq!(judge(0, 64, 0), Classification::Uniform(MaterialId::AIR));
    assert_eq!(judge(-64, -5, 0), Classification::Uniform(granite));
    assert_eq!(judge(-64, -4, 0), Classification::Mixed);
    assert_eq!(judge(-3, -1, 0), Classification::Mixed);
    assert_eq!(world.surface_y(0, 0.0, 0.0), 0.0);
}

#[test]
fn voxels_without_a_size_are_refused() {
    for voxel_m in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = NoiseBaseline::new(voxel_m, 1, &MATERIALS).err().unwrap();
        assert!(matches!(error, TerrainError::Parameter { parameter: "voxel_m", .. }), "{error}");
        assert!(Superflat::new(voxel_m, Vec::new()).is_err());
    }
}
