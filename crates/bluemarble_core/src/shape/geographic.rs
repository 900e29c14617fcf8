//! The geographic adapter: latitude and longitude in degrees, altitude in metres.

use glam::{DVec3, dvec3};
use serde::{Deserialize, Serialize};

use super::any::Shape;

/// A place on or above the ground.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub struct GeoPosition {
    /// Degrees north, -90..=90.
    pub lat_deg: f64,
    /// Degrees east, -180..=180.
    pub lon_deg: f64,
    /// Metres above sea level.
    pub altitude_m: f64,
}

/// Metres of one degree on a sphere of the Earth's mean radius: what a flat world takes a degree for.
const FLAT_DEGREE_M: f64 = 111_195.08;

impl GeoPosition {
    /// A place from degrees and metres.
    pub const fn new(lat_deg: f64, lon_deg: f64, altitude_m: f64) -> Self {
        Self { lat_deg, lon_deg, altitude_m }
    }
}

impl Shape {
    /// Local position in metres of a place. In a flat world +X is east, -Z north, and a degree is
    /// 111.195 km both ways.
    pub fn local_from_geo(&self, place: GeoPosition) -> DVec3 {
        match self {
            Self::Flat(_) => dvec3(
                place.lon_deg * FLAT_DEGREE_M,
                place.altitude_m,
                -place.lat_deg * FLAT_DEGREE_M,
            ),
            Self::CubeSphere(shape) => {
                let (sin_lat, cos_lat) = place.lat_deg.to_radians().sin_cos();
                let (sin_lon, cos_lon) = place.lon_deg.to_radians().sin_cos();
                dvec3(cos_lat * cos_lon, sin_lat, -cos_lat * sin_lon)
                    * (shape.radius_m + place.altitude_m)
            }
        }
    }

    /// The place of a local position in metres.
    pub fn geo_from_local(&self, local: DVec3) -> GeoPosition {
        match self {
            Self::Flat(_) => {
                GeoPosition::new(-local.z / FLAT_DEGREE_M, local.x / FLAT_DEGREE_M, local.y)
            }
            Self::CubeSphere(shape) => GeoPosition {
                lat_deg: local.y.atan2(local.x.hypot(local.z)).to_degrees(),
                lon_deg: (-local.z).atan2(local.x).to_degrees(),
                altitude_m: local.length() - shape.radius_m,
            },
        }
    }

    /// The unit directions east and north at a local position. At a pole, east is +Z × up.
    pub fn east_north(&self, local: DVec3) -> (DVec3, DVec3) {
        match self {
            Self::Flat(_) => (DVec3::X, DVec3::NEG_Z),
            Self::CubeSphere(_) => {
                let up = self.up(local);
                let east = DVec3::Y.cross(up).try_normalize().unwrap_or(DVec3::NEG_Z);
                (east, up.cross(east))
            }
        }
    }
}
