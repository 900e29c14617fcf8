//! Runs without a window: fly, settle, dig, stand still, take a picture, pick, report, end.

mod files;
mod report;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bevy::{
    ecs::system::SystemParam,
    prelude::*,
    render::view::screenshot::{Screenshot, ScreenshotCaptured},
};
use bevy_bluemarble::prelude::*;
use bluemarble_core::{MaterialId, Shape};
use files::{Waypoint, read_flight, read_pixels};
use report::{FlightFrame, pixel_ray, print_picks, write_report};
use serde::Serialize;

use crate::{
    camera::{GlobeCamera, between},
    options::{Options, Pose},
    tools::ball,
};

/// The image that is drawn into.
#[derive(Resource)]
pub struct Canvas(pub Handle<Image>);

/// A frame of a flight: 60 a second.
pub const FLIGHT_FRAME: Duration = Duration::from_nanos(16_666_667);
/// Frames in a row that must be settled.
const CALM_FRAMES: u32 = 3;
/// Frames drawn before a picture is taken.
const EXPOSURE_FRAMES: u64 = 3;
/// Settling that takes longer than this has failed.
const PATIENCE_S: f64 = 1_500.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Fly,
    Settle,
    Dig,
    Save,
    Stand,
    Picture,
    Developing,
    Report,
    Done,
}

/// Everything the run remembers.
#[derive(Resource)]
pub struct Script {
    options: Options,
    waypoints: Vec<Waypoint>,
    pixels: Vec<(u32, u32)>,
    phase: Phase,
    flown: bool,
    start: Instant,
    frame: u64,
    phase_frame: u64,
    calm: u32,
    last_frame: Option<Instant>,
    frame_ms: Vec<f64>,
    phase_start: Instant,
    /// How long each wait until all was settled took.
    settled_s: Vec<f64>,
    edit: Option<EditReport>,
    standing: Option<(StreamingStatistics, StreamingStatistics)>,
    /// Frames in which the cut was looked at, and wrong places found.
    cut_checks: (u64, u64),
    flight: Vec<FlightFrame>,
    pictures_due: usize,
}

#[derive(Clone, Debug, Default, Serialize)]
struct EditReport {
    lsn: u64,
    chunks: usize,
    saved: bool,
}

impl Script {
    /// A script of what the options ask for.
    pub fn new(options: Options) -> Result<Self, String> {
        let waypoints = options.flight.as_deref().map(read_flight).transpose()?.unwrap_or_default();
        let pixels =
            options.picks.as_deref().map(|path| read_pixels(path, options.size)).transpose()?;
        let settle_first = options.needs_settling() || waypoints.is_empty();
        let phase = if settle_first { Phase::Settle } else { Phase::Fly };
        Ok(Self {
            waypoints,
            pixels: pixels.unwrap_or_default(),
            options,
            phase,
            flown: false,
            start: Instant::now(),
            frame: 0,
            phase_frame: 0,
            calm: 0,
            last_frame: None,
            frame_ms: Vec::new(),
            phase_start: Instant::now(),
            settled_s: Vec::new(),
            edit: None,
            standing: None,
            cut_checks: (0, 0),
            flight: Vec::new(),
            pictures_due: 0,
        })
    }

    /// Where the run starts.
    pub fn first_pose(&self) -> Pose {
        self.waypoints.first().map_or(self.options.pose, |waypoint| waypoint.pose)
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.phase_start = Instant::now();
        self.phase_frame = 0;
        self.calm = 0;
    }

    fn after_settling(&mut self) {
        let next = if !self.waypoints.is_empty() && !self.flown {
            Phase::Fly
        } else if self.options.dig.is_some() && self.edit.is_none() {
            Phase::Dig
        } else if self.options.stand.is_some() && self.standing.is_none() {
            Phase::Stand
        } else {
            Phase::Picture
        };
        self.enter(next);
    }

    /// Frames since the take-off; `None` while the first ones are drawn.
    fn flight_frame(&self) -> Option<u64> {
        self.phase_frame.checked_sub(EXPOSURE_FRAMES)
    }

