//! Rays against a slow, obvious oracle: a walk from voxel to voxel.

use std::{collections::HashMap, sync::Arc};

use bluemarble_core::{
    CellPos, Chunk, ChunkKey, EditBatch, Face, LatticeBox, LatticePos, MaterialId, MaterialTable,
    Phase, REGION_EDGE, Ray, Shape, VoxelBox, VoxelPos,
};
use bluemarble_terrain::{Baseline, Classification, Ground, GroundClosure, NoiseBaseline};
use futures::executor::block_on;
use glam::{DVec3, IVec3, dvec3, ivec3};

use super::*;
use crate::{HybridWorld, RayTarget};

const WATER: MaterialId = MaterialId(1);
const GRANITE: MaterialId = MaterialId(10);
const BRICK: MaterialId = MaterialId(13);
const SEA: i32 = REGION_EDGE / 2;

/// A planet of water over rock: what is above is edited.
struct Ocean;

impl Baseline for Ocean {
    fn shape(&self) -> Shape {
        Shape::earth()
    }

    fn fill(&self, key: ChunkKey, chunk: &mut Chunk) {
        let min = key.min_voxel().y;
        let layer = |y: usize| Self::layer(min + (y as i32) * key.cell_voxels());
        let cells: Vec<_> = (0..64).flat_map(|y| [layer(y); 4096]).collect();
        *chunk = Chunk::from_cells(&cells);
    }

    fn classify(&self, voxels: VoxelBox, _lod: u8) -> Classification {
        let VoxelBox { voxels, .. } = voxels;
        match (voxels.min.y, voxels.max.y) {
            (min, _) if min >= SEA => Classification::Uniform(MaterialId::AIR),
            (min, max) if min > SEA - 40 && max < SEA => Classification::Uniform(WATER),
            (_, max) if max < SEA - 40 => Classification::Uniform(GRANITE),
            _ => Classification::Mixed,
        }
    }

    fn surface_y(&self, _region: u8, _x: f64, _z: f64) -> f64 {
        f64::from(SEA)
    }

    fn fingerprint(&self) -> String {
        "ocean".to_owned()
    }
}

impl Ocean {
    fn layer(y: i32) -> MaterialId {
        match y - SEA {
            0.. => MaterialId::AIR,
            -40.. => WATER,
            _ => GRANITE,
        }
    }
}

/// Numbers that look random and are the same each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, end: i32) -> i32 {
        (self.next() % end as u64) as i32
    }

    /// 0..1.
    fn share(&mut self) -> f64 {
        self.next() as f64 / f64::from(1u32 << 31)
    }

    fn within(&mut self, half: f64) -> f64 {
        (self.share() * 2.0 - 1.0) * half
    }

    fn direction(&mut self) -> DVec3 {
        loop {
            let direction = dvec3(self.within(1.0), self.within(1.0), self.within(1.0));
            if (0.01..1.0).contains(&direction.length_squared()) {
                return direction.normalize();
            }
        }
    }
}

/// Walks from voxel to voxel, on a planet from region to region, and reads each.
struct Walker {
    world: HybridWorld,
    chunks: HashMap<ChunkKey, Chunk>,
}

impl Walker {
    fn new(world: &HybridWorld) -> Self {
        Self { world: world.clone(), chunks: HashMap::new() }
    }

    fn material(&mut self, pos: VoxelPos) -> MaterialId {
        let key = pos.chunk(0);
        let read = || block_on(self.world.read(key)).expect("reads");
        self.chunks.entry(key).or_insert_with(read).get(pos.voxel & 63)
    }

    fn stops(&self, target: RayTarget, material: MaterialId) -> bool {
        let row = self.world.materials().get(material).expect("a known material");
        row.phase != Phase::Empty && (target == RayTarget::Visible || row.phase != Phase::Liquid)
    }

