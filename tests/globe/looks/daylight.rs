//! Where the sun stands at a day and an hour, as the viewer's flags tell them.

use std::f64::consts::TAU;

use bluemarble_core::{GeoPosition, Shape};
use glam::DVec3;

use crate::viewer::Run;

/// The day of the year on which the sun stands farthest north.
pub const JUNE: f64 = 172.0;
/// The tilt of the Earth's axis in radians, the day of the March equinox and the days of a year, as
/// `bevy_bluemarble` has them.
const TILT_RAD: f64 = 0.409_093;
const EQUINOX_DAY: f64 = 78.6;
const YEAR_DAYS: f64 = 365.242;

/// A day of the year and an hour since midnight at longitude 0.
#[derive(Clone, Copy, Debug)]
pub struct Daylight {
    day: f64,
    hour: f64,
}

/// How far north of the equator the sun stands, in radians.
fn declination_rad(day: f64) -> f64 {
    TILT_RAD * ((day - EQUINOX_DAY) / YEAR_DAYS * TAU).sin()
}

impl Daylight {
    /// When the sun is highest at a longitude.
    pub fn noon(lon_deg: f64, day: f64) -> Self {
        Self { day, hour: (12.0 - lon_deg / 15.0).rem_euclid(24.0) }
    }

    /// When the sun, still rising, stands so many degrees high.
    pub fn morning(lat_deg: f64, lon_deg: f64, day: f64, height_deg: f64) -> Self {
        let (sin_lat, cos_lat) = lat_deg.to_radians().sin_cos();
        let (sin_sun, cos_sun) = declination_rad(day).sin_cos();
        let cosine = (height_deg.to_radians().sin() - sin_lat * sin_sun) / (cos_lat * cos_sun);
        let hours = cosine.clamp(-1.0, 1.0).acos().to_degrees() / 15.0;
        let noon = Self::noon(lon_deg, day);
        Self { hour: (noon.hour - hours).rem_euclid(24.0), ..noon }
    }

    /// Unit direction towards the sun.
    pub fn direction(&self) -> DVec3 {
        let lat_deg = declination_rad(self.day).to_degrees();
        let overhead = GeoPosition::new(lat_deg, (12.0 - self.hour) * 15.0, 0.0);
        Shape::earth().local_from_geo(overhead).normalize()
    }

    /// Adds it to a run.
    pub fn on(&self, run: Run) -> Run {
        run.pair("--day", self.day.to_string()).pair("--hour", self.hour.to_string())
    }
}
