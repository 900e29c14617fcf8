//! What the pixels of a picture look at, and which of them must show the planet.

use bluemarble_core::{EARTH_RADIUS_M, GeoPosition, Shape};
use glam::DVec3;
use serde_json::Value;

use crate::viewer::number;

/// No ground or water of the Earth lies deeper below the sea than this.
const LOWEST_SURFACE_M: f64 = 500.0;

/// The camera that took a picture.
pub struct Sight {
    position: DVec3,
    forward: DVec3,
    right: DVec3,
    up: DVec3,
    half_height: f64,
    size: [f64; 2],
}

impl Sight {
    /// The camera of a report at a pose in it.
    pub fn new(report: &Value, pose: &Value) -> Self {
        let shape = Shape::earth();
        let of = |key: &str| number(pose, &format!("/{key}"));
        let place = GeoPosition::new(of("lat_deg"), of("lon_deg"), of("altitude_m"));
        let position = shape.local_from_geo(place);
        let (east, north) = shape.east_north(position);
        let (sin, cos) = of("heading_deg").to_radians().sin_cos();
        let pitch_rad = of("pitch_deg").to_radians();
        let ahead = north * cos + east * sin;
        let right = east * cos - north * sin;
        let forward = ahead * pitch_rad.cos() + shape.up(position) * pitch_rad.sin();
        Self {
            position,
            forward,
            right,
            up: right.cross(forward),
            half_height: (number(report, "/fov_deg").to_radians() * 0.5).tan(),
            size: [number(report, "/size/0"), number(report, "/size/1")],
        }
    }

    /// Unit direction of the ray through a point of the picture, in pixels from its upper left corner.
    pub fn direction(&self, x: f64, y: f64) -> DVec3 {
        let [width, height] = self.size;
        let sideways = (x / width * 2.0 - 1.0) * self.half_height * width / height;
        let upwards = (1.0 - y / height * 2.0) * self.half_height;
        (self.forward + self.right * sideways + self.up * upwards).normalize()
    }

    /// Whether the ray through the middle of a pixel must meet ground or water.
    pub fn must_hit(&self, x: u32, y: u32) -> bool {
        let direction = self.direction(f64::from(x) + 0.5, f64::from(y) + 0.5);
        // The rim of the planet is drawn as exactly as pixels are.
        let away_m = self.position.length();
        let horizon_m = (away_m * away_m - EARTH_RADIUS_M * EARTH_RADIUS_M).max(0.0).sqrt();
        let pixel_m = horizon_m * 2.0 * self.half_height / self.size[1];
        let radius_m = EARTH_RADIUS_M - LOWEST_SURFACE_M - pixel_m;
        let along = self.position.dot(direction);
        let nearest = (self.position.length_squared() - along * along).max(0.0).sqrt();
        along < 0.0 && nearest < radius_m
    }

    /// Where the ray meets the sphere so many metres above the sea first.
    pub fn meets(&self, x: f64, y: f64, altitude_m: f64) -> Option<DVec3> {
        let direction = self.direction(x, y);
        let along_m = self.position.dot(direction);
        let radius_m = EARTH_RADIUS_M + altitude_m;
        let square = along_m * along_m - self.position.length_squared() + radius_m * radius_m;
        let distance_m = -along_m - square.max(0.0).sqrt();
        (square >= 0.0 && distance_m > 0.0).then(|| self.position + direction * distance_m)
    }

    /// How far a point lies from the middle of the planet's disc: 1 at its rim. The camera looks straight down.
    pub fn share_of_disc(&self, x: f64, y: f64) -> f64 {
        let away_m = self.position.length();
        let cosine = -self.direction(x, y).dot(self.position) / away_m;
        let tangent = (1.0 / (cosine * cosine) - 1.0).max(0.0).sqrt();
        tangent * (away_m * away_m - EARTH_RADIUS_M * EARTH_RADIUS_M).sqrt() / EARTH_RADIUS_M
    }

    /// Metres that a pixel covers straight below, at the level of the sea.
    pub fn pixel_m(&self) -> f64 {
        let altitude_m = Shape::earth().altitude_m(self.position);
        2.0 * self.half_height * altitude_m / self.size[1]
    }
}