    /// Every stretch of one material that stops the ray.
    fn hits(&mut self, ray: &Ray, max_m: f64, target: RayTarget, most: usize) -> Vec<RayHit> {
        let shape = self.world.shape();
        let mut region = shape.lattice_from_local(ray.origin).region;
        let (mut start_m, mut inside) = (0.0, None);
        let mut hits = Vec::new();
        'regions: loop {
            for step in shape.walk(*ray, region, 0, start_m) {
                if step.enter_m > max_m || hits.len() == most {
                    return hits;
                }
                if !shape.region_box().contains(step.cell) {
                    let Some(place) = shape.fold(CellPos::new(region, 0, step.cell)) else {
                        return hits;
                    };
                    (region, start_m) = (place.region, step.enter_m);
                    continue 'regions;
                }
                let material = self.material(VoxelPos::new(region, step.cell));
                if !self.stops(target, material) {
                    inside = None;
                } else if inside != Some(material) {
                    inside = Some(material);
                    hits.push(RayHit {
                        pos: VoxelPos::new(region, step.cell),
                        lod: 0,
                        // Not known just beyond a border.
                        face: step.entered,
                        material,
                        distance_m: step.enter_m,
                        point: ray.at(step.enter_m),
                    });
                }
            }
        }
    }
}

/// Ground, water, floating blocks, hollow rock.
fn shaped(baseline: Arc<dyn Baseline>, region: u8, centre: IVec3, seed: u64) -> HybridWorld {
    let world = HybridWorld::in_memory(baseline, MaterialTable::standard());
    let mut random = Random(seed);
    let mut batch = EditBatch::new();
    let lattice = world.shape().region_box();
    for i in 0..400 {
        let offset =
            ivec3(random.below(160), random.below(70), random.below(160)) - ivec3(80, 30, 80);
        let at = (centre + offset).clamp(lattice.min + 1, lattice.max - 12);
        let material = [MaterialId::AIR, BRICK, WATER, GRANITE][i % 4];
        match i % 3 {
            0 => {
                let size = ivec3(random.below(9), random.below(9), random.below(9)) + 1;
                batch.fill_box(VoxelBox::new(region, LatticeBox::new(at, at + size)), material);
            }
            1 => {
                batch.fill_sphere(
                    LatticePos::new(region, at.as_dvec3() + random.share()),
                    1.0 + random.share() * 7.0,
                    material,
                );
            }
            _ => {
                batch.set(VoxelPos::new(region, at), material);
            }
        }
    }
    block_on(world.edit(&batch)).expect("edits");
    world
}

fn same(hit: &RayHit, oracle: &RayHit) -> bool {
    let face = if oracle.distance_m > 0.0 { oracle.face.or(hit.face) } else { oracle.face };
    (hit.pos, hit.face, hit.material) == (oracle.pos, face, oracle.material)
        && (hit.distance_m - oracle.distance_m).abs() <= 1e-6 * oracle.distance_m.max(1.0)
}

/// Rays of all kinds around a place: `up` is where the sky is, `axes` are those of the lattice there.
fn ray(random: &mut Random, kind: usize, place: DVec3, axes: [DVec3; 3], voxel_m: f64) -> Ray {
    let [x, up, z] = axes;
    let mut from = |half: f64, low: f64, high: f64| {
        let height = low + (high - low) * random.share();
        place + (x * random.within(half) + z * random.within(half) + up * height) * voxel_m
    };
    match kind % 6 {
        // From the air, anywhere.
        0 => Ray { origin: from(100.0, 0.0, 90.0), direction: random.direction() },
        // From inside of rock.
        1 => Ray { origin: from(80.0, -30.0, 0.0), direction: random.direction() },
        // Along the ground.
        2 => {
            let origin = from(90.0, -2.0, 12.0);
            let flat = x * random.within(1.0) + z * random.within(1.0);
            Ray { origin, direction: (flat.normalize_or(x) + up * random.within(0.05)).normalize() }
        }
        // Straight down.
        3 => Ray { origin: from(90.0, 20.0, 90.0), direction: -up },
        // Along an axis of the lattice.
        4 => Ray {
            origin: from(90.0, -20.0, 30.0),
            direction: [x, -x, z, -z, up, -up][random.next() as usize % 6],
        },
        _ => Ray {
            origin: from(100.0, 60.0, 400.0),
            direction: (random.direction() - up).normalize(),
        },
    }
}