    fn flight_pose(&self, shape: Shape, seconds: f64) -> Option<Pose> {
        let after = self.waypoints.iter().position(|waypoint| waypoint.seconds >= seconds)?;
        let to = self.waypoints[after];
        let from = self.waypoints[after.saturating_sub(1)];
        let span_s = to.seconds - from.seconds;
        let share = if span_s > 0.0 { (seconds - from.seconds) / span_s } else { 1.0 };
        Some(between(shape, from.pose, to.pose, share, false))
    }
}

/// Moves the camera along the flight.
pub fn fly(
    mut script: ResMut<Script>,
    world: Single<&VoxelWorld>,
    mut cameras: Query<&mut GlobeCamera>,
) {
    if script.phase != Phase::Fly {
        return;
    }
    let shape = world.0.shape();
    let Ok(mut camera) = cameras.single_mut() else { return };
    let Some(frame) = script.flight_frame() else { return };
    match script.flight_pose(shape, frame as f64 * FLIGHT_FRAME.as_secs_f64()) {
        Some(pose) => *camera = GlobeCamera::at(shape, pose),
        None => {
            script.flown = true;
            let next = if script.options.needs_settling() { Phase::Settle } else { Phase::Picture };
            script.enter(next);
        }
    }
}

/// What pictures wait for, besides the ground.
#[derive(SystemParam)]
pub struct Look<'w> {
    clouds: Res<'w, CloudsReady>,
    sky: Res<'w, Sky>,
    sun: Res<'w, SunLight>,
}

impl Look<'_> {
    fn is_ready(&self) -> bool {
        let is_clear = self.sky.clouds <= 0.0 || !self.sun.air;
        self.clouds.0 || is_clear
    }
}

