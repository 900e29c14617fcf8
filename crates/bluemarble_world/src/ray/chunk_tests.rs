use bluemarble_core::{
    CHUNK_EDGE, CHUNK_VOLUME, Chunk, ChunkKey, Face, Flat, LatticePos, MaterialId, REGION_EDGE,
    Ray, Shape, VoxelPos, cell_position,
};
use glam::{DVec3, IVec3, dvec3, ivec3};
use proptest::prelude::*;

use super::{RayHit, first_hit_in_chunk};

const WATER: MaterialId = MaterialId(1);
const BRICK: MaterialId = MaterialId(13);

/// What rays are asked to hit: not air, and not water.
fn is_solid(material: MaterialId) -> bool {
    material == BRICK
}

fn noise(seed: u64, index: usize) -> u64 {
    let mut h = seed ^ (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    h = (h ^ h >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    h ^ h >> 29
}

/// Scattered cells, a layered ground with water on it, and everything.
fn chunk(kind: u32, seed: u64) -> Chunk {
    let material = |index: usize| {
        let cell = cell_position(index);
        let one_in = |many: u64| noise(seed, index).is_multiple_of(many);
        match kind {
            0 if one_in(3000) => BRICK,
            1 if one_in(60) => BRICK,
            2 if cell.y < 20 + (cell.x / 9 + cell.z / 5) % 7 => BRICK,
            2 if cell.y < 24 || one_in(40) => WATER,
            3 => BRICK,
            _ => MaterialId::AIR,
        }
    };
    Chunk::from_cells(&(0..CHUNK_VOLUME).map(material).collect::<Vec<_>>())
}

fn pick(shape: &Shape, ray: &Ray, key: ChunkKey, chunk: &Chunk) -> Option<RayHit> {
    let span_m = shape.node_bounds(key).ray_span_m(ray)?;
    first_hit_in_chunk(shape, ray, key, chunk, span_m, is_solid)
}

/// The cell within its chunk.
fn cell_of(hit: &RayHit) -> IVec3 {
    hit.pos.cell(hit.lod).cell - hit.key().pos * CHUNK_EDGE
}

fn entered(hit: &RayHit) -> Face {
    hit.face.expect("the ray comes from outside")
}

/// What every hit must be, whatever the shape.
fn check_hit(hit: &RayHit, ray: &Ray, key: ChunkKey, chunk: &Chunk) -> Result<(), TestCaseError> {
    prop_assert_eq!(hit.key(), key);
    let cell = cell_of(hit);
    prop_assert!(Chunk::is_cell(cell));
    prop_assert_eq!(hit.material, chunk.get(cell));
    prop_assert!(is_solid(hit.material));
    let voxel = key.min_voxel() + cell * key.cell_voxels();
    prop_assert_eq!(hit.pos, VoxelPos::new(key.region, voxel));
    prop_assert!(hit.distance_m >= 0.0);
    prop_assert_eq!(hit.point, ray.at(hit.distance_m));
    Ok(())
}

/// Distance at which a ray enters a box, 0 inside; `None` if it misses.
fn enter_box(ray: &Ray, low: DVec3, high: DVec3) -> Option<f64> {
    let (mut enter, mut leave) = (0.0f64, f64::INFINITY);
    for axis in 0..3 {
        let (origin, speed) = (ray.origin[axis], ray.direction[axis]);
        if speed == 0.0 {
            if origin < low[axis] || origin > high[axis] {
                return None;
            }
            continue;
        }
        let (a, b) = ((low[axis] - origin) / speed, (high[axis] - origin) / speed);
        enter = enter.max(a.min(b));
        leave = leave.min(a.max(b));
    }
    (enter <= leave).then_some(enter)
}

const FLAT: Shape = Shape::Flat(Flat { voxel_m: 0.5 });

/// The box of a cell in local space, grown by a margin in metres.
fn cell_box(key: ChunkKey, cell: IVec3, margin: f64) -> (DVec3, DVec3) {
    let cell_m = f64::from(key.cell_voxels()) * FLAT.voxel_m();
    let low = (key.pos * CHUNK_EDGE + cell).as_dvec3() * cell_m;
    (low - margin, low + cell_m + margin)
}

/// The nearest of all cells, found by looking at each of them.
fn nearest(ray: &Ray, key: ChunkKey, chunk: &Chunk, margin: f64) -> Option<f64> {
    (0..CHUNK_VOLUME)
        .filter(|&index| is_solid(chunk.get_index(index)))
        .filter_map(|index| {
            let (low, high) = cell_box(key, cell_position(index), margin);
            enter_box(ray, low, high)
        })
        .min_by(f64::total_cmp)
}

/// Directions in general, along axes and within planes of the lattice.
fn any_direction() -> impl Strategy<Value = DVec3> {
    let axis = || prop_oneof![4 => -1.0..1.0f64, 1 => Just(0.0)];
    prop_oneof![
        4 => (axis(), axis(), axis()).prop_map(|(x, y, z)| dvec3(x, y, z)),
        1 => prop::sample::select(vec![
            DVec3::X, DVec3::Y, DVec3::Z, DVec3::NEG_X, DVec3::NEG_Y, DVec3::NEG_Z,
        ]),
    ]
    .prop_filter("no direction", |direction| direction.length() > 0.1)
    .prop_map(DVec3::normalize)
}

/// Positions in chunks from a chunk's corner, mostly inside, sometimes on borders of cells.
fn any_place() -> impl Strategy<Value = DVec3> {
    let axis =
        || prop_oneof![-0.7..1.7f64, 0.0..1.0f64, (0..=128).prop_map(|i| f64::from(i) / 128.0)];
    (axis(), axis(), axis()).prop_map(|(x, y, z)| dvec3(x, y, z))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn in_a_flat_world_the_first_hit_is_the_nearest_of_all_cells(
        kind in 0u32..4, seed: u64, lod in 0u8..5, pos in (-3i32..3, -3i32..3, -3i32..3),
        place in any_place(), direction in any_direction(),
    ) {
        const MARGIN: f64 = 1e-7;
        let key = ChunkKey::new(0, lod, pos.into());
        let edge_m = f64::from(key.edge_voxels()) * FLAT.voxel_m();
        let ray = Ray { origin: (key.pos.as_dvec3() + place) * edge_m, direction };
        let chunk = chunk(kind, seed);
        let hit = pick(&FLAT, &ray, key, &chunk);
        // Where the ray runs along a border, either side of it is right.
        let surely = nearest(&ray, key, &chunk, -MARGIN);
        let perhaps = nearest(&ray, key, &chunk, MARGIN);
        let Some(hit) = hit else {
            prop_assert!(surely.is_none(), "missed a cell {:?} m away", surely);
            return Ok(());
        };
        check_hit(&hit, &ray, key, &chunk)?;
        prop_assert!(perhaps.is_some_and(|distance| hit.distance_m >= distance - 1e-6));
        prop_assert!(surely.is_none_or(|distance| hit.distance_m <= distance + 1e-6));
        let (low, high) = cell_box(key, cell_of(&hit), 1e-6);
        prop_assert!(hit.point.cmpge(low).all() && hit.point.cmple(high).all());
        if hit.distance_m > 0.0 {
            let axis = entered(&hit).axis();
            let side = if entered(&hit).is_positive() { high[axis] } else { low[axis] };
            prop_assert!((hit.point[axis] - side).abs() < 1e-5, "{:?} was not crossed", hit.face);
            prop_assert!(entered(&hit).normal().as_dvec3().dot(direction) < 0.0);
        } else if surely == Some(0.0) {
            prop_assert_eq!(hit.face, None);
        }
    }
}

/// What is solid along a ray in a chunk of a planet, found by small steps: the distance of the first step
/// that is, and the cell it lies in.
fn first_step(shape: &Shape, ray: &Ray, key: ChunkKey, chunk: &Chunk) -> Option<f64> {
    let (enter, leave) = shape.node_bounds(key).ray_span_m(ray)?;
    let step_m = 0.02 * shape.voxel_m() * f64::from(key.cell_voxels());
    let steps = ((leave - enter) / step_m) as usize;
    (0..=steps).map(|step| enter + step as f64 * step_m).find(|&distance| {
        let cell = cell_at(shape, ray, key, distance).floor().as_ivec3();
        Chunk::is_cell(cell) && is_solid(chunk.get(cell))
    })
}

/// Where a ray is at a distance, in cells from the chunk's corner.
fn cell_at(shape: &Shape, ray: &Ray, key: ChunkKey, distance_m: f64) -> DVec3 {
    let lattice = shape.lattice_from_local_in(key.region, ray.at(distance_m)).lattice;
    (lattice - key.min_voxel().as_dvec3()) / f64::from(key.cell_voxels())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn on_a_planet_the_first_hit_is_what_small_steps_find(
        kind in 0u32..4, seed: u64, region in 0u8..6, lod in 0u8..=16,
        x in 0u32..=u32::MAX, z in 0u32..=u32::MAX, above in -1i32..=1,
        target in any_place(), direction in any_direction(), away in 0.0..3.0f64,
    ) {
        let shape = Shape::earth();
        // Anywhere, but often in the first and the last chunk of a region.
        let end = 1u32 << (20 - lod);
        let along = |v: u32| match v % 4 { 0 => 0, 1 => end - 1, _ => (v / 4) % end } as i32;
        let y = (REGION_EDGE / 2) >> (6 + lod);
        let key = ChunkKey::new(region, lod, ivec3(along(x), y + above, along(z)));
        let edge = f64::from(key.edge_voxels());
        // Not exactly on the chunk's own border, where either side is right.
        let target = target.clamp(DVec3::splat(0.002), DVec3::splat(0.998));
        let aim = shape.local_from_lattice(LatticePos::new(region, key.min_voxel().as_dvec3() + target * edge));
        let ray = Ray { origin: aim - direction * away * edge * shape.voxel_m(), direction };
        let cell_m = shape.voxel_m() * f64::from(key.cell_voxels());
        let chunk = chunk(kind, seed);
        let step = first_step(&shape, &ray, key, &chunk);
        let Some(hit) = pick(&shape, &ray, key, &chunk) else {
            prop_assert!(step.is_none(), "missed what lies {:?} m away", step);
            return Ok(());
        };
        check_hit(&hit, &ray, key, &chunk)?;
        prop_assert!(step.is_none_or(|step| step > hit.distance_m - 1e-4 * cell_m - 1e-6), "{:?} lies before {:?}", step, hit);
        prop_assert!(step.is_none_or(|step| step < hit.distance_m + 0.03 * cell_m) || kind != 3);
        // The point lies on the side that was hit, and the ray goes on into the cell.
        let inside = cell_at(&shape, &ray, key, hit.distance_m) - cell_of(&hit).as_dvec3();
        prop_assert!(inside.cmpge(DVec3::splat(-1e-4)).all() && inside.cmple(DVec3::splat(1.0001)).all(), "{}", inside);
        if hit.distance_m > 0.0 {
            let axis = entered(&hit).axis();
            let side = if entered(&hit).is_positive() { 1.0 } else { 0.0 };
            prop_assert!((inside[axis] - side).abs() < 1e-4, "{:?} was not crossed: {}", hit.face, inside);
            let delta = 1e-3 * cell_m;
            let on = cell_at(&shape, &ray, key, hit.distance_m + delta)[axis];
            let back = cell_at(&shape, &ray, key, hit.distance_m - delta)[axis];
            let inwards = if entered(&hit).is_positive() { back - on } else { on - back };
            prop_assert!(inwards > -1e-5, "{:?} is left and not entered", hit.face);
        } else {
            prop_assert_eq!(hit.face, None);
        }
    }
}

#[test]
fn a_ray_straight_down_hits_the_top_of_a_voxel() {
    let shape = Shape::earth();
    let sea = REGION_EDGE / 2;
    let ground = chunk(2, 0);
    for region in 0..6 {
        let key = VoxelPos::new(region, ivec3(12_345_678, sea, 54_321_000)).chunk(0);
        let above = key.min_voxel().as_dvec3() + dvec3(10.5, 5000.0, 20.5);
        let origin = shape.local_from_lattice(LatticePos::new(region, above));
        let ray = Ray { origin, direction: -origin.normalize() };
        let hit = pick(&shape, &ray, key, &ground).expect("the ground");
        assert_eq!((cell_of(&hit).x, cell_of(&hit).z, hit.face), (10, 20, Some(Face::PosY)));
        let top = f64::from(cell_of(&hit).y) + 1.0;
        assert!((hit.distance_m - (5000.0 - top) * shape.voxel_m()).abs() < 1e-6);
        let inside = shape.lattice_from_local(hit.point - shape.up(hit.point) * 1e-3);
        assert_eq!(inside.voxel(), hit.pos);
    }
}

#[test]
fn what_lies_behind_a_ray_or_beside_it_is_not_hit() {
    let key = ChunkKey::new(0, 0, IVec3::ZERO);
    let mut only = Chunk::default();
    only.set(ivec3(30, 30, 30), BRICK);
    let from = |x: f64, y: f64, direction| Ray { origin: dvec3(x, y, 30.5) * 0.5, direction };
    let hit = pick(&FLAT, &from(20.5, 30.5, DVec3::X), key, &only).expect("ahead");
    assert_eq!(
        (cell_of(&hit), hit.face, hit.distance_m),
        (ivec3(30, 30, 30), Some(Face::NegX), 9.5 * 0.5)
    );
    assert_eq!(pick(&FLAT, &from(31.5, 30.5, DVec3::X), key, &only), None);
    assert_eq!(pick(&FLAT, &from(20.5, 31.5, DVec3::X), key, &only), None);
    let inside = pick(&FLAT, &from(30.5, 30.5, DVec3::NEG_Z), key, &only).expect("inside");
    assert_eq!((inside.face, inside.distance_m), (None, 0.0));
    let water = Chunk::uniform(WATER);
    assert_eq!(pick(&FLAT, &from(20.5, 30.5, DVec3::X), key, &water), None);
}

#[test]
fn a_ray_along_the_border_of_two_regions_does_not_fall_between_them() {
    let shape = Shape::earth();
    let solid = Chunk::uniform(BRICK);
    for region in 0..6 {
        for z in [7.25, 1e7 + 0.5, f64::from(REGION_EDGE) * 0.5, 6e7 + 0.125] {
            let lattice = dvec3(0.0, f64::from(REGION_EDGE / 2) + 200.0, z);
            let origin = shape.local_from_lattice(LatticePos::new(region, lattice));
            let ray = Ray { origin, direction: -origin.normalize() };
            let key = VoxelPos::new(region, ivec3(0, REGION_EDGE / 2, z as i32)).chunk(0);
            let beside = shape.neighbour(key, Face::NegX).expect("the next region");
            let hits = [key, beside].map(|key| pick(&shape, &ray, key, &solid));
            let distances: Vec<_> = hits.iter().flatten().map(|hit| hit.distance_m).collect();
            assert!(!distances.is_empty(), "region {region} at {z}");
            let expected = (200.0 - 64.0) * shape.voxel_m();
            assert!(
                distances.iter().all(|distance| (distance - expected).abs() < 1e-6),
                "{distances:?}"
            );
        }
    }
}

/// Where cells are wide, a ray along a border turns towards it by less than rounding lets it near it.
#[test]
fn a_ray_that_hardly_turns_away_from_a_border_stays_on_its_side() {
    let shape = Shape::earth();
    let key = ChunkKey::new(5, 15, ivec3(0, 16, 31));
    let edge = f64::from(key.edge_voxels());
    let place = dvec3(0.0, 0.4707440612450649, 0.984375) * edge;
    let origin = shape.local_from_lattice(LatticePos::new(5, key.min_voxel().as_dvec3() + place));
    let direction = dvec3(-0.6452716669215591, 0.5401826676669236, 0.5402102937009982);
    let ray = Ray { origin, direction: direction.normalize() };
    let scattered = chunk(1, 14_265_802_050_633_427_760);
    let hit = pick(&shape, &ray, key, &scattered).expect("a cell");
    let inside = cell_at(&shape, &ray, key, hit.distance_m) - cell_of(&hit).as_dvec3();
    assert!(inside.cmpge(DVec3::splat(-1e-4)).all(), "{hit:?} {inside}");
}
