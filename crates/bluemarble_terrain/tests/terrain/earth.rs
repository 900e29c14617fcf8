//! The Earth is the Earth, the same one every time, and it has no seams.

use bluemarble_core::{
    CellPos, Chunk, ChunkKey, Face, FacePlane, GeoPosition, LatticePos, REGION_EDGE, Shape,
    VoxelPos,
};
use bluemarble_terrain::{
    Baseline, EarthBaseline, EarthEdition, EarthSources, ElevationGrid, NoiseBaseline,
};
use glam::{DVec3, ivec3};

use crate::support::{EARTH, MATERIALS, Oracle, Random, assets, shipped};

fn surface_key(random: &mut Random, lod: u8) -> ChunkKey {
    let (region, x, z) = random.column(EARTH.shape(), lod);
    let y = EARTH.surface_y(region, f64::from(x << lod), f64::from(z << lod));
    VoxelPos::new(region, ivec3(x << lod, y as i32 - 1, z << lod)).chunk(lod)
}

#[test]
fn chunks_do_not_depend_on_order_caches_or_threads() {
    let mut random = Random(5);
    let keys: Vec<ChunkKey> = (0..=20).map(|lod| surface_key(&mut random, lod)).collect();
    let fill = |world: &EarthBaseline, key: ChunkKey| {
        let mut chunk = Chunk::default();
        world.fill(key, &mut chunk);
        chunk
    };
    let first: Vec<Chunk> = keys.iter().map(|&key| fill(&EARTH, key)).collect();
    let other = EarthBaseline::load(&shipped(), &MATERIALS, 1).unwrap();
    assert_eq!(other.fingerprint(), EARTH.fingerprint());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for (key, chunk) in keys.iter().zip(&first).rev() {
                    assert!(fill(&other, *key) == *chunk, "{key}");
                    assert!(fill(&EARTH, *key) == *chunk, "{key}");
                }
            });
        }
    });
}

#[test]
fn planes_are_the_outermost_cells_of_their_chunks_with_and_without_the_rest() {
    let other = EarthBaseline::load(&shipped(), &MATERIALS, 1).unwrap();
    let hills = NoiseBaseline::new(0.5, 3, &MATERIALS).unwrap();
    let (mut random, mut uneven) = (Random(15), 0);
    let mut check = |world: &dyn Baseline, key: ChunkKey, faces: &[Face]| {
        let planes: Vec<_> = faces.iter().map(|&face| world.face_plane(key, face)).collect();
        let mut chunk = Chunk::default();
        world.fill(key, &mut chunk);
        for (&face, plane) in faces.iter().zip(planes) {
            let of_chunk = FacePlane::of_chunk(&chunk, face);
            uneven += usize::from(matches!(of_chunk, FacePlane::Cells(_)));
            assert_eq!(plane.as_ref(), Some(&of_chunk), "{key} {face:?}");
            assert_eq!(world.face_plane(key, face), Some(of_chunk), "{key} {face:?} again");
        }
    };
    for lod in 0..=20 {
        let key = surface_key(&mut random, lod);
        let sides = [Face::NegX, Face::PosX, Face::NegZ, Face::PosZ];
        check(&other, key, &sides);
        check(&other, key, &[Face::NegY, Face::PosY]);
        let at = |random: &mut Random| random.within(-40, 40);
        let key = ChunkKey::new(0, lod, ivec3(at(&mut random), 0, at(&mut random)));
        check(&hills, key, &sides);
        check(&hills, key, &Face::ALL);
    }
    assert!(uneven > 100, "{uneven}");
}

#[test]
fn a_cell_found_alone_is_the_cell_of_its_chunk() {
    let mut random = Random(6);
    let shape = EARTH.shape();
    // At the poles, and where longitudes begin anew, nothing can be interpolated in degrees.
    let odd = [(-89.99, 10.0), (-89.3, 200.0), (-84.0, 180.0), (66.5, 180.0), (65.5, -179.99)];
    let odd_key = |lod: u8| {
        let (lat, lon) = odd[usize::from(lod) % odd.len()];
        let LatticePos { region, lattice: at } =
            shape.lattice_from_local(shape.local_from_geo(GeoPosition::new(lat, lon, 0.0)));
        let y = EARTH.surface_y(region, at.x, at.z);
        VoxelPos::new(region, ivec3(at.x as i32, y as i32 - 1, at.z as i32)).chunk(lod)
    };
    for (lod, is_odd) in (0..=20).flat_map(|lod| [(lod, false), (lod, true)]) {
        let key = if is_odd { odd_key(lod) } else { surface_key(&mut random, lod) };
        let mut chunk = Chunk::default();
        EARTH.fill(key, &mut chunk);
        for _ in 0..60 {
            let mut along = || random.within(0, 64);
            let cell = ivec3(along(), along(), along());
            let alone = EARTH.cell(key.region, lod, key.pos * 64 + cell);
            assert_eq!(chunk.get(cell), alone, "{key} {cell}");
        }
    }
}

#[test]
fn land_is_land_and_sea_is_sea() {
    let shape = EARTH.shape();
    let mut random = Random(7);
    let mut agree = 0;
    for _ in 0..4000 {
        let mut part = || random.unit() * 2.0 - 1.0;
        let direction = DVec3::new(part(), part(), part()).normalize();
        let place = shape.geo_from_local(direction);
        let LatticePos { region, lattice } = shape.lattice_from_local(direction * 6.4e6);
        let ground_m = EARTH.ground_m(region, lattice.x, lattice.z, 0);
        let node_m = EARTH.grid().nearest_m(place.lat_deg, place.lon_deg);
        agree += i32::from((ground_m < 0.0) == (node_m < 0.0));
    }
    assert!(agree >= 3880, "{agree} of 4000 places are on the side of the sea that the grid says");
}

