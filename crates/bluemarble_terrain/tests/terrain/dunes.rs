//! Sand seas have dunes, and nothing else has.

use bluemarble_core::{GeoPosition, LatticePos, Shape};
use bluemarble_terrain::{Baseline, EarthBaseline};
use glam::ivec3;

use crate::support::{EARTH, MATERIALS, Oracle, SECOND};

const GRAND_ERG: [f64; 2] = [30.5, 7.5];
/// The Grand Ergs, Issaouane, the Rub al Khali, the Namib, the Taklamakan, the Great Sand Sea, the Simpson.
const ERGS: &[[f64; 2]] = &[
    GRAND_ERG,
    [30.5, 1.0],
    [24.2, 8.6],
    [21.0, 50.0],
    [-24.7, 15.3],
    [38.8, 83.0],
    [27.5, 25.5],
    [-25.0, 137.3],
];
const ELSEWHERE: &[[f64; 2]] = &[
    [46.0, 8.0],
    [45.83, 6.86],
    [-3.0, -62.0],
    [0.0, -140.0],
    [31.0, -40.0],
    [23.3, 5.6],
    [51.5, 0.0],
    [72.0, -40.0],
    [33.0, 88.0],
    [30.5, 31.0],
];

/// Heights of `edge` x `edge` places around one, a cell apart.
fn heights_m(earth: &EarthBaseline, [lat, lon]: [f64; 2], lod: u8, edge: usize) -> Vec<f64> {
    let shape = earth.shape();
    let LatticePos { region, lattice: at } =
        shape.lattice_from_local(shape.local_from_geo(GeoPosition::new(lat, lon, 0.0)));
    let first = [at.x, at.z].map(|v| ((v as i64 >> lod) as f64) - edge as f64 / 2.0 + 0.5);
    earth.heights_m(region, lod, first, [edge; 2])
}

