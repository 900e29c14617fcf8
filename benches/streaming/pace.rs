//! The pace: frames in flight against frames standing still, over the same Earth.

use std::{path::Path, sync::Arc};

use bevy::prelude::*;
use bevy_bluemarble::prelude::{Viewer, WorldPosition};
use bluemarble_core::{GeoPosition, MaterialTable, Shape};
use bluemarble_terrain::{Baseline, EarthBaseline};
use bluemarble_world::HybridWorld;
use glam::DVec3;

use crate::{
    frames::FrameTimes,
    plugin::{self, is_settled},
};

/// Frames of each phase: ten seconds.
const FRAMES: usize = 600;
/// Frames that are still at the start of each.
const WARM_UP: usize = 30;

struct Flight {
    name: &'static str,
    start: GeoPosition,
    /// Metres a second eastwards, and upwards as a share of the altitude above the ground.
    speed_m_s: f64,
    climb_per_s: f64,
}

/// Phases, each after a rest until all is settled.
pub fn run() {
    let materials = MaterialTable::standard();
    let elevation = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/earth/etopo5.tif");
    let earth = EarthBaseline::load(&elevation, &materials, 1).expect("the repository has it");
    let earth = Arc::new(earth);
    let shape = earth.shape();
    let ground_m = |lat: f64, lon: f64| {
        let (region, at) = shape.from_world(shape.world_of(GeoPosition::new(lat, lon, 0.0)));
        let y = earth.surface_y(region, at.x, at.z);
        (y - f64::from(shape.sea_level_y())) * shape.voxel_m()
    };
    let above =
        |lat: f64, lon: f64, metres: f64| GeoPosition::new(lat, lon, ground_m(lat, lon) + metres);
    let flights = [
        Flight {
            name: "low, 500 m/s",
            start: above(46.0, 7.6, 2_500.0),
            speed_m_s: 500.0,
            climb_per_s: 0.0,
        },
        Flight {
            name: "walk, 8 m/s",
            start: above(46.0, 7.6, 3.0),
            speed_m_s: 8.0,
            climb_per_s: 0.0,
        },
        Flight {
            name: "2000 km down",
            start: above(40.0, 5.0, 2e6),
            speed_m_s: 1_000.0,
            climb_per_s: -0.95,
        },
    ];
    println!("pace: main thread without a graphics card at 60 Hz, {FRAMES} frames a phase, Earth");
    println!("  flight            still p50   p99    flight p50   p99    max   p99/p99  max/p50");
    for flight in &flights {
        fly(shape, HybridWorld::in_memory(earth.clone(), MaterialTable::standard()), flight);
    }
}

fn fly(shape: Shape, world: HybridWorld, flight: &Flight) {
    let start = shape.world_of(flight.start);
    let (mut app, camera) = plugin::app(world, Viewer::default(), start, gaze(shape, start));
    let mut rest = FrameTimes::default();
    while rest.len() < WARM_UP || !is_settled(&app) {
        rest.step(&mut app);
    }
    let mut still = FrameTimes::default();
    while still.len() < FRAMES {
        still.step(&mut app);
    }
    let mut moving = FrameTimes::default();
    let mut place = flight.start;
    while moving.len() < FRAMES {
        let metres_a_degree = 111_320.0 * place.lat_deg.to_radians().cos();
        place.lon_deg += flight.speed_m_s / 60.0 / metres_a_degree;
        place.altitude_m *= 1.0 + flight.climb_per_s / 60.0;
        let at = shape.world_of(place);
        let mut camera = app.world_mut().entity_mut(camera);
        camera.insert((WorldPosition(at), Transform::from_rotation(gaze(shape, at))));
        moving.step(&mut app);
    }
    let (calm, busy) = (still.percentile_ms(0.99), moving.percentile_ms(0.99));
    println!(
        "  {:<16} {:>9.2} {:>7.2} {:>11.2} {:>7.2} {:>6.2} {:>8.2} {:>8.2}",
        flight.name,
        still.percentile_ms(0.5),
        calm,
        moving.percentile_ms(0.5),
        busy,
        moving.percentile_ms(1.0),
        busy / calm,
        moving.percentile_ms(1.0) / moving.percentile_ms(0.5),
    );
}

/// East, and a little down.
fn gaze(shape: Shape, at: DVec3) -> Quat {
    let up = shape.up(at);
    let (east, _) = shape.east_north(at);
    let forward = (east - up * 0.35).normalize();
    Transform::default().looking_to(forward.as_vec3(), up.as_vec3()).rotation
}
