//! The pace: frames in flight against frames standing still, over the same Earth.
//!
//! In flight a worker keeps a core busy. What that alone does to frames is measured too: standing still
//! while a thread that has nothing to do with the plugin works. And a flight may end where more is drawn than
//! where it began, so frames standing still at its end are measured as well.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use bevy::{prelude::*, tasks::block_on};
use bevy_bluemarble::prelude::{Viewer, WorldPosition};
use bluemarble_core::{CHUNK_EDGE, ChunkKey, GeoPosition, Shape};
use bluemarble_world::HybridWorld;
use glam::IVec3;

use crate::{
    earth::{Earth, gaze},
    frames::FrameTimes,
    plugin::{self, is_settled},
};

/// Frames of each phase: ten seconds.
const FRAMES: usize = 600;
/// Rounds through all flights.
const ROUNDS: usize = 3;
const PHASES: [&str; 4] = ["still", "still, a core busy", "flight", "still, at its end"];
/// Frames that are still at the start of each.
const WARM_UP: usize = 30;

struct Flight {
    name: &'static str,
    start: GeoPosition,
    /// Metres a second eastwards, and upwards as a share of the altitude above the ground.
    speed_m_s: f64,
    climb_per_s: f64,
}

/// All flights, several times.
pub fn run() {
    let earth = Earth::load();
    let flights = [
        Flight {
            name: "low, 500 m/s",
            start: earth.above(46.0, 7.6, 2_500.0),
            speed_m_s: 500.0,
            climb_per_s: 0.0,
        },
        Flight {
            name: "walk, 8 m/s",
            start: earth.above(46.0, 7.6, 3.0),
            speed_m_s: 8.0,
            climb_per_s: 0.0,
        },
        Flight {
            name: "2000 km down",
            start: earth.above(40.0, 5.0, 2e6),
            speed_m_s: 1_000.0,
            climb_per_s: -0.95,
        },
    ];
    println!("pace: main thread without a graphics card at 60 Hz, {FRAMES} frames a phase, Earth");
    println!("medians of {ROUNDS} rounds; p99 and max in ms, ratios of p99 and of max to p50");
    println!(
        "  flight           phase                p50    p99    max  p99/still  p99/busy  p99/end  max/p50"
    );
    let mut rounds: Vec<Vec<[Cost; PHASES.len()]>> = vec![Vec::new(); flights.len()];
    for _ in 0..ROUNDS {
        for (flight, paces) in flights.iter().zip(&mut rounds) {
            paces.push(fly(earth.shape(), earth.world(), flight));
        }
    }
    for (flight, paces) in flights.iter().zip(&rounds) {
        for (phase, name) in PHASES.into_iter().enumerate() {
            let of = |what: fn(&[Cost; PHASES.len()], usize) -> f64| {
                median(paces.iter().map(|pace| what(pace, phase)).collect())
            };
            println!(
                "  {:<16} {name:<18} {:>5.2} {:>6.2} {:>6.2} {:>10.2} {:>9.2} {:>8.2} {:>8.2}",
                flight.name,
                of(|costs, phase| costs[phase].p50_ms),
                of(|costs, phase| costs[phase].p99_ms),
                of(|costs, phase| costs[phase].max_ms),
                of(|costs, phase| costs[phase].p99_ms / costs[0].p99_ms),
                of(|costs, phase| costs[phase].p99_ms / costs[1].p99_ms),
                of(|costs, phase| costs[phase].p99_ms / costs[3].p99_ms),
                of(|costs, phase| costs[phase].max_ms / costs[phase].p50_ms),
            );
        }
    }
}

/// What the frames of a phase cost.
#[derive(Clone, Copy, Debug)]
struct Cost {
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

impl Cost {
    fn of(frames: &FrameTimes) -> Self {
        Self {
            p50_ms: frames.percentile_ms(0.5),
            p99_ms: frames.percentile_ms(0.99),
            max_ms: frames.percentile_ms(1.0),
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Keeps a core busy with work of the kind that workers do, until it is dropped.
struct BusyCore {
    is_over: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl BusyCore {
    fn new(world: HybridWorld) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = is_over.clone();
        let work = move || {
            // Everything the baseline has for one place after the other, on the surface.
            let lattice = world.shape().sea_level_y() >> CHUNK_EDGE.ilog2();
            for x in (0..).take_while(|_| !over.load(Ordering::Relaxed)) {
                let key = ChunkKey::new(2, 0, IVec3::new(x & 0xffff, lattice, x >> 16));
                drop(block_on(world.read(key)));
            }
        };
        Self { is_over, thread: Some(thread::spawn(work)) }
    }
}

impl Drop for BusyCore {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.take().map(thread::JoinHandle::join);
    }
}

/// The phases of a flight.
fn fly(shape: Shape, world: HybridWorld, flight: &Flight) -> [Cost; PHASES.len()] {
    let start = shape.local_from_geo(flight.start);
    let (mut app, camera) =
        plugin::app(world.clone(), Viewer::default(), start, gaze(shape, start));
    let still = stand(&mut app);
    let mut disturbed = FrameTimes::default();
    let busy_core = BusyCore::new(world);
    while disturbed.len() < FRAMES {
        disturbed.step(&mut app);
    }
    drop(busy_core);
    let mut moving = FrameTimes::default();
    let mut place = flight.start;
    while moving.len() < FRAMES {
        let metres_a_degree = 111_320.0 * place.lat_deg.to_radians().cos();
        place.lon_deg += flight.speed_m_s / 60.0 / metres_a_degree;
        place.altitude_m *= 1.0 + flight.climb_per_s / 60.0;
        let at = shape.local_from_geo(place);
        let mut camera = app.world_mut().entity_mut(camera);
        camera.insert((WorldPosition(at), Transform::from_rotation(gaze(shape, at))));
        moving.step(&mut app);
    }
    let end = stand(&mut app);
    [&still, &disturbed, &moving, &end].map(Cost::of)
}

/// Frames standing still, after a rest until all is settled.
fn stand(app: &mut App) -> FrameTimes {
    let mut rest = FrameTimes::default();
    while rest.len() < WARM_UP || !is_settled(app) {
        rest.step(app);
    }
    let mut still = FrameTimes::default();
    while still.len() < FRAMES {
        still.step(app);
    }
    still
}
