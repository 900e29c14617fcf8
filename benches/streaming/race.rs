//! The race: how long until all is loaded, how much memory, how smooth the frames meanwhile.
//!
//! On both sides all is loaded when the last chunk is drawn; ours then still fades it in.

use std::{process::Command, time::Instant};

use bevy::prelude::*;
use bevy_bluemarble::prelude::Viewer;
use glam::DVec3;

use crate::{
    frames::{FrameTimes, peak_memory_bytes},
    peer, plugin,
    terrain::height_m,
};

/// Runs of each side, alternating.
const RUNS: usize = 3;
/// Frames without news after which the peer is taken to be done.
const CALM_FRAMES: usize = 60;
/// Nobody waits longer.
const PATIENCE_S: f64 = 240.0;
const EYE_HEIGHT_M: f64 = 20.0;

fn looking() -> Quat {
    Quat::from_rotation_y(0.7) * Quat::from_rotation_x(-0.25)
}

/// What one run has measured.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    loaded_s: f64,
    memory_mb: f64,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

impl Outcome {
    fn new(loaded_s: f64, empty_bytes: usize, frames: &FrameTimes) -> Self {
        Self {
            loaded_s,
            memory_mb: peak_memory_bytes().saturating_sub(empty_bytes) as f64 / 1e6,
            p50_ms: frames.percentile_ms(0.5),
            p99_ms: frames.percentile_ms(0.99),
            max_ms: frames.percentile_ms(1.0),
        }
    }

    fn line(&self) -> String {
        let Self { loaded_s, memory_mb, p50_ms, p99_ms, max_ms } = self;
        format!("{loaded_s} {memory_mb} {p50_ms} {p99_ms} {max_ms}")
    }

    fn parse(line: &str) -> Option<Self> {
        let values: Vec<f64> = line.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
        let [loaded_s, memory_mb, p50_ms, p99_ms, max_ms] = values[..] else { return None };
        Some(Self { loaded_s, memory_mb, p50_ms, p99_ms, max_ms })
    }
}

/// One run of one side, as `side,metres`: prints its figures in a line.
pub fn one(what: &str) {
    let (side, metres) = what.split_once(',').unwrap_or((what, "256"));
    let metres: f64 = metres.parse().unwrap_or(256.0);
    let eye = DVec3::new(0.5, height_m(0.5, 0.5) + EYE_HEIGHT_M, 0.5);
    let outcome = match side {
        "ours" => ours(Viewer { radius_m: metres, ..Viewer::default() }, eye),
        // As fine as the peer everywhere: a voxel is a voxel as far as one sees.
        "ours-full" => ours(Viewer { radius_m: metres, max_error_px: 0.1 }, eye),
        "peer-view" => theirs(metres, false, eye),
        _ => theirs(metres, true, eye),
    };
    println!("{}", outcome.line());
}

fn ours(viewer: Viewer, eye: DVec3) -> Outcome {
    let (mut app, _) = plugin::app(plugin::hills(), viewer, eye, looking());
    let empty_bytes = peak_memory_bytes();
    let (mut frames, start) = (FrameTimes::default(), Instant::now());
    let (mut before, mut news_at) = (None, 0.0);
    while start.elapsed().as_secs_f64() < PATIENCE_S {
        frames.step(&mut app);
        let drawn = Some(plugin::drawn(&app));
        if drawn != before {
            (before, news_at) = (drawn, start.elapsed().as_secs_f64());
        }
        if frames.len() > 3 && plugin::is_settled(&app) {
            break;
        }
    }
    Outcome::new(news_at, empty_bytes, &frames)
}

fn theirs(metres: f64, all_around: bool, eye: DVec3) -> Outcome {
    let distance_chunks = (metres / 32.0).ceil() as u32;
    let hills = peer::Hills { distance_chunks, all_around };
    let mut app = peer::app(hills, eye.as_vec3(), looking());
    let empty_bytes = peak_memory_bytes();
    let (mut frames, start) = (FrameTimes::default(), Instant::now());
    let (mut before, mut news_at, mut calm) = (0, 0.0, 0);
    while start.elapsed().as_secs_f64() < PATIENCE_S && calm < CALM_FRAMES {
        frames.step(&mut app);
        let (chunks, done) = peer::progress(&mut app);
        if chunks != before || !done {
            (before, news_at, calm) = (chunks, start.elapsed().as_secs_f64(), 0);
        } else {
            calm += 1;
        }
    }
    Outcome::new(news_at, empty_bytes, &frames)
}

fn spawn(side: &str, metres: u32) -> Outcome {
    let program = std::env::current_exe().expect("a program has a path");
    let output = Command::new(program).args(["one", &format!("{side},{metres}")]).output();
    let output = output.expect("the program starts itself");
    let text = String::from_utf8_lossy(&output.stdout);
    let outcome = text.lines().last().and_then(Outcome::parse);
    outcome.unwrap_or_else(|| panic!("{side}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn median(runs: &[Outcome], of: impl Fn(&Outcome) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// All sides at several distances, alternating; medians, and ratios of theirs over ours.
pub fn run() {
    const SIDES: [&str; 4] = ["ours", "ours-full", "peer-view", "peer-close"];
    println!("race: hills of one noise, voxels of 1 m, 60 Hz, medians of {RUNS} alternating runs");
    for metres in [128, 256, 384] {
        let mut runs: [Vec<Outcome>; 4] = Default::default();
        for _ in 0..RUNS {
            for (side, runs) in SIDES.iter().zip(&mut runs) {
                runs.push(spawn(side, metres));
            }
        }
        println!("view distance {metres} m");
        println!("  side        loaded s  memory MB   p50 ms   p99 ms   max ms");
        for (side, runs) in SIDES.iter().zip(&runs) {
            println!(
                "  {side:<10} {:>9.2} {:>10.0} {:>8.2} {:>8.2} {:>8.2}",
                median(runs, |run| run.loaded_s),
                median(runs, |run| run.memory_mb),
                median(runs, |run| run.p50_ms),
                median(runs, |run| run.p99_ms),
                median(runs, |run| run.max_ms),
            );
        }
        for (ours, theirs) in [(0, 2), (0, 3), (1, 2), (1, 3)] {
            let ratio = |of: fn(&Outcome) -> f64| {
                median(&runs[theirs], of) / median(&runs[ours], of).max(1e-9)
            };
            println!(
                "  {:<10} / {:<10} loaded {:>6.2}x  memory {:>5.2}x  p99 {:>5.2}x",
                SIDES[theirs],
                SIDES[ours],
                ratio(|run| run.loaded_s),
                ratio(|run| run.memory_mb),
                ratio(|run| run.p99_ms),
            );
        }
    }
}