fn compare(world: &HybridWorld, rays: impl Iterator<Item = Ray>, max_m: f64, most: usize) -> usize {
    let mut reader = world.reader();
    let mut walker = Walker::new(world);
    let mut hits = 0;
    for (i, ray) in rays.enumerate() {
        let target = if i % 3 == 0 { RayTarget::Solid } else { RayTarget::Visible };
        let options = RayOptions { max_m, target, spread: 0.0 };
        let found = reader.all_hits(&ray, &options, most).expect("reads");
        let expected = walker.hits(&ray, options.max_m, target, most);
        let agree = found.len() == expected.len()
            && found.iter().zip(&expected).all(|(hit, oracle)| same(hit, oracle));
        assert!(agree, "ray {i}, {ray:?}, {target:?}:\n{found:#?}\nexpected\n{expected:#?}");
        hits += found.len();
    }
    hits
}

fn hills() -> Arc<dyn Baseline> {
    Arc::new(NoiseBaseline::new(0.5, 7, &MaterialTable::standard()).expect("hills"))
}

#[test]
fn in_a_flat_world_50_000_rays_hit_what_a_walk_from_voxel_to_voxel_hits() {
    let far = REGION_EDGE - 3000;
    for (seed, x, z) in [(1, 0, 0), (2, -far, far)] {
        let baseline = hills();
        let y = baseline.surface_y(0, f64::from(x), f64::from(z)) as i32;
        let world = shaped(baseline, 0, ivec3(x, y, z), seed);
        let place = ivec3(x, y, z).as_dvec3() * 0.5;
        let mut random = Random(seed);
        let rays =
            (0..25_000).map(|i| ray(&mut random, i, place, [DVec3::X, DVec3::Y, DVec3::Z], 0.5));
        let hits = compare(&world, rays, 250.0, 1);
        assert!(hits > 15_000, "{hits}");
    }
}

#[test]
fn in_a_world_that_nobody_has_edited_yet_the_first_chunk_of_all_is_seen_too() {
    let ground = |_: f64, _: f64, _: f64| Ground { height_m: 30.0, surface: BRICK, below: GRANITE };
    let plain = GroundClosure::new(1.0, "plain", 0.0..=40.0, ground).expect("a baseline");
    let world = HybridWorld::in_memory(Arc::new(plain), MaterialTable::standard());
    let mut reader = world.reader();
    for x in [-100, 5] {
        let ray = Ray { origin: dvec3(f64::from(x) + 0.5, 50.5, 5.5), direction: DVec3::NEG_Y };
        let hit = reader.first_hit(&ray, &RayOptions::default()).expect("casts").expect("ground");
        assert_eq!((hit.pos.voxel, hit.material), (ivec3(x, 29, 5), BRICK));
    }
}

#[test]
fn rays_along_edges_and_through_corners_hit_what_a_walk_hits() {
    let world = shaped(hills(), 0, ivec3(0, 10, 0), 3);
    let mut random = Random(4);
    // Exactly on borders of voxels, in directions that meet several borders at once.
    let rays = (0..10_000).map(|_| {
        let mut half = || f64::from(random.below(400) - 200) * 0.25;
        let origin = dvec3(half(), half() * 0.5 + 20.0, half());
        let step = ivec3(random.below(3), random.below(3), random.below(3)) - 1;
        let direction = step.as_dvec3().normalize_or(DVec3::NEG_Y);
        Ray { origin, direction }
    });
    let hits = compare(&world, rays, 250.0, 4);
    assert!(hits > 4000, "{hits}");
}

#[test]
fn all_stretches_of_a_ray_are_those_of_a_walk() {
    let world = shaped(hills(), 0, ivec3(0, 10, 0), 5);
    let mut random = Random(6);
    let rays = (0..3000)
        .map(|i| ray(&mut random, i, dvec3(0.0, 5.0, 0.0), [DVec3::X, DVec3::Y, DVec3::Z], 0.5));
    let hits = compare(&world, rays, 250.0, 1000);
    assert!(hits > 9000, "{hits}");
}

