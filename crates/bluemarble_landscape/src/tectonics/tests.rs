//! Plates in motion against what their motion says.

use std::f64::consts::PI;

use bluemarble_core::CubeSphere;
use glam::DVec3;

use super::{moving::THICKEST_M, *};
use crate::grid::{GlobeGrid, Grid};

const PLANET: CubeSphere = CubeSphere { radius_m: 6_371_000.0 };

fn plate(code: &str, pole: DVec3, degrees_per_myr: f64) -> Plate {
    let motion = Motion::about(pole, degrees_per_myr);
    Plate { code: code.to_owned(), name: code.to_owned(), motion }
}

/// Two halves of a planet, that part on one side and meet on the other; `land` says where there are continents.
fn halves(edge: usize, degrees_per_myr: f64, land: impl Fn(DVec3) -> bool) -> Drift {
    let plates = [plate("W", DVec3::Y, -degrees_per_myr), plate("E", DVec3::Y, degrees_per_myr)];
    Drift::new(
        GlobeGrid::new(PLANET, edge),
        &plates,
        |at| usize::from(at.z < 0.0),
        |at| if land(at) { 500.0 } else { -5500.0 },
    )
}

#[test]
fn the_sea_floor_is_as_old_and_as_deep_as_its_way_from_the_ridge_says() {
    let (speed, myr) = (0.5, 40.0);
    let mut drift = halves(64, speed, |_| false);
    let mut step = DriftStep::default();
    for _ in 0..40 {
        let now = drift.step(myr / 40.0);
        step.made_m2 += now.made_m2;
        step.sunk_m2 += now.sunk_m2;
    }
    let map = drift.map();
    // East is towards -z: both halves run from the meridian at +x, 20 degrees each.
    let (mut checked, mut worst, mut deep) = (0, 0.0_f64, 0.0_f64);
    for node in 0..drift.grid().len() {
        let at = drift.grid().direction(node);
        let east = (-at.z).atan2(at.x).to_degrees();
        if at.y.abs() < 0.7 && east.abs() < speed * myr - 2.0 && east.abs() > 2.0 {
            checked += 1;
            worst = worst.max((map.age_myr[node] - east.abs() / speed).abs());
            deep = deep.max((map.elevation_m[node] + ocean_depth_m(map.age_myr[node])).abs());
        }
    }
    // Two wedges of 40 degrees in all, of 360.
    let sphere = 4.0 * PI * PLANET.radius_m * PLANET.radius_m;
    let (made, sunk) = (step.made_m2 / sphere * 9.0 - 1.0, step.sunk_m2 / sphere * 9.0 - 1.0);
    println!(
        "{checked} nodes: ages off {worst:.2} million years, made off {made:.1e}, sunk off {sunk:.1e}"
    );
    assert!(checked > 800 && worst < 3.0 && deep < 1e-6);
    assert!(made.abs() < 0.05 && sunk.abs() < 0.08);
}

#[test]
fn continents_drift_as_they_are_and_pile_up_where_they_meet_without_losing_any() {
    // A continent on each half, that meet in the end on the far side.
    let on_far_side = |at: DVec3| {
        let east = (-at.z).atan2(at.x).to_degrees().abs();
        at.y.abs() < 0.4 && (140.0..170.0).contains(&east)
    };
    let mut drift = halves(64, 0.5, on_far_side);
    let begun_m3 = drift.continental_m3();
    let mut piled_m3 = 0.0;
    let mut magma_m3 = 0.0;
    for _ in 0..15 {
        let step = drift.step(1.0);
        piled_m3 += step.piled_m3;
        magma_m3 += step.magma_m3;
    }
    let off = |drift: &Drift, magma_m3: f64| {
        let now = drift.continental_m3();
        (now - begun_m3 < -1e-9 * begun_m3, now - begun_m3 > magma_m3 + 1e-9 * begun_m3)
    };
    assert_eq!(piled_m3, 0.0, "they have not met");
    assert_eq!(off(&drift, magma_m3), (false, false), "only magma is added");
    let before = drift.map().elevation_m.iter().copied().fold(f64::MIN, f64::max);
    for _ in 0..25 {
        let step = drift.step(1.0);
        piled_m3 += step.piled_m3;
        magma_m3 += step.magma_m3;
    }
    let map = drift.map();
    let highest = map.elevation_m.iter().copied().fold(f64::MIN, f64::max);
    println!("mountains of {highest:.0} m, where {before:.0} m was the highest");
    assert!(piled_m3 > 0.0 && highest > 3000.0 && highest < 8000.0);
    assert_eq!(off(&drift, magma_m3), (false, false), "only magma is added");
    let thickest = map.thickness_m.iter().copied().fold(0.0, f64::max);
    assert!(thickest <= 1.3 * THICKEST_M, "what has nowhere to go stays: {thickest}");
}

#[test]
fn a_planet_of_one_plate_only_turns() {
    let plates = [plate("A", DVec3::new(0.3, 1.0, 0.2), 1.0)];
    let land = |at: DVec3| 3000.0 * at.x;
    let mut drift = Drift::new(GlobeGrid::new(PLANET, 32), &plates, |_| 0, land);
    let begun_m3 = drift.continental_m3();
    for _ in 0..30 {
        assert_eq!(drift.step(1.0), DriftStep::default());
    }
    assert_eq!(drift.continental_m3(), begun_m3, "exactly as much");
    let (map, turned) = (drift.map(), plates[0].motion.rotation(-30.0));
    for node in 0..drift.grid().len() {
        let at = drift.grid().direction(node);
        // A node is at most so far from the one that is nearest; the sea's floor cools meanwhile.
        let expected = land(turned * at);
        if map.is_continental[node] && expected > -1300.0 {
            assert!((map.elevation_m[node] - expected).abs() < 3000.0 * 0.07, "{node}");
        }
    }
}

#[test]
fn the_same_steps_give_the_same_bits() {
    let run = || {
        let mut drift = halves(32, 0.7, |at| at.y.abs() < 0.3);
        (0..10).for_each(|_| _ = drift.step(1.5));
        drift.map()
    };
    assert_eq!(run(), run());
}

#[test]
fn small_plates_of_the_earth_move_with_larger_ones() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/earth/plates.txt");
    let set = PlateSet::parse(&std::fs::read_to_string(path).expect("the file")).expect("plates");
    let grid = GlobeGrid::new(PLANET, 64);
    let drift = Drift::new(grid, set.plates(), |at| set.plate_at(at), |_| -5000.0);
    let codes: Vec<&str> = drift.plates().map(|plate| plate.code.as_str()).collect();
    println!("{codes:?}");
    assert!(
        ["AF", "AN", "SO", "IN", "AU", "EU", "NA", "SA", "NZ", "PA", "AR"]
            .iter()
            .all(|code| codes.contains(code))
    );
    assert!(["MN", "EA", "JZ", "TO"].iter().all(|code| !codes.contains(code)) && codes.len() < 25);
    let map = drift.map();
    assert!(map.plate.iter().all(|plate| usize::from(*plate) < codes.len()));
}
