//! `classify` is never wrong, and seldom at a loss.

use bluemarble_core::{
    Chunk, ChunkKey, GeoPosition, LatticeBox, LatticePos, MaterialId, VoxelBox, VoxelPos,
};
use bluemarble_terrain::{Baseline, Classification, Survey};
use glam::{IVec3, ivec3};

use crate::support::{EARTH, FIRST, HILLS, MATERIALS, Oracle, Random};

/// A box near the surface, or now and then anywhere: a chunk or any other box.
fn random_box(world: &impl Oracle, random: &mut Random, lod: u8) -> (u8, LatticeBox) {
    let bounds = world.shape().region_box();
    let (region, x, z) = random.column(world.shape(), lod);
    let (x, z) = (x << lod, z << lod);
    let surface = world.surface_y(region, f64::from(x), f64::from(z));
    let away = (random.unit() - 0.5) * 2.0;
    let reach = f64::from(64i32 << lod) * 3.0 + 60_000.0 * f64::from(u8::from(away > 0.8));
    let low = f64::from(bounds.min.y);
    let high = f64::from(bounds.max.y) - 1.0;
    let y = (surface + away.powi(3) * reach).clamp(low, high) as i32;
    if random.unit() < 0.5 {
        return (region, VoxelPos::new(region, ivec3(x, y, z)).chunk(lod).lattice_box());
    }
    let mut side = || random.within(1, 64 << lod);
    let min = ivec3(x, y, z);
    let max = (min + ivec3(side(), side(), side())).min(bounds.max);
    (region, LatticeBox::new(min, max))
}

/// The cells of a lod that overlap a box and, if `beside`, those that touch them.
fn cells(voxels: LatticeBox, lod: u8, beside: i32) -> (IVec3, IVec3) {
    let min = (voxels.min >> i32::from(lod)) - beside;
    let max = ((voxels.max - 1) >> i32::from(lod)) + beside;
    (min, max)
}

/// Whether a box is decided; then all that is looked at must be as it says.
fn is_judged_well(
    world: &impl Oracle,
    random: &mut Random,
    region: u8,
    voxels: LatticeBox,
    lod: u8,
) -> bool {
    let answer = world.classify(VoxelBox::new(region, voxels), lod);
    if answer == Classification::Mixed {
        return false;
    }
    let finer = lod - random.within(0, i32::from(lod) + 1).min(4) as u8;
    for lod_seen in [lod, finer] {
        let is_air = answer == Classification::Uniform(MaterialId::AIR);
        let (min, max) = cells(voxels, lod_seen, i32::from(!is_air));
        for _ in 0..4 {
            let (x, z) = (random.within(min.x, max.x + 1), random.within(min.z, max.z + 1));
            for y in [min.y, max.y, random.within(min.y, max.y + 1)] {
                let found = world.cell(region, lod_seen, ivec3(x, y, z));
                let holds = match answer {
                    Classification::Uniform(material) => found == material,
                    Classification::Solid => MATERIALS.is_opaque(found),
                    Classification::Mixed => true,
                };
                assert!(
                    holds,
                    "{answer:?} of {voxels:?} in region {region} at lod {lod}, but cell {x},{y},{z} \
                     of lod {lod_seen} is {}",
                    MATERIALS.name(found)
                );
            }
        }
    }
    true
}

fn check(world: &impl Oracle, random: &mut Random, boxes: usize) -> usize {
    let mut decided = 0;
    for _ in 0..boxes {
        let lod = random.within(0, 21) as u8;
        let (region, voxels) = random_box(world, random, lod);
        decided += usize::from(is_judged_well(world, random, region, voxels, lod));
    }
    decided
}

#[test]
fn the_earth_is_never_misjudged() {
    let decided = check(&*EARTH, &mut Random(1), 7000);
    assert!(decided > 3000, "only {decided} of 7000 boxes were decided");
}

#[test]
fn sand_seas_are_never_misjudged() {
    let shape = EARTH.shape();
    let (mut random, mut decided) = (Random(16), 0);
    for (lat, lon) in
        [(24.2, 8.6), (30.5, 1.0), (30.5, 7.5), (21.0, 50.0), (-24.7, 15.3), (38.8, 83.0)]
    {
        for _ in 0..600 {
            let lod = random.within(0, 14) as u8;
            let place = GeoPosition::new(lat + random.unit(), lon + random.unit(), 0.0);
            let LatticePos { region, lattice: at } =
                shape.lattice_from_local(shape.local_from_geo(place));
            let up =
                (random.unit() - 0.5) * 6000.0 + f64::from(256i32 << lod) * (random.unit() - 0.5);
            let y = EARTH.surface_y(region, at.x, at.z) + up;
            let key = VoxelPos::new(region, ivec3(at.x as i32, y as i32, at.z as i32)).chunk(lod);
            decided +=
                usize::from(is_judged_well(&*EARTH, &mut random, region, key.lattice_box(), lod));
        }
    }
    assert!(decided > 1000, "only {decided} of 3600 boxes were decided");
}

#[test]
fn the_first_edition_is_never_misjudged() {
    let decided = check(&*FIRST, &mut Random(1), 7000);
    assert!(decided > 3000, "only {decided} of 7000 boxes were decided");
}

#[test]
fn hills_are_never_misjudged() {
    let decided = check(&*HILLS, &mut Random(2), 3000);
    assert!(decided > 1000, "only {decided} of 3000 boxes were decided");
}

#[test]
fn whole_chunks_are_what_they_were_judged_to_be() {
    let mut random = Random(3);
    let mut decided = 0;
    let mut chunk = Chunk::default();
    for _ in 0..150 {
        let lod = random.within(0, 21) as u8;
        let (region, voxels) = random_box(&*EARTH, &mut random, lod);
        let key = VoxelPos::new(region, voxels.min).chunk(lod);
        let answer = EARTH.classify_key(key);
        EARTH.fill(key, &mut chunk);
        match answer {
            Classification::Uniform(material) => assert_eq!(chunk.as_uniform(), Some(material)),
            Classification::Solid => assert!(!chunk.any_material(|m| !MATERIALS.is_opaque(m))),
            Classification::Mixed => continue,
        }
        decided += 1;
    }
    assert!(decided > 30, "{decided}");
}

#[test]
fn a_survey_tells_what_a_fill_makes() {
    let mut random = Random(4);
    let mut chunk = Chunk::default();
    let (mut uniform, mut opaque) = (0, 0);
    for _ in 0..400 {
        let lod = random.within(0, 21) as u8;
        let (region, voxels) = random_box(&*EARTH, &mut random, lod);
        let key = VoxelPos::new(region, voxels.min).chunk(lod);
        EARTH.fill(key, &mut chunk);
        match EARTH.survey(key) {
            Survey::Uniform(material) => {
                uniform += 1;
                assert_eq!(chunk.as_uniform(), Some(material), "{key}");
            }
            Survey::Opaque => {
                opaque += 1;
                assert!(!chunk.any_material(|m| !MATERIALS.is_opaque(m)), "{key}");
            }
            Survey::Mixed => assert_eq!(chunk.as_uniform(), None, "{key} was not recognised"),
        }
    }
    assert!(uniform > 100 && opaque > 5, "{uniform} uniform, {opaque} opaque");
}

trait ClassifyKey: Oracle {
    fn classify_key(&self, key: ChunkKey) -> Classification {
        self.classify(key.voxel_box(), key.lod)
    }
}

impl<T: Oracle> ClassifyKey for T {}
