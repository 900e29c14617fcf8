//! What a script writes: picks and a report.

use std::{fmt::Write as _, io::Write as _};

use bevy_bluemarble::prelude::*;
use bluemarble_core::{Ray, Shape};
use glam::{DVec3, dvec3};
use serde::Serialize;

use super::{EditReport, Script};
use crate::{
    camera::GlobeCamera,
    options::{Pose, Size},
};

/// The ray through the middle of a pixel.
pub fn pixel_ray(
    camera: &GlobeCamera,
    shape: Shape,
    fov_rad: f64,
    size: Size,
    (x, y): (f64, f64),
) -> Ray {
    let half_height = (fov_rad * 0.5).tan();
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let right = ((x + 0.5) / width * 2.0 - 1.0) * half_height * width / height;
    let up = (1.0 - (y + 0.5) / height * 2.0) * half_height;
    let direction = camera.rotation(shape) * dvec3(right, up, -1.0).normalize_or(DVec3::NEG_Z);
    Ray { origin: camera.position, direction }
}

#[derive(Serialize)]
struct PickLine {
    x: u32,
    y: u32,
    hit: bool,
    #[serde(flatten)]
    place: Option<PickPlace>,
}

#[derive(Serialize)]
struct PickPlace {
    region: u8,
    voxel: [i32; 3],
    face: &'static str,
    material: String,
    lod: u8,
    lat: f64,
    lon: f64,
    altitude_m: f64,
    distance_m: f64,
}

#[derive(Serialize)]
struct Report<'a> {
    pose: Pose,
    size: [u32; 2],
    fov_deg: f64,
    voxel_m: f64,
    frames: u64,
    /// Seconds of each wait until all in view was there: at the start, after the flight, after edits.
    settled_s: &'a [f64],
    total_s: f64,
    frame_ms_p50: f64,
    frame_ms_p95: f64,
    frame_ms_p99: f64,
    frame_ms_max: f64,
    /// Share of the nodes that show nothing that were skipped without being filled.
    skipped_share: f64,
    peak_bytes: usize,
    streaming: &'a StreamingStatistics,
    world: bluemarble_world::WorldStatistics,
    edit: Option<&'a EditReport>,
    cut_frames_checked: u64,
    cut_holes_and_overlaps: u64,
    standing: Option<&'a (StreamingStatistics, StreamingStatistics)>,
    flight: &'a [FlightFrame],
}

/// A frame of the flight that was pictured.
#[derive(Clone, Copy, Serialize)]
pub struct FlightFrame {
    pub frame: u64,
    pub pose: Pose,
}

pub fn print_picks(
    script: &Script,
    camera: &GlobeCamera,
    shape: Shape,
    fov_rad: f64,
    picker: &WorldPicker,
    world: &VoxelWorld,
) -> Result<(), String> {
    let mut lines = String::new();
    for &(x, y) in &script.pixels {
        let ray =
            pixel_ray(camera, shape, fov_rad, script.options.size, (f64::from(x), f64::from(y)));
        let place = picker.pick(&ray).map(|pick| PickPlace {
            region: pick.pos.region,
            voxel: pick.pos.voxel.to_array(),
            face: pick.face.name(),
            material: world.0.materials().name(pick.material).to_owned(),
            lod: pick.lod,
            lat: pick.geo.lat_deg,
            lon: pick.geo.lon_deg,
            altitude_m: pick.geo.altitude_m,
            distance_m: pick.distance_m,
        });
        let line = PickLine { x, y, hit: place.is_some(), place };
        let line = serde_json::to_string(&line).map_err(|error| error.to_string())?;
        let _ = writeln!(lines, "{line}");
    }
    std::io::stdout()
        .write_all(lines.as_bytes())
        .map_err(|error| format!("cannot print the picks: {error}"))
}

pub fn write_report(
    script: &Script,
    pose: Pose,
    fov_rad: f64,
    streaming: &StreamingStatistics,
    world: &VoxelWorld,
) -> Result<(), String> {
    let Some(path) = &script.options.report else { return Ok(()) };
    let mut sorted = script.frame_ms.clone();
    sorted.sort_by(f64::total_cmp);
    let percentile = |share: f64| {
        let last = sorted.len().saturating_sub(1);
        sorted.get((share * last as f64).round() as usize).copied().unwrap_or(0.0)
    };
    let sum = |counts: &[u64]| counts.iter().sum::<u64>() as f64;
    let skipped = sum(&streaming.skipped_by_lod) + sum(&streaming.surveyed_by_lod);
    let read_empty = sum(&streaming.read_empty_by_lod);
    let report = Report {
        pose,
        size: [script.options.size.width, script.options.size.height],
        fov_deg: fov_rad.to_degrees(),
        voxel_m: world.0.shape().voxel_m(),
        frames: script.frame,
        settled_s: &script.settled_s,
        total_s: script.start.elapsed().as_secs_f64(),
        frame_ms_p50: percentile(0.5),
        frame_ms_p95: percentile(0.95),
        frame_ms_p99: percentile(0.99),
        frame_ms_max: percentile(1.0),
        skipped_share: skipped / (skipped + read_empty).max(1.0),
        peak_bytes: streaming.peak_bytes + world.0.statistics().cached_bytes,
        streaming,
        world: world.0.statistics(),
        edit: script.edit.as_ref(),
        cut_frames_checked: script.cut_checks.0,
        cut_holes_and_overlaps: script.cut_checks.1,
        standing: script.standing.as_ref(),
        flight: &script.flight,
    };
    let text = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
    std::fs::write(path, text + "\n")
        .map_err(|error| format!("{}: cannot write the report: {error}", path.display()))
}
