//! Worlds made of a game's own functions.

use bluemarble_core::{Chunk, ChunkKey, LatticeBox, MaterialId, VoxelBox, VoxelPos};
use bluemarble_terrain::{
    Baseline, Classification, Ground, GroundClosure, Survey, TerrainError, VoxelClosure,
};
use glam::{IVec3, ivec3};

use crate::support::Random;

const GRASS: MaterialId = MaterialId(5);
const ROCK: MaterialId = MaterialId(15);

fn waves(x_m: f64, z_m: f64, _cell_m: f64) -> Ground {
    let height_m = 20.0 * (x_m * 0.05).sin() + 15.0 * (z_m * 0.03).cos();
    Ground { height_m, surface: GRASS, below: ROCK }
}

fn in_ball(voxel: IVec3, _lod: u8) -> MaterialId {
    if voxel.as_dvec3().length() < 100.0 { ROCK } else { MaterialId::AIR }
}

#[test]
fn a_ground_of_ones_own_has_its_surface_where_the_function_says() {
    let world = GroundClosure::new(0.5, "waves", -35.0..=35.0, waves).unwrap();
    let mut random = Random(1);
    let mut chunk = Chunk::default();
    for _ in 0..200 {
        let lod = random.within(0, 6) as u8;
        let key = ChunkKey::new(
            0,
            lod,
            ivec3(random.within(-9, 9), random.within(-3, 3), 1) >> i32::from(lod),
        );
        world.fill(key, &mut chunk);
        for _ in 0..50 {
            let mut along = || random.within(0, 64);
            let cell = ivec3(along(), along(), along());
            let middle_m =
                ((key.pos * 64 + cell).as_dvec3() + 0.5) * (0.5 * f64::from(key.cell_voxels()));
            let height_m = waves(middle_m.x, middle_m.z, 0.0).height_m;
            let above_m = middle_m.y + 0.5 * f64::from(key.cell_voxels());
            let expected = match (middle_m.y < height_m, above_m < height_m) {
                (false, _) => MaterialId::AIR,
                (true, false) => GRASS,
                (true, true) => ROCK,
            };
            assert_eq!(chunk.get(cell), expected, "{key} {cell}");
        }
    }
}

/// Checks every answer about boxes against the cells in them and beside them.
fn check(world: &dyn Baseline, random: &mut Random) -> usize {
    let mut decided = 0;
    let mut chunk = Chunk::default();
    for _ in 0..1500 {
        let lod = random.within(0, 9) as u8;
        let mut along = |reach: i32| random.within(-reach, reach);
        let min = ivec3(along(900), along(200), along(900));
        let size = ivec3(1, 1, 1) + ivec3(along(90), along(60), along(90)).abs();
        let voxels = LatticeBox::new(min, min + size);
        let key = VoxelPos::new(0, min).chunk(lod);
        let answer = world.classify(key.voxel_box(), lod);
        let survey = world.survey(key);
        world.fill(key, &mut chunk);
        match answer {
            Classification::Uniform(material) => assert_eq!(chunk.as_uniform(), Some(material)),
            Classification::Solid => assert!(!chunk.any_material(MaterialId::is_air), "{key}"),
            Classification::Mixed => {}
        }
        match survey {
            Survey::Uniform(material) => assert_eq!(chunk.as_uniform(), Some(material), "{key}"),
            Survey::Opaque => assert!(!chunk.any_material(MaterialId::is_air), "{key}"),
            Survey::Mixed => {}
        }
        decided += usize::from(answer != Classification::Mixed);
        // A part of a box is never less certain to be wrong than the whole.
        if world.classify(VoxelBox::new(0, voxels), lod) == Classification::Uniform(MaterialId::AIR)
        {
            let inside = key.pos * 64;
            let cell = (min >> i32::from(lod)) - inside;
            assert!(chunk.get(cell).is_air(), "{voxels:?} at lod {lod}");
        }
    }
    decided
}

#[test]
fn worlds_of_ones_own_are_never_misjudged() {
    let ground = GroundClosure::new(0.5, "waves", -35.0..=35.0, waves).unwrap();
    let decided = check(&ground, &mut Random(2));
    assert!(decided > 80, "{decided}");
    let ball = VoxelClosure::new(0.5, "ball", -100..100, in_ball).unwrap();
    let decided = check(&ball, &mut Random(3));
    assert!(decided > 50, "{decided}");
    assert_eq!(ball.surface_y(0, 0.0, 0.0), 100.0);
}

#[test]
fn what_a_function_must_not_say_does_no_harm() {
    let wild = |x_m: f64, _: f64, _: f64| Ground {
        height_m: if x_m > 0.0 { f64::NAN } else { f64::INFINITY },
        surface: GRASS,
        below: ROCK,
    };
    let world = GroundClosure::new(1.0, "wild", -5.0..=5.0, wild).unwrap();
    assert_eq!((world.surface_y(0, 9.0, 0.0), world.surface_y(0, -9.0, 0.0)), (-5.0, 5.0));
    let world = VoxelClosure::new(1.0, "reserved", 0..64, |_, _| MaterialId::UNSTORED).unwrap();
    let mut chunk = Chunk::default();
    world.fill(ChunkKey::new(0, 0, IVec3::ZERO), &mut chunk);
    assert_eq!(chunk.as_uniform(), Some(MaterialId::AIR));
    let error = GroundClosure::new(1.0, "none", 5.0..=-5.0, waves).err().unwrap();
    assert!(matches!(error, TerrainError::Parameter { parameter: "bounds_m", .. }), "{error}");
}
