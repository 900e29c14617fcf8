//! Which pixels must show the planet.

use bluemarble_core::{GeoPosition, Shape};
use glam::DVec3;
use serde_json::Value;

use crate::viewer::number;

/// No ground or water of the Earth lies deeper below the sea than this.
const LOWEST_SURFACE_M: f64 = 500.0;

/// A camera as a report describes it.
pub struct Eye {
    position: DVec3,
    forward: DVec3,
    right: DVec3,
    up: DVec3,
    half_height: f64,
    size: [f64; 2],
}

impl Eye {
    /// The camera of a report at a pose in it.
    pub fn new(report: &Value, pose: &Value) -> Self {
        let shape = Shape::earth();
        let place = GeoPosition::new(
            number(pose, "/lat_deg"),
            number(pose, "/lon_deg"),
            number(pose, "/altitude_m"),
        );
        let position = shape.world_of(place);
        let (east, north) = shape.east_north(position);
        let heading = number(pose, "/heading_deg").to_radians();
        let pitch = number(pose, "/pitch_deg").to_radians();
        let level = north * heading.cos() + east * heading.sin();
        let right = east * heading.cos() - north * heading.sin();
        let forward = level * pitch.cos() + shape.up(position) * pitch.sin();
        Self {
            position,
            forward,
            right,
            up: right.cross(forward),
            half_height: (number(report, "/fov_deg").to_radians() * 0.5).tan(),
            size: [number(report, "/size/0"), number(report, "/size/1")],
        }
    }

    /// Whether the ray through the middle of a pixel must meet ground or water.
    pub fn must_hit(&self, x: u32, y: u32) -> bool {
        let [width, height] = self.size;
        let sideways =
            ((f64::from(x) + 0.5) / width * 2.0 - 1.0) * self.half_height * width / height;
        let upwards = (1.0 - (f64::from(y) + 0.5) / height * 2.0) * self.half_height;
        let direction = (self.forward + self.right * sideways + self.up * upwards).normalize();
        let Shape::CubeSphere(planet) = Shape::earth() else { unreachable!("the Earth is round") };
        // The rim of the planet is drawn as exactly as pixels are.
        let away_m = self.position.length();
        let horizon_m = (away_m * away_m - planet.radius_m * planet.radius_m).max(0.0).sqrt();
        let pixel_m = horizon_m * 2.0 * self.half_height / height;
        let radius_m = planet.radius_m - LOWEST_SURFACE_M - pixel_m;
        let along = self.position.dot(direction);
        let nearest = (self.position.length_squared() - along * along).max(0.0).sqrt();
        along < 0.0 && nearest < radius_m
    }
}