/// Goes from step to step.
pub fn advance(
    mut commands: Commands,
    mut script: ResMut<Script>,
    planet: Single<(&VoxelWorld, &StreamingStatistics, &PlanetPictureCube, Has<PlanetPicture>)>,
    (picker, progress, look): (WorldPicker, StreamingProgress, Look),
    canvas: Res<Canvas>,
    mut cameras: Query<(&GlobeCamera, &Projection, &mut Camera)>,
    mut edits: MessageWriter<EditVoxels>,
    (mut applied, mut saved): (MessageReader<EditApplied>, MessageReader<VoxelWorldSaved>),
    mut exit: MessageWriter<AppExit>,
) {
    let script = &mut *script;
    let (world, statistics, picture, has_picture) = *planet;
    let now = Instant::now();
    let Ok((camera, projection, mut switch)) = cameras.single_mut() else { return };
    // While the view settles nothing needs to be drawn; frames that are drawn count.
    if let Some(last) = script.last_frame.replace(now)
        && switch.is_active
    {
        script.frame_ms.push((now - last).as_secs_f64() * 1e3);
    }
    let watched = !matches!(script.phase, Phase::Settle | Phase::Dig | Phase::Save);
    if switch.is_active != watched {
        switch.is_active = watched;
    }
    script.frame += 1;
    script.phase_frame += 1;
    if script.options.check_cut {
        script.cut_checks.0 += 1;
        script.cut_checks.1 += progress.holes_and_overlaps() as u64;
    }
    let shape = world.0.shape();
    let fov_rad = match projection {
        Projection::Perspective(perspective) => f64::from(perspective.fov),
        _ => 1.0,
    };
    let size = script.options.size;
    let edit = script.edit.clone();
    for applied in applied.read() {
        let known = edit.clone().unwrap_or_default();
        script.edit = Some(EditReport {
            lsn: known.lsn.max(applied.lsn),
            chunks: known.chunks + applied.chunks.len(),
            saved: false,
        });
    }
    if saved.read().next().is_some()
        && let Some(edit) = &mut script.edit
    {
        edit.saved = true;
    }
    match script.phase {
        Phase::Fly => {
            let pose = camera.pose(shape);
            // The frame counts from the one that `fly` has placed the camera for.
            let frame = script.phase_frame.checked_sub(EXPOSURE_FRAMES + 1);
            if let (Some(every), Some(path)) =
                (script.options.screenshot_every, &script.options.screenshot)
                && let Some(frame) = frame
                && frame.is_multiple_of(every.max(1))
            {
                script.flight.push(FlightFrame { frame, pose });
                let path = numbered(path, frame);
                take_picture(&mut commands, &canvas, path);
                script.pictures_due += 1;
            }
        }
        Phase::Settle => {
            let is_calm =
                statistics.settled && look.is_ready() && (!has_picture || picture.is_settled());
            script.calm = if is_calm { script.calm + 1 } else { 0 };
            let needed = if script.options.needs_settling() { CALM_FRAMES } else { 0 };
            if script.calm >= needed {
                if script.options.needs_settling() {
                    let settled_s = script.phase_start.elapsed().as_secs_f64();
                    script.settled_s.push(settled_s);
                }
                script.after_settling();
            } else if script.start.elapsed().as_secs_f64() > PATIENCE_S {
                fail("the view did not settle in time; see the log for chunks that cannot be read");
                exit.write(AppExit::from_code(1));
                script.enter(Phase::Done);
            }
        }
        Phase::Dig => {
            let middle = (f64::from(size.width) * 0.5 - 0.5, f64::from(size.height) * 0.5 - 0.5);
            let radius_m = script.options.dig.unwrap_or(1.0);
            match picker.pick(&pixel_ray(camera, shape, fov_rad, size, middle)) {
                Some(pick) => {
                    edits.write(ball(world, &pick, radius_m, MaterialId::AIR));
                    script.enter(Phase::Save);
                }
                None => {
                    fail("nothing to dig: the middle of the picture shows no voxel");
                    exit.write(AppExit::from_code(2));
                    script.enter(Phase::Done);
                }
            }
        }
        Phase::Save => {
            // Settled means that the edit is in every lod, drawn, and saved.
            if script.edit.is_some() && statistics.settled {
                script.enter(Phase::Settle);
            }
        }
        Phase::Stand => {
            let frames = script.options.stand.unwrap_or(0);
            match &mut script.standing {
                None => script.standing = Some((statistics.clone(), statistics.clone())),
                Some((_, after)) => *after = statistics.clone(),
            }
            if script.phase_frame > frames {
                script.enter(Phase::Picture);
            }
        }
        Phase::Picture if script.phase_frame < EXPOSURE_FRAMES => {}
        Phase::Picture => {
            if let Some(path) = script.options.screenshot.clone() {
                take_picture(&mut commands, &canvas, path);
                script.pictures_due += 1;
            }
            script.enter(Phase::Developing);
        }
        Phase::Developing => {
            if script.pictures_due == 0 {
                script.enter(Phase::Report);
            }
        }
        Phase::Report => {
            let result =
                print_picks(script, camera, shape, fov_rad, &picker, world).and_then(|()| {
                    write_report(script, camera.pose(shape), fov_rad, statistics, world)
                });
            let code = match result {
                Ok(()) => AppExit::Success,
                Err(reason) => {
                    fail(&reason);
                    AppExit::from_code(2)
                }
            };
            exit.write(code);
            script.enter(Phase::Done);
        }
        Phase::Done => {}
    }
}

/// `picture.png` becomes `picture.00040.png`.
fn numbered(path: &Path, frame: u64) -> PathBuf {
    let suffix = path
        .extension()
        .map_or_else(|| "png".into(), |suffix| suffix.to_string_lossy().into_owned());
    path.with_extension(format!("{frame:05}.{suffix}"))
}

/// Says in one line why the run cannot go on.
pub fn fail(reason: &str) {
    // If even standard error is closed there is no one left to tell.
    let _ = writeln!(std::io::stderr(), "globe: {reason}");
}

fn take_picture(commands: &mut Commands, canvas: &Canvas, path: PathBuf) {
    commands.spawn(Screenshot::image(canvas.0.clone())).observe(
        move |captured: On<ScreenshotCaptured>,
              mut script: ResMut<Script>,
              mut exit: MessageWriter<AppExit>| {
            script.pictures_due = script.pictures_due.saturating_sub(1);
            let saved = captured
                .image
                .clone()
                .try_into_dynamic()
                .map_err(|error| error.to_string())
                .and_then(|image| image.to_rgb8().save(&path).map_err(|error| error.to_string()));
            if let Err(reason) = saved {
                fail(&format!("{}: cannot write the picture: {reason}", path.display()));
                exit.write(AppExit::from_code(2));
                script.enter(Phase::Done);
            }
        },
    );
}
