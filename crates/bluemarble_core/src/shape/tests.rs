use glam::{DVec3, IVec3, dvec3, ivec3};
use proptest::prelude::*;

use super::*;
use crate::{
    boxes::{LatticeBox, VoxelBox},
    key::{CHUNK_EDGE, ChunkKey, Face, MAX_LOD, REGION_EDGE},
    position::{CellPos, LatticePos},
};

const EARTH: Shape = Shape::earth();
const FLAT: Shape = Shape::Flat(Flat { voxel_m: 0.25 });

fn any_lattice() -> impl Strategy<Value = DVec3> {
    let end = f64::from(REGION_EDGE);
    (0.0..end, end * 0.49..end * 0.51, 0.0..end).prop_map(|(x, y, z)| dvec3(x, y, z))
}

/// A key near the surface of a planet, often at the border of its region.
fn any_planet_key() -> impl Strategy<Value = ChunkKey> {
    (0u8..6, 0u8..MAX_LOD).prop_flat_map(|(region, lod)| {
        let count = 1i32 << (MAX_LOD - lod);
        let side = prop_oneof![Just(0), Just(count - 1), 0..count];
        (side.clone(), 0..count, side)
            .prop_map(move |(x, y, z)| ChunkKey::new(region, lod, ivec3(x, y, z)))
    })
}