/// What dunes add.
fn dunes_m(place: [f64; 2], lod: u8, edge: usize) -> Vec<f64> {
    let (with, without) =
        (heights_m(&EARTH, place, lod, edge), heights_m(&SECOND, place, lod, edge));
    with.iter().zip(without).map(|(with, without)| with - without).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn range(values: &[f64]) -> [f64; 2] {
    let start = [f64::INFINITY, f64::NEG_INFINITY];
    values.iter().fold(start, |[low, high], &v| [low.min(v), high.max(v)])
}

/// Slopes in degrees, lowest first.
fn slopes_deg(heights_m: &[f64], edge: usize, cell_m: f64) -> Vec<f64> {
    let mut slopes = Vec::new();
    for row in 1..edge - 1 {
        for column in 1..edge - 1 {
            let at = row * edge + column;
            let rise = |step: usize| (heights_m[at + step] - heights_m[at - step]) / (2.0 * cell_m);
            slopes.push(rise(1).hypot(rise(edge)).atan().to_degrees());
        }
    }
    slopes.sort_by(f64::total_cmp);
    slopes
}

#[test]
fn dunes_of_the_grand_erg_have_slip_faces_near_31_degrees_and_gentle_windward_sides() {
    let (lod, edge) = (5, 1000);
    let heights_m = heights_m(&EARTH, GRAND_ERG, lod, edge);
    let cell_m = Shape::earth().voxel_m() * 32.0;
    let slopes = slopes_deg(&heights_m, edge, cell_m);
    let share = |low: f64, high: f64| {
        slopes.iter().filter(|slope| (low..high).contains(*slope)).count() as f64
            / slopes.len() as f64
    };
    let (slip, gentle, between, steeper) =
        (share(28.0, 34.0), share(4.0, 14.0), share(19.0, 27.0), share(36.0, 90.0));
    assert!((0.05..0.25).contains(&slip), "{slip} of the ground are slip faces");
    assert!(gentle > 0.4, "{gentle} of the ground are windward sides");
    assert!(between < slip, "{between} of the ground are neither");
    assert!(steeper < 0.01, "{steeper} of the ground are too steep for sand");
    let [low, high] = range(&dunes_m(GRAND_ERG, lod, edge));
    assert!((60.0..110.0).contains(&(high - low)), "dunes from {low} to {high} m");
}

#[test]
fn every_erg_has_dunes_and_the_mean_height_of_its_ground_stays() {
    for &erg in ERGS {
        let dunes_m = dunes_m(erg, 6, 600);
        let [low, high] = range(&dunes_m);
        assert!(high - low > 25.0, "{erg:?}: {low} to {high} m");
        assert!(mean(&dunes_m).abs() < 4.0, "{erg:?}: {} m higher", mean(&dunes_m));
    }
}

#[test]
fn there_are_no_dunes_in_mountains_forests_ice_fields_and_in_the_sea() {
    for &place in ELSEWHERE {
        for lod in [0, 4, 7, 10] {
            let most = range(&dunes_m(place, lod, 100)).map(f64::abs);
            assert_eq!(most, [0.0; 2], "{place:?} at lod {lod}");
        }
    }
}

#[test]
fn lods_that_show_the_dunes_show_the_same_ones() {
    for &erg in ERGS {
        // Places of the coarser lod are in the middle of four of the finer one.
        for (lod, most) in [(1u8, 0.1), (3, 0.2), (5, 0.6), (6, 2.0), (7, 3.0), (8, 4.0), (9, 12.0)]
        {
            let edge = 120;
            let coarse = heights_m(&EARTH, erg, lod, edge);
            let shape = EARTH.shape();
            let at = shape.local_from_geo(GeoPosition::new(erg[0], erg[1], 0.0));
            let LatticePos { region, lattice: at } = shape.lattice_from_local(at);
            let first = [at.x, at.z].map(|v| ((v as i64 >> lod) as f64) - edge as f64 / 2.0);
            let first = first.map(|v| v * 2.0 + 0.5);
            let fine = EARTH.heights_m(region, lod - 1, first, [2 * edge; 2]);
            let mut sum = 0.0;
            for (index, coarse_m) in coarse.iter().enumerate() {
                let at = index / edge * 4 * edge + index % edge * 2;
                let four = [at, at + 1, at + 2 * edge, at + 2 * edge + 1].map(|k| fine[k]);
                sum += (mean(&four) - coarse_m).powi(2);
            }
            let off_m = (sum / coarse.len() as f64).sqrt();
            assert!(off_m < most, "{erg:?}: lod {lod} is {off_m} m off the next finer one");
        }
    }
}

#[test]
fn slip_faces_are_as_sandy_as_the_ground_without_dunes() {
    let mut compared = 0;
    for &[lat, lon] in ERGS {
        let shape = EARTH.shape();
        let LatticePos { region, lattice: at } =
            shape.lattice_from_local(shape.local_from_geo(GeoPosition::new(lat, lon, 0.0)));
        for lod in [2u8, 5] {
            for k in 0..200 {
                let cell = ivec3((at.x as i32 >> lod) + 37 * k, 0, (at.z as i32 >> lod) + 11 * k);
                let name = |earth: &EarthBaseline| {
                    MATERIALS.name(earth.top(region, lod, cell.x, cell.z).1).to_owned()
                };
                let (with, without) = (name(&EARTH), name(&SECOND));
                assert!(with == without, "{with} instead of {without} at {lat}, {lon}, {cell}");
                compared += 1;
            }
        }
    }
    assert!(compared > 1000);
}

#[test]
fn dunes_do_not_depend_on_how_many_places_are_asked_for() {
    for &[lat, lon] in ERGS {
        let shape = EARTH.shape();
        let LatticePos { region, lattice: at } =
            shape.lattice_from_local(shape.local_from_geo(GeoPosition::new(lat, lon, 0.0)));
        for lod in 0..=10u8 {
            let first = [at.x, at.z].map(|v| (v as i64 >> lod) as f64 + 0.5);
            let all = EARTH.heights_m(region, lod, first, [70; 2]);
            for k in [0usize, 3, 29, 64, 69] {
                let place = [first[0] + k as f64, first[1] + (69 - k) as f64];
                let alone = EARTH.heights_m(region, lod, place, [1; 2]);
                assert_eq!(alone[0].to_bits(), all[(69 - k) * 70 + k].to_bits(), "lod {lod}");
            }
        }
    }
}
