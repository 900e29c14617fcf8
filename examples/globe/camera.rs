//! The camera: one gesture from orbit to walking height.
//!
//! The wheel changes altitude by shares of itself, so that the same turn that crosses a continent from
//! orbit crosses a doorstep at the ground; on the way down the gaze lifts from the ground to the
//! horizon. Keys move along the ground with a speed that follows altitude. Up is always up.

use bevy::{
    input::mouse::{AccumulatedMouseMotion, AccumulatedMouseScroll},
    prelude::*,
};
use bevy_bluemarble::prelude::*;
use bluemarble_core::{GeoPosition, LatticePos, Ray, Shape};
use glam::{DMat3, DQuat, DVec3};

use crate::{options::Pose, panel::PointerOverPanel};

/// Eye height above the ground: never lower.
pub const EYE_HEIGHT_M: f64 = 2.0;
/// Never higher.
const HIGHEST_M: f64 = 4e7;

/// Where the camera is and where it looks, relative to the ground below it.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
pub struct GlobeCamera {
    /// World position in metres.
    pub position: DVec3,
    /// From north over east, radians.
    pub heading_rad: f64,
    /// Above the horizon, radians.
    pub pitch_rad: f64,
    /// The flight that is under way.
    pub flight: Option<Flight>,
}

/// A flight to a bookmark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flight {
    from: Pose,
    to: Pose,
    elapsed_s: f64,
}

impl Flight {
    /// A flight between two poses.
    pub fn new(from: Pose, to: Pose) -> Self {
        Self { from, to, elapsed_s: 0.0 }
    }
}

const FLIGHT_S: f64 = 6.0;

impl GlobeCamera {
    /// A camera at a pose.
    pub fn at(shape: Shape, pose: Pose) -> Self {
        let place = GeoPosition::new(pose.lat_deg, pose.lon_deg, pose.altitude_m);
        Self {
            position: shape.local_from_geo(place),
            heading_rad: pose.heading_deg.to_radians(),
            pitch_rad: pose.pitch_deg.to_radians(),
            flight: None,
        }
    }

    /// Where it is and where it looks.
    pub fn pose(&self, shape: Shape) -> Pose {
        let place = shape.geo_from_local(self.position);
        Pose {
            lat_deg: place.lat_deg,
            lon_deg: place.lon_deg,
            altitude_m: place.altitude_m,
            heading_deg: self.heading_rad.to_degrees().rem_euclid(360.0),
            pitch_deg: self.pitch_rad.to_degrees(),
        }
    }

    /// The rotation that makes -Z look along heading and pitch, with a level horizon.
    pub fn rotation(&self, shape: Shape) -> DQuat {
        let up = shape.up(self.position);
        let (east, north) = shape.east_north(self.position);
        let ahead = north * self.heading_rad.cos() + east * self.heading_rad.sin();
        let forward = ahead * self.pitch_rad.cos() + up * self.pitch_rad.sin();
        let right = ahead.cross(up);
        DQuat::from_mat3(&DMat3::from_cols(right, right.cross(forward), -forward))
    }
}

/// A pose between two, `share` of the way, on the great circle; the way rises so that it is seen.
pub fn between(shape: Shape, from: Pose, to: Pose, share: f64, arch: bool) -> Pose {
    let direction = |pose: Pose| {
        shape.up(shape.local_from_geo(GeoPosition::new(pose.lat_deg, pose.lon_deg, 0.0)))
    };
    let (a, b) = (direction(from), direction(to));
    let angle = a.dot(b).clamp(-1.0, 1.0).acos();
    let on_way = if angle < 1e-9 {
        a
    } else {
        (a * ((1.0 - share) * angle).sin() + b * (share * angle).sin()) / angle.sin()
    };
    let place = shape.geo_from_local(on_way.normalize_or(a) * 7e6);
    let lift = |altitude_m: f64| (altitude_m + 100.0).max(1.0).ln();
    let mut log_m = lift(from.altitude_m) * (1.0 - share) + lift(to.altitude_m) * share;
    if arch {
        let top = lift(angle * 2.5e6).max(log_m);
        log_m += (top - log_m) * (share * std::f64::consts::PI).sin().powi(2);
    }
    let turn = (to.heading_deg - from.heading_deg + 540.0).rem_euclid(360.0) - 180.0;
    Pose {
        lat_deg: place.lat_deg,
        lon_deg: place.lon_deg,
        altitude_m: log_m.exp() - 100.0,
        heading_deg: from.heading_deg + turn * share,
        pitch_deg: from.pitch_deg + (to.pitch_deg - from.pitch_deg) * share,
    }
}