proptest! {
    #[test]
    fn world_and_lattice_invert(region in 0u8..6, lattice in any_lattice()) {
        let back = EARTH.lattice_from_local(EARTH.local_from_lattice(LatticePos::new(region, lattice)));
        prop_assert_eq!(back.region, region);
        prop_assert!((back.lattice - lattice).length() < 1e-4, "{} -> {:?}", lattice, back);
        let back = FLAT.lattice_from_local(FLAT.local_from_lattice(LatticePos::new(0, lattice)));
        prop_assert!((back.lattice - lattice).length() < 1e-6);
    }

    #[test]
    fn the_geographic_adapter_inverts(lat in -89.9..89.9f64, lon in -179.9..179.9f64, altitude in -10_000.0..2e7f64) {
        for shape in [EARTH, FLAT] {
            let place = GeoPosition::new(lat, lon, altitude);
            let back = shape.geo_from_local(shape.local_from_geo(place));
            prop_assert!((back.lat_deg - lat).abs() < 1e-9 && (back.lon_deg - lon).abs() < 1e-9);
            prop_assert!((back.altitude_m - altitude).abs() < 1e-6);
        }
    }

    #[test]
    fn neighbours_are_symmetric(key in any_planet_key()) {
        for face in Face::ALL {
            if let Some(next) = EARTH.neighbour(key, face) {
                let back = Face::ALL.into_iter().filter(|&face| EARTH.neighbour(next, face) == Some(key)).count();
                prop_assert_eq!(back, 1, "{} -> {}", key, next);
            }
        }
        for face in [Face::NegX, Face::PosX, Face::NegZ, Face::PosZ] {
            prop_assert!(EARTH.neighbour(key, face).is_some(), "a planet has no side border: {key} {face:?}");
        }
    }

    #[test]
    fn neighbours_share_four_corners_in_world_space(key in any_planet_key()) {
        let corners = |key: ChunkKey| -> Vec<DVec3> {
            (0..8).map(|i| {
                let offset = ivec3(i & 1, i >> 1 & 1, i >> 2) * key.edge_voxels();
                EARTH.local_from_lattice(LatticePos::new(key.region, (key.min_voxel() + offset).as_dvec3()))
            }).collect()
        };
        let mine = corners(key);
        for face in Face::ALL {
            let Some(next) = EARTH.neighbour(key, face) else { continue };
            let theirs = corners(next);
            let shared = mine.iter().filter(|a| theirs.iter().any(|b| a.distance(*b) < 1e-6)).count();
            prop_assert_eq!(shared, 4, "{} {:?} {}", key, face, next);
        }
    }

    #[test]
    fn cells_fold_as_the_geometry_says(region in 0u8..6, lod in 0u8..=14, out in 1i32..4, along in 0.0..1.0f64, side in 0usize..4) {
        let count = REGION_EDGE >> lod;
        let run = (along * f64::from(count)) as i32;
        let cell = match side {
            0 => ivec3(-out, count / 2, run),
            1 => ivec3(count - 1 + out, count / 2, run),
            2 => ivec3(run, count / 2, -out),
            _ => ivec3(run, count / 2, count - 1 + out),
        };
        let place = EARTH.fold(CellPos::new(region, lod, cell)).expect("planets have no side border");
        prop_assert_ne!(place.region, region);
        let back = is_just_beyond(place, region);
        prop_assert!(back, "{:?} of region {} is not beside it", place, region);
    }

    #[test]
    fn cells_far_from_every_region_fold_nowhere(region in 0u8..6, lod in 0u8..=MAX_LOD, x: i32, y: i32, z: i32) {
        let count = i64::from(REGION_EDGE >> lod);
        let is_far = |v: i32| !(-count..2 * count).contains(&i64::from(v));
        for shape in [EARTH, FLAT] {
            let folded = shape.fold(CellPos::new(region, lod, ivec3(x, y, z)));
            prop_assert!(folded.is_none() || ![x, y, z].into_iter().any(is_far), "{:?}", folded);
        }
    }

    #[test]
    fn node_bounds_hold_what_the_node_covers(key in any_planet_key(), u in 0.0..1.0f64, v in 0.0..1.0f64, w in 0.0..1.0f64) {
        let lattice = key.min_voxel().as_dvec3() + dvec3(u, v, w) * f64::from(key.edge_voxels());
        let bounds = EARTH.node_bounds(key);
        prop_assert!(bounds.distance_m(EARTH.local_from_lattice(LatticePos::new(key.region, lattice))) <= 1e-6);
    }

    #[test]
    fn box_bounds_hold_what_the_box_covers(
        key in any_planet_key(), u in 0.0..1.0f64, v in 0.0..1.0f64, w in 0.0..1.0f64,
        low in (0i32..63, 0i32..63, 0i32..63), size in (1i32..64, 1i32..64, 1i32..64),
    ) {
        let cells = |cell: (i32, i32, i32)| IVec3::from(cell) * key.cell_voxels();
        let min = key.min_voxel() + cells(low);
        let max = (min + cells(size)).min(key.lattice_box().max);
        let lattice = min.as_dvec3() + dvec3(u, v, w) * (max - min).as_dvec3();
        let bounds = EARTH.box_bounds(&VoxelBox::new(key.region, LatticeBox::new(min, max)));
        prop_assert!(bounds.distance_m(EARTH.local_from_lattice(LatticePos::new(key.region, lattice))) <= 1e-6);
    }

    #[test]
    fn a_walk_visits_the_cells_that_dense_sampling_finds(
        region in 0u8..6, lattice in any_lattice(), lod in 0u8..8,
        dx in -1.0..1.0f64, dy in -1.0..1.0f64, dz in -1.0..1.0f64,
    ) {
        let direction = dvec3(dx, dy, dz).normalize_or(DVec3::Y);
        for shape in [EARTH, FLAT] {
            let region = region % shape.regions();
            let origin = shape.local_from_lattice(LatticePos::new(region, lattice));
            let ray = Ray { origin, direction };
            let cell_m = shape.voxel_m() * f64::from(1 << lod);
            let walked: Vec<RayStep> = shape.walk(ray, region, lod, 0.0).take(60).collect();
            for pair in walked.windows(2) {
                prop_assert_eq!((pair[1].cell - pair[0].cell).abs().element_sum(), 1);
                let face = pair[1].entered.expect("not the first");
                prop_assert_eq!(pair[1].cell + face.normal(), pair[0].cell, "came in through {}", face.name());
            }
            let end = walked.last().map_or(0.0, |step| step.enter_m);
            for i in 0..400 {
                let t = end * f64::from(i) / 400.0;
                let cell = (shape.lattice_from_local_in(region, ray.at(t)).lattice / f64::from(1 << lod)).floor().as_ivec3();
                let near = walked.iter().any(|step| step.cell == cell && step.enter_m <= t + cell_m * 1e-4);
                let on_border = walked.iter().any(|step| (step.enter_m - t).abs() < cell_m * 1e-3);
                prop_assert!(near || on_border, "sample {} at {} m not walked", cell, t);
            }
        }
    }
}

