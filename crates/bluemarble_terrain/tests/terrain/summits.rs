//! Well-known mountains are as high as they are.

use bluemarble_core::{GeoPosition, LatticePos};
use bluemarble_terrain::Baseline;
use glam::DVec3;

use crate::support::EARTH;

/// Name, latitude, longitude and height in metres.
const WELL_KNOWN: &[(&str, f64, f64, f64)] = &[
    ("Everest", 27.98, 86.92, 8849.0),
    ("K2", 35.88, 76.51, 8611.0),
    ("Dhaulagiri", 28.70, 83.49, 8167.0),
    ("Nanga Parbat", 35.24, 74.59, 8126.0),
    ("Aconcagua", -32.65, -70.01, 6961.0),
    ("Huascarán", -9.12, -77.60, 6768.0),
    ("Chimborazo", -1.47, -78.82, 6263.0),
    ("Denali", 63.07, -151.01, 6190.0),
    ("Logan", 60.57, -140.41, 5959.0),
    ("Kilimanjaro", -3.08, 37.35, 5895.0),
    ("Elbrus", 43.35, 42.44, 5642.0),
    ("Orizaba", 19.03, -97.27, 5636.0),
    ("Damavand", 35.95, 52.11, 5610.0),
    ("Ararat", 39.70, 44.30, 5137.0),
    ("Mont Blanc", 45.83, 6.87, 4806.0),
    ("Monte Rosa", 45.94, 7.87, 4634.0),
    ("Whitney", 36.58, -118.29, 4421.0),
    ("Rainier", 46.85, -121.76, 4392.0),
    ("Mauna Kea", 19.82, -155.47, 4207.0),
    ("Toubkal", 31.06, -7.92, 4167.0),
    ("Kinabalu", 6.08, 116.55, 4095.0),
    ("Großglockner", 47.07, 12.69, 3798.0),
    ("Fuji", 35.36, 138.73, 3776.0),
    ("Aoraki", -43.60, 170.14, 3724.0),
    ("Teide", 28.27, -16.64, 3715.0),
    ("Etna", 37.75, 15.00, 3340.0),
    ("Galdhøpiggen", 61.64, 8.31, 2469.0),
];

fn direction(lat: f64, lon: f64) -> DVec3 {
    EARTH.shape().local_from_geo(GeoPosition::new(lat, lon, 0.0)).normalize()
}

/// The top that was raised for a mountain.
fn top_of(lat: f64, lon: f64) -> DVec3 {
    let near = direction(lat, lon);
    let key = |top: &DVec3| top.distance(near);
    EARTH.summits().min_by(|a, b| key(a).total_cmp(&key(b))).unwrap()
}

/// The highest ground within a way of a top, in metres, as a lod shows it.
fn highest_m(top: DVec3, lod: u8, reach_m: f64) -> f64 {
    let shape = EARTH.shape();
    let LatticePos { region, lattice } = shape.lattice_from_local(top * 6.4e6);
    let cell = f64::from(1u32 << lod);
    let cell_m = cell * shape.voxel_m();
    let reach = (reach_m / cell_m).ceil().max(1.0);
    let first = [lattice.x, lattice.z].map(|v| (v / cell).floor() - reach + 0.5);
    let size = [reach as usize * 2 + 1; 2];
    EARTH.heights_m(region, lod, first, size).into_iter().fold(f64::NEG_INFINITY, f64::max)
}

#[test]
fn well_known_summits_have_their_heights_where_one_stands() {
    for &(name, lat, lon, height_m) in WELL_KNOWN {
        let top = top_of(lat, lon);
        let away_km = top.distance(direction(lat, lon)) * 6371.0;
        assert!(away_km < 9.0, "{name} is {away_km} km away from where it is");
        let LatticePos { region, lattice } = EARTH.shape().lattice_from_local(top * 6.4e6);
        let stands_m = EARTH.ground_m(region, lattice.x, lattice.z, 0);
        let off = (stands_m / height_m - 1.0).abs();
        assert!(off < 0.01, "one stands on {name} at {stands_m} m instead of {height_m}");
        let highest_m = highest_m(top, 5, 400.0);
        let off = (highest_m / height_m - 1.0).abs();
        assert!(off < 0.015, "{name} rises to {highest_m} m instead of {height_m}");
    }
}

#[test]
fn summits_are_as_high_from_afar() {
    let shape = EARTH.shape();
    for &(name, lat, lon, height_m) in WELL_KNOWN {
        let top = top_of(lat, lon);
        for lod in 1..=8u8 {
            let cell_m = f64::from(1u32 << lod) * shape.voxel_m();
            let seen_m = highest_m(top, lod, 2.0 * cell_m);
            let off_m = (seen_m - height_m).abs();
            assert!(off_m < cell_m + height_m * 0.012, "{name} is {seen_m} m high at lod {lod}");
        }
    }
}