/// Moves the camera by keys and mouse.
pub fn steer(
    time: Res<Time>,
    keys: Res<ButtonInput<KeyCode>>,
    buttons: Res<ButtonInput<MouseButton>>,
    motion: Res<AccumulatedMouseMotion>,
    scroll: Res<AccumulatedMouseScroll>,
    over_panel: Res<PointerOverPanel>,
    world: Single<&VoxelWorld>,
    mut cameras: Query<&mut GlobeCamera>,
) {
    let shape = world.0.shape();
    let Ok(mut camera) = cameras.single_mut() else { return };
    let elapsed_s = f64::from(time.delta_secs()).min(0.1);
    if let Some(mut flight) = camera.flight {
        flight.elapsed_s += elapsed_s;
        let share = (flight.elapsed_s / FLIGHT_S).min(1.0);
        let eased = share * share * (3.0 - 2.0 * share);
        let pose = between(shape, flight.from, flight.to, eased, true);
        let next = (share < 1.0).then_some(flight);
        *camera = GlobeCamera { flight: next, ..GlobeCamera::at(shape, pose) };
        return;
    }
    let mut next = *camera;
    if buttons.pressed(MouseButton::Right) {
        next.heading_rad += f64::from(motion.delta.x) * 0.003;
        next.pitch_rad = (next.pitch_rad - f64::from(motion.delta.y) * 0.003).clamp(-1.57, 1.57);
    }
    let up = shape.up(next.position);
    let (east, north) = shape.east_north(next.position);
    let ahead = north * next.heading_rad.cos() + east * next.heading_rad.sin();
    let right = ahead.cross(up);
    let axis = |plus: KeyCode, minus: KeyCode| {
        f64::from(u8::from(keys.pressed(plus))) - f64::from(u8::from(keys.pressed(minus)))
    };
    let along =
        ahead * axis(KeyCode::KeyW, KeyCode::KeyS) + right * axis(KeyCode::KeyD, KeyCode::KeyA);
    let above_ground_m = height_above_ground(&world, next.position).max(EYE_HEIGHT_M);
    let hurry = if keys.pressed(KeyCode::ShiftLeft) { 5.0 } else { 1.0 };
    let speed_m_s = (above_ground_m * 0.8).clamp(2.0, 3e6) * hurry;
    let climb = axis(KeyCode::KeyE, KeyCode::KeyQ);
    if along != DVec3::ZERO || climb != 0.0 {
        let radius_m = next.position.length();
        next.position += along.normalize_or_zero() * speed_m_s * elapsed_s;
        if matches!(shape, Shape::CubeSphere(_)) {
            next.position = next.position.normalize() * radius_m;
        }
        next.position += up * climb * speed_m_s * elapsed_s;
    }
    next.heading_rad += axis(KeyCode::ArrowRight, KeyCode::ArrowLeft) * elapsed_s;
    next.pitch_rad = (next.pitch_rad + axis(KeyCode::ArrowUp, KeyCode::ArrowDown) * elapsed_s)
        .clamp(-1.57, 1.57);
    if scroll.delta.y != 0.0 && !over_panel.0 {
        let factor = 0.88f64.powf(f64::from(scroll.delta.y).clamp(-5.0, 5.0));
        let target_m = (above_ground_m * factor).clamp(EYE_HEIGHT_M, HIGHEST_M);
        next.position += up * (target_m - above_ground_m);
        // The gaze lifts from straight down to just under the horizon between 3,000 km and 50 m.
        let gaze = |above_m: f64| {
            -1.5 + 1.4
                * (1.0 - ((above_m / 50.0).ln() / (3e6f64 / 50.0).ln()).clamp(0.0, 1.0)).powi(2)
        };
        next.pitch_rad =
            (next.pitch_rad + gaze(target_m) - gaze(above_ground_m)).clamp(-1.57, 1.57);
    }
    if next != *camera {
        *camera = next;
    }
}

fn height_above_ground(world: &VoxelWorld, position: DVec3) -> f64 {
    let shape = world.0.shape();
    let LatticePos { region, lattice } = shape.lattice_from_local(position);
    let ground_y = world.0.ground_y_estimate(region, lattice.x, lattice.z);
    (lattice.y - ground_y) * shape.voxel_m()
}

/// Keeps the eye above the ground that is drawn, or where only coarse ground is drawn yet, above what
/// the baseline knows of it; then puts the camera where it belongs.
pub fn place(
    world: Single<&VoxelWorld>,
    picker: WorldPicker,
    mut cameras: Query<(&mut GlobeCamera, &mut WorldPosition, &mut Transform)>,
) {
    let shape = world.0.shape();
    for (mut camera, mut position, mut transform) in &mut cameras {
        let up = shape.up(camera.position);
        let mut above_m = height_above_ground(&world, camera.position);
        if above_m < 100.0 {
            let ray = Ray { origin: camera.position + up * 30.0, direction: -up };
            if let Some(pick) = picker.pick(&ray)
                && pick.lod == 0
            {
                above_m = pick.distance_m - 30.0;
            }
        }
        let lift_m = (EYE_HEIGHT_M - above_m).max(0.0);
        if lift_m > 1e-6 {
            camera.position += up * lift_m;
        }
        let rotation = camera.rotation(shape).as_quat();
        if position.0 != camera.position || transform.rotation != rotation {
            position.0 = camera.position;
            transform.rotation = rotation;
        }
    }
}

/// Limits how far away the world ends: nothing of a planet is farther than this.
pub fn projection() -> Projection {
    Projection::Perspective(PerspectiveProjection {
        fov: 50f32.to_radians(),
        near: 0.1,
        far: 1e9,
        ..default()
    })
}
