//! The descent: from orbit to the height of an eye, and how long until all is there.

use std::time::Instant;

use bevy::prelude::*;
use bevy_bluemarble::prelude::{Viewer, WorldPosition};
use bluemarble_core::GeoPosition;

use crate::{
    earth::{Earth, gaze},
    frames::FrameTimes,
    plugin::{self, is_settled},
};

const ORBIT_M: f64 = 2e6;
const EYE_M: f64 = 2.0;
/// Frames of the way down: five seconds.
const FRAMES: usize = 300;
const PLACES: [(&str, f64, f64); 3] =
    [("Alps", 46.02, 7.65), ("Sahara", 24.0, 18.0), ("Norway", 61.0, 5.9)];

/// All places, each in a world that nobody has looked at.
pub fn run() {
    println!("descent: {ORBIT_M:.0} m to {EYE_M} m in {FRAMES} frames, 1280x720, no graphics card");
    println!(
        "  place    orbit s  arrival s  chunks read  surveyed  meshed MB  peak MB   p50 ms   p99 ms"
    );
    for (name, lat_deg, lon_deg) in PLACES {
        let earth = Earth::load();
        let shape = earth.shape();
        let ground = earth.above(lat_deg, lon_deg, 0.0);
        let at = |height_m: f64| {
            let altitude_m = ground.altitude_m + height_m;
            shape.local_from_geo(GeoPosition::new(lat_deg, lon_deg, altitude_m))
        };
        let start = at(ORBIT_M);
        let look = gaze(shape, start);
        let (mut app, camera) = plugin::app(earth.world(), Viewer::default(), start, look);
        let orbit_s = settle(&mut app);
        let before = plugin::statistics(&app);
        let mut frames = FrameTimes::default();
        for frame in 1..=FRAMES {
            // As many times nearer in every frame.
            let left = 1.0 - frame as f64 / FRAMES as f64;
            let place = at(EYE_M * (ORBIT_M / EYE_M).powf(left));
            app.world_mut().entity_mut(camera).insert(WorldPosition(place));
            frames.step(&mut app);
        }
        let arrival_s = settle(&mut app);
        let after = plugin::statistics(&app);
        let sum = |counts: &[u64], before: &[u64]| {
            counts.iter().sum::<u64>() - before.iter().sum::<u64>()
        };
        println!(
            "  {name:<8} {orbit_s:>7.2} {arrival_s:>10.2} {:>12} {:>9} {:>10.1} {:>8.1} {:>8.2} {:>8.2}",
            sum(&after.read_by_lod, &before.read_by_lod),
            sum(&after.surveyed_by_lod, &before.surveyed_by_lod),
            (after.meshed_bytes - before.meshed_bytes) as f64 / 1e6,
            after.peak_bytes as f64 / 1e6,
            frames.percentile_ms(0.5),
            frames.percentile_ms(0.99),
        );
    }
}

/// Waits until everything in view is there; returns the seconds that it took.
fn settle(app: &mut App) -> f64 {
    let (mut frames, start) = (FrameTimes::default(), Instant::now());
    while frames.len() < 3 || !is_settled(app) {
        frames.step(app);
    }
    start.elapsed().as_secs_f64()
}
