//! What is drawn lies where it lies on Earth.

use std::fmt::Write;

use bluemarble_core::Shape;
use serde_json::Value;

use crate::viewer::{EARTH, Run, number, surface_m};

/// Evenly spread over 0..1 without a pattern (the golden-ratio sequence in two dimensions).
fn spread(index: u32) -> (f64, f64) {
    let fract = |step: f64| (0.5 + step * f64::from(index)).fract();
    (fract(0.754_877_666_246_692_8), fract(0.569_840_290_998_053_3))
}

/// 500 points that are visible from orbit: whether each is land in the grid, and what was drawn.
fn land_or_sea_from_orbit(pose: &str) -> (usize, usize) {
    let mut pixels = String::new();
    for index in 0..1400 {
        let (u, v) = spread(index);
        // The planet fills the middle of the picture.
        let _ = writeln!(pixels, "{},{}", (340.0 + 600.0 * u) as u32, (720.0 * v) as u32);
    }
    let run = Run::settled(pose, "1280x720").file("--picks", &pixels).finish();
    let hits: Vec<Value> =
        run.picks().into_iter().filter(|pick| pick["hit"] == true).take(500).collect();
    assert_eq!(hits.len(), 500, "too few points on the planet");
    let agree = |pick: &&Value| {
        let is_land = EARTH.grid().height_m(number(pick, "/lat"), number(pick, "/lon")) >= 0.0;
        (pick["material"] != "water") == is_land
    };
    (hits.iter().filter(agree).count(), hits.len())
}

#[test]
fn land_and_sea_agree_with_the_grid_seen_from_orbit() {
    for pose in ["20,20,12000000,0,-90", "10,120,12000000,0,-90", "0,-90,12000000,0,-90"] {
        let (agree, all) = land_or_sea_from_orbit(pose);
        let share = agree as f64 / all as f64;
        assert!(share >= 0.97, "{pose}: only {share:.3} of {all} points agree");
    }
}

#[test]
fn a_pick_straight_down_from_100_km_finds_the_place_below() {
    for (lat, lon) in [(47.3, 11.4), (-20.0, -67.0), (30.0, -40.0), (0.0, 45.0)] {
        let run = Run::settled(&format!("{lat},{lon},100000,0,-90"), "481x271")
            .file("--picks", "240,135\n")
            .finish();
        let [pick] = &run.picks()[..] else { panic!("one pixel, one pick") };
        assert_eq!(pick["hit"], true, "{pick}");
        assert!((number(pick, "/lat") - lat).abs() < 0.01, "{lat}: {pick}");
        assert!((number(pick, "/lon") - lon).abs() < 0.01, "{lon}: {pick}");
        let lod = number(pick, "/lod") as i32;
        let cell_m = Shape::earth().voxel_m() * f64::from(1 << lod);
        let apart_m = (number(pick, "/altitude_m") - surface_m(lat, lon)).abs();
        assert!(apart_m <= cell_m, "{apart_m} m apart, a cell has {cell_m} m: {pick}");
        let distance_m = number(pick, "/distance_m") + number(pick, "/altitude_m");
        assert!((distance_m - 100_000.0).abs() < 1.0, "{pick}");
    }
}

#[test]
fn what_shows_nothing_is_skipped_without_being_filled() {
    let ground = format!("46.5,8,{},0,-20", surface_m(46.5, 8.0) + 2.0);
    for pose in ["20,20,12000000,0,-90", "27.55,86.75,9500,30,-12", &ground] {
        let run = Run::settled(pose, "640x360").finish();
        let share = run.number("/skipped_share");
        assert!(
            share >= 0.98,
            "{pose}: only {share:.4} of the nodes that show nothing are skipped"
        );
        let sum = |key: &str| -> f64 {
            run.report["streaming"][key]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_f64)
                .sum()
        };
        assert!(sum("skipped_by_lod") > 0.0 && sum("meshed_by_lod") > 0.0, "{}", run.report);
    }
}