#[test]
fn on_a_planet_40_000_rays_hit_what_a_walk_from_voxel_to_voxel_hits() {
    // In the middle of a face, at an edge between two, at a corner between three, near the bottom.
    let middle = REGION_EDGE / 2;
    for (seed, x, y, z) in [
        (1, middle, SEA, middle),
        (2, 70, SEA, middle / 3),
        (3, REGION_EDGE - 40, SEA, REGION_EDGE - 50),
        (4, middle + 999, SEA, REGION_EDGE - 20),
    ] {
        let world = shaped(Arc::new(Ocean), 4, ivec3(x, y, z), seed);
        let shape = world.shape();
        let place = shape.local_from_lattice(LatticePos::new(4, ivec3(x, y, z).as_dvec3()));
        let axes =
            [Face::PosX, Face::PosY, Face::PosZ].map(|face| shape.face_normal(4, place, face));
        let mut random = Random(seed);
        let rays = (0..10_000).map(|i| ray(&mut random, i, place, axes, shape.voxel_m()));
        let hits = compare(&world, rays, 80.0, 2);
        assert!(hits > 6000, "{seed}: {hits}");
    }
}

#[test]
fn a_ray_from_orbit_goes_through_the_planet_and_out_on_the_other_side() {
    let world = HybridWorld::in_memory(Arc::new(Ocean), MaterialTable::standard());
    let mut reader = world.reader();
    let radius_m = 6_371_008.8;
    for up in [dvec3(0.3, 0.2, 0.9).normalize(), DVec3::X, dvec3(1.0, 1.0, 0.0).normalize()] {
        for away_m in [7e6, 2e7] {
            let ray = Ray { origin: up * away_m, direction: -up };
            let hits = reader.all_hits(&ray, &RayOptions::default(), 100).expect("reads");
            let found: Vec<_> = hits.iter().map(|hit| (hit.material, hit.face)).collect();
            // Into the sea, into the rock, out of the void within into rock again, into the sea.
            let expected = [
                (WATER, Some(Face::PosY)),
                (GRANITE, Some(Face::PosY)),
                (GRANITE, Some(Face::NegY)),
                (WATER, Some(Face::NegY)),
            ];
            assert_eq!(found, expected, "{up} {away_m}");
            assert!((hits[0].distance_m - (away_m - radius_m)).abs() < 0.01);
            assert!(hits[0].normal(&world.shape()).expect("a side").dot(up) > 0.999_999);
        }
    }
    let past = Ray { origin: dvec3(-2e7, radius_m + 10.0, 0.0), direction: DVec3::X };
    assert_eq!(reader.first_hit(&past, &RayOptions::default()).expect("reads"), None);
}

#[test]
fn a_cone_meets_cells_that_are_no_wider_than_it_and_lie_where_the_line_ends() {
    let world = shaped(hills(), 0, ivec3(0, 10, 0), 8);
    block_on(world.update_parents()).expect("updates");
    let mut reader = world.reader();
    let mut random = Random(9);
    let (mut coarse, mut chunks) = (0, Walker::new(&world));
    for _ in 0..2000 {
        let origin =
            dvec3(random.within(300.0), 150.0 + random.share() * 2000.0, random.within(300.0));
        let direction = (random.direction() * 0.5 - DVec3::Y).normalize();
        let ray = Ray { origin, direction };
        let line = reader.first_hit(&ray, &RayOptions::default()).expect("reads").expect("ground");
        let thin = RayOptions { spread: 1e-9, ..RayOptions::default() };
        assert_eq!(reader.first_hit(&ray, &thin).expect("reads"), Some(line));
        let cone = RayOptions { spread: 0.01, ..RayOptions::default() };
        let hit = reader.first_hit(&ray, &cone).expect("reads").expect("ground");
        let cell_m = 0.5 * f64::from(1 << hit.lod);
        assert!(hit.lod == 0 || cell_m <= 0.01 * hit.distance_m, "{hit:?}");
        let key = hit.key();
        let read = || block_on(world.read(key)).expect("reads");
        let chunk = chunks.chunks.entry(key).or_insert_with(read);
        let material = chunk.get(hit.pos.cell(hit.lod).cell & 63);
        assert_eq!(material, hit.material);
        assert!(!material.is_air());
        // Thin things are not seen from afar, and hills are a cell higher or lower.
        if (hit.distance_m - line.distance_m).abs() <= 4.0 * cell_m {
            coarse += usize::from(hit.lod > 2);
        }
    }
    assert!(coarse > 1200, "{coarse} of 2000 cones end where their lines do");
}