#[test]
fn well_known_places_look_as_they_should() {
    let shape = EARTH.shape();
    let top = |lat: f64, lon: f64, lod: u8| {
        let LatticePos { region, lattice } =
            shape.lattice_from_local(shape.local_from_geo(GeoPosition::new(lat, lon, 0.0)));
        let cell = lattice.as_ivec3() >> i32::from(lod);
        MATERIALS.name(EARTH.top(region, lod, cell.x, cell.z).1).to_owned()
    };
    let check = |place: &str, lat: f64, lon: f64, kinds: &[&str]| {
        for lod in [0, 8, 14, 17] {
            let top = top(lat, lon, lod);
            let is_kind = kinds.iter().any(|kind| top.contains(kind));
            assert!(is_kind, "{place} is {top} at lod {lod}, not one of {kinds:?}");
        }
    };
    check("the Sahara", 24.0, 10.0, &["desert"]);
    check("the Amazon", -3.0, -64.0, &["rain forest"]);
    check("Greenland", 72.0, -40.0, &["snow", "ice"]);
    check("Antarctica", -85.0, 40.0, &["snow", "ice"]);
    check("the Pacific", 0.0, -140.0, &["water"]);
    check("the north pole", 90.0, 0.0, &["water"]);
    check("Australia", -25.0, 129.0, &["desert"]);
}

/// Heights beside an edge of a face, on both sides of it, at a lod.
fn steps_at_edge(random: &mut Random, lod: u8) -> (f64, f64) {
    let shape = EARTH.shape();
    let count = REGION_EDGE >> lod;
    let width = f64::from(1u32 << lod);
    let height = |region: u8, x: i32, z: i32| {
        let middle = |v: i32| (f64::from(v) + 0.5) * width;
        EARTH.ground_m(region, middle(x), middle(z), lod)
    };
    let region = random.within(0, 6) as u8;
    let along = random.within(0, count);
    let (inner, edge, outer) = match random.within(0, 4) {
        0 => ((1, along), (0, along), (-1, along)),
        1 => ((count - 2, along), (count - 1, along), (count, along)),
        2 => ((along, 1), (along, 0), (along, -1)),
        _ => ((along, count - 2), (along, count - 1), (along, count)),
    };
    let place = shape.fold(CellPos::new(region, lod, ivec3(outer.0, count / 2, outer.1))).unwrap();
    let here = height(region, edge.0, edge.1);
    let inside = here - height(region, inner.0, inner.1);
    let across = here - height(place.region, place.cell.x, place.cell.z);
    (inside.abs(), across.abs())
}

#[test]
fn the_edges_of_faces_are_no_steeper_than_the_ground_beside_them() {
    let mut random = Random(8);
    for lod in [0, 6, 12] {
        let (mut inside, mut across) = (0.0, 0.0);
        for _ in 0..400 {
            let (a, b) = steps_at_edge(&mut random, lod);
            inside += a;
            across += b;
        }
        assert!(across < inside * 1.3, "lod {lod}: {across} m across, {inside} m inside");
    }
}

#[test]
fn the_surface_through_the_grid_has_no_jumps() {
    let grid = ElevationGrid::load(&shipped().elevation).unwrap();
    let mut random = Random(9);
    for _ in 0..20_000 {
        let lon = random.unit() * 360.0 - 180.0;
        let lat = match random.within(0, 3) {
            0 => 90.0 - random.unit() * 1e-3,
            1 => random.unit() * 1e-3 - 90.0,
            _ => random.unit() * 179.0 - 89.5,
        };
        let step = 1e-6;
        let here = grid.height_m(lat, lon);
        for there in [grid.height_m((lat - step).max(-90.0), lon), grid.height_m(lat, lon + step)] {
            assert!((here - there).abs() < 0.5, "{here} m and {there} m at {lat}, {lon}");
        }
    }
    let around = |lat: f64| (0..360).map(move |lon| (lat, f64::from(lon)));
    for (lat, lon) in around(90.0).chain(around(-90.0)) {
        assert!((grid.height_m(lat, lon) - grid.height_m(lat, 0.0)).abs() < 1e-6);
    }
    assert!((grid.height_m(10.0, 180.0) - grid.height_m(10.0, -180.0)).abs() < 1e-6);
}

#[test]
fn the_shape_is_the_earth() {
    assert_eq!(EARTH.shape(), Shape::earth());
    let fingerprint = EARTH.fingerprint();
    assert!(fingerprint.starts_with("earth-3 seed=1 grid=8640x4321:"), "{fingerprint}");
    assert_eq!(EarthEdition::of_fingerprint(&fingerprint), Some(EarthEdition::Third));
    assert_eq!(EarthSources::of_fingerprint(assets(), &fingerprint), Some(shipped()));
    let bare =
        EarthBaseline::load(&EarthSources::elevation_only(&shipped().elevation), &MATERIALS, 2);
    let sources = EarthSources::of_fingerprint(assets(), &bare.unwrap().fingerprint());
    assert_eq!(sources, Some(EarthSources::elevation_only(&shipped().elevation)));
}