/// Whether the lattice position of a folded cell's centre, counted in the region it came from, lies
/// just outside of that region: the fold moved it to the place where geometry puts it.
fn is_just_beyond(place: CellPos, from_region: u8) -> bool {
    let width = f64::from(1u32 << place.lod);
    let centre = (place.cell.as_dvec3() + 0.5) * width;
    let world = EARTH.local_from_lattice(LatticePos::new(place.region, centre));
    let back = EARTH.lattice_from_local_in(from_region, world).lattice / width;
    let count = f64::from(REGION_EDGE >> place.lod);
    let outside = |v: f64| (-4.0..0.0).contains(&v) || (count..count + 4.0).contains(&v);
    outside(back.x) || outside(back.z)
}

#[test]
fn longitude_grows_eastwards_and_latitude_northwards_on_the_equatorial_faces() {
    for region in [0, 1, 4, 5] {
        let middle = DVec3::splat(f64::from(REGION_EDGE) / 2.0);
        let place = |lattice| {
            EARTH.geo_from_local(EARTH.local_from_lattice(LatticePos::new(region, lattice)))
        };
        let here = place(middle + dvec3(1.0, 0.0, 0.0));
        let east = place(middle + dvec3(1e6, 0.0, 0.0));
        let south = place(middle + dvec3(1.0, 0.0, 1e6));
        assert!(east.lon_deg > here.lon_deg || here.lon_deg > 179.0, "{region}");
        assert!(south.lat_deg < here.lat_deg, "{region}");
    }
}

#[test]
fn quads_that_are_short_enough_sag_by_at_most_a_sixteenth_of_a_cell() {
    for lod in 0..=MAX_LOD {
        let cells = f64::from(EARTH.max_straight_cells(lod));
        let width = f64::from(1u32 << lod);
        let at = |x: f64| {
            EARTH.local_from_lattice(LatticePos::new(
                0,
                dvec3(
                    f64::from(REGION_EDGE) / 2.0 + x * width,
                    f64::from(REGION_EDGE) / 2.0,
                    f64::from(REGION_EDGE) / 2.0,
                ),
            ))
        };
        let chord_middle = (at(0.0) + at(cells)) * 0.5;
        let sag_m = at(cells / 2.0).length() - chord_middle.length();
        assert!(sag_m / (EARTH.voxel_m() * width) <= 1.0 / 16.0 + 1e-9, "lod {lod}: {sag_m} m");
    }
    assert_eq!(EARTH.max_straight_cells(0), CHUNK_EDGE as u32);
}

#[test]
fn a_ray_along_the_border_of_two_regions_stays_in_its_region() {
    let corner_lat_deg = 0.5f64.sqrt().atan().to_degrees();
    for (lat, lon) in [(0.0, 45.0), (12.3, 45.0), (-20.0, 135.0), (corner_lat_deg, -45.0)] {
        let origin = EARTH.local_from_geo(GeoPosition::new(lat, lon, 1e5));
        let ray = Ray { origin, direction: -EARTH.up(origin) };
        let LatticePos { region, .. } = EARTH.lattice_from_local(origin);
        for lod in [9u8, 12, 20] {
            let count = REGION_EDGE >> lod;
            for step in EARTH.walk(ray, region, lod, 0.0).take_while(|step| step.enter_m < 1.1e5) {
                let inside = (0..count).contains(&step.cell.x) && (0..count).contains(&step.cell.z);
                assert!(inside, "{lat}, {lon}, lod {lod}: {step:?} of {count}");
            }
        }
    }
}
