//! [`SunLight`]: where it stands, how strong it is, and how the picture is exposed.

use bevy::prelude::*;
use bluemarble_core::{GeoPosition, Shape};
use glam::DVec3;

use super::moon::declination_rad;

/// How the sun moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Reflect)]
pub enum SunCourse {
    /// It follows the viewer, so that it is always a sunny morning below: 26 degrees high in the east, where
    /// every hill throws a shadow. From space it stands at 58 degrees, so that most of the
    /// planet lies in daylight.
    #[default]
    Morning,
    /// It stands in this direction of world space, a unit vector.
    Fixed(DVec3),
    /// It rises in the east and sets in the west: on a planet at another time at each longitude, on a
    /// plane everywhere at once.
    Day {
        /// Hours since midnight, at longitude 0 or on the whole plane.
        hours: f64,
        /// How many of these hours go by in a second; 24 in a day of a second.
        hours_per_s: f64,
    },
}

/// Where the sun stands and how the picture is exposed.
#[derive(Resource, Clone, Debug, Reflect)]
#[reflect(Resource, Default)]
pub struct SunLight {
    /// How it moves.
    pub course: SunCourse,
    /// Days since the year began, 0 to 365: the season, and where the moon stands. Goes on while
    /// [`SunCourse::Day`] runs.
    pub day_of_year: f64,
    /// Its strength.
    pub strength: f32,
    /// How bright the picture is: with strength 20 and exposure 0.68, dry ground in the morning sun is shown
    /// at half of the screen's brightness. Where the sun stands higher over the viewer than in the morning, the
    /// picture is exposed less, as an eye or a camera does it.
    pub exposure: f32,
    /// Whether there is air: haze over distance, clouds, and a sky if [`SkyPlugin`](crate::render::sky::SkyPlugin)
    /// is there.
    pub air: bool,
}

impl Default for SunLight {
    fn default() -> Self {
        Self {
            course: SunCourse::Morning,
            day_of_year: 120.0,
            strength: 20.0,
            exposure: 0.68,
            air: true,
        }
    }
}

/// Where the sun stands in this frame for the first viewer: a unit vector towards it, in world space. Written with the light
/// of voxels, in [`BluemarbleSystems::Show`](crate::systems::BluemarbleSystems::Show); turn a game's own lights by it.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Reflect)]
#[reflect(Resource, Default)]
pub struct SunDirection(pub DVec3);

impl Default for SunDirection {
    fn default() -> Self {
        Self(DVec3::Y)
    }
}

/// On a plane the sun passes so far south of overhead, in spring and autumn.
const PLANE_NOON_TILT_RAD: f64 = 0.5;
/// How high the sun stands over a viewer it follows, low down and in space, and between which altitudes it
/// rises: radians and metres.
const MORNING_RAD: f64 = 26.0 * std::f64::consts::PI / 180.0;
const MORNING_IN_SPACE_RAD: f64 = 58.0 * std::f64::consts::PI / 180.0;
const LOW_M: f64 = 600e3;
const SPACE_M: f64 = 4_000e3;
/// In the morning it stands this far from the east towards the equator, in radians, once the viewer is as
/// many degrees from the equator.
const MORNING_ASIDE_RAD: f64 = 22.5 * std::f64::consts::PI / 180.0;
const MORNING_ASIDE_FULL_DEG: f64 = 10.0;
const DAYS_OF_YEAR: f64 = 365.0;
/// How much of what a higher sun adds is taken back by the exposure, as a power.
const ADAPTED: f64 = 0.6;

fn smooth(share: f64) -> f64 {
    let share = share.clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

impl SunLight {
    /// Whether time goes by for it.
    pub(super) fn runs(&self) -> bool {
        matches!(self.course, SunCourse::Day { hours_per_s, .. } if hours_per_s != 0.0)
    }

    /// Lets time go by.
    pub(super) fn advance(&mut self, elapsed_s: f64) {
        if let SunCourse::Day { hours, hours_per_s } = &mut self.course
            && *hours_per_s != 0.0
        {
            let later = *hours + *hours_per_s * elapsed_s;
            *hours = later.rem_euclid(24.0);
            self.day_of_year = (self.day_of_year + (later / 24.0).floor()).rem_euclid(DAYS_OF_YEAR);
        }
    }

    /// The day of the year with the part of the day that has gone by.
    pub(super) fn day(&self) -> f64 {
        match self.course {
            SunCourse::Day { hours, .. } => self.day_of_year + hours / 24.0,
            SunCourse::Morning | SunCourse::Fixed(_) => self.day_of_year,
        }
    }

    /// The exposure for a viewer over whom the sun stands at this sine of its height.
    pub(super) fn exposure_at(&self, sine: f64) -> f32 {
        let morning = MORNING_RAD.sin();
        self.exposure * (morning / sine.max(morning)).powf(ADAPTED) as f32
    }

    /// Unit direction towards the sun for a viewer.
    pub(in crate::render) fn direction(&self, shape: &Shape, viewer: DVec3) -> DVec3 {
        match self.course {
            SunCourse::Morning => morning(shape, viewer),
            SunCourse::Fixed(direction) => direction.normalize_or(DVec3::Y),
            SunCourse::Day { hours, .. } => {
                let angle = (hours - 12.0) / 12.0 * std::f64::consts::PI;
                let declination = declination_rad(self.day_of_year);
                match shape {
                    Shape::CubeSphere(_) => {
                        let overhead = GeoPosition::new(0.0, -angle.to_degrees(), 0.0);
                        let equator = shape.local_from_geo(overhead).normalize();
                        let (_, north) = shape.east_north(equator);
                        equator * declination.cos() + north * declination.sin()
                    }
                    Shape::Flat(_) => {
                        let (east, north) = shape.east_north(viewer);
                        let tilt = PLANE_NOON_TILT_RAD - declination;
                        let noon = DVec3::Y * tilt.cos() - north * tilt.sin();
                        noon * angle.cos() - east * angle.sin()
                    }
                }
            }
        }
    }
}

/// The morning sun of a viewer.
fn morning(shape: &Shape, viewer: DVec3) -> DVec3 {
    let up = shape.up(viewer);
    let (east, north) = shape.east_north(viewer);
    let altitude_m = shape.altitude_m(viewer).max(1.0);
    let climbed = smooth((altitude_m / LOW_M).ln() / (SPACE_M / LOW_M).ln());
    let height = MORNING_RAD + (MORNING_IN_SPACE_RAD - MORNING_RAD) * climbed;
    let north_deg = match shape {
        Shape::CubeSphere(_) => shape.geo_from_local(viewer).lat_deg,
        Shape::Flat(_) => MORNING_ASIDE_FULL_DEG,
    };
    let side = (north_deg / MORNING_ASIDE_FULL_DEG).clamp(-1.0, 1.0);
    let aside = MORNING_ASIDE_RAD * side;
    up * height.sin() + (east * aside.cos() - north * aside.sin()) * height.cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(course: SunCourse) -> SunLight {
        SunLight { course, ..default() }
    }

    #[test]
    fn the_sun_is_overhead_at_noon_in_the_east_before_and_below_the_ground_at_night() {
        let shape = Shape::earth();
        let sine = |lon_deg: f64, hours: f64| {
            let viewer = shape.local_from_geo(GeoPosition::new(0.0, lon_deg, 2.0));
            let mut sun = at(SunCourse::Day { hours, hours_per_s: 0.0 });
            sun.day_of_year = 90.0;
            let sun = sun.direction(&shape, viewer);
            (sun.dot(shape.up(viewer)), sun.dot(shape.east_north(viewer).0))
        };
        assert!(sine(0.0, 12.0).0 > 0.98);
        assert!(sine(0.0, 0.0).0 < -0.9);
        let (up, east) = sine(0.0, 7.0);
        assert!(up > 0.2 && east > 0.9);
        // Where it is noon six hours later, the sun rises.
        assert!(sine(-90.0, 12.0).0.abs() < 0.02 && sine(-90.0, 12.0).1 > 0.9);
        let plane = Shape::Flat(bluemarble_core::Flat { voxel_m: 1.0 });
        let on_plane =
            |hours| at(SunCourse::Day { hours, hours_per_s: 0.0 }).direction(&plane, DVec3::ZERO);
        let east = plane.east_north(DVec3::ZERO).0;
        assert!(on_plane(12.0).y > 0.8 && on_plane(0.0).y < -0.8 && on_plane(8.0).dot(east) > 0.5);
    }

    #[test]
    fn days_go_by() {
        let mut sun = at(SunCourse::Day { hours: 23.0, hours_per_s: 2.0 });
        sun.day_of_year = 364.0;
        let day = sun.day();
        sun.advance(1.0);
        assert_eq!(sun.course, SunCourse::Day { hours: 1.0, hours_per_s: 2.0 });
        assert_eq!(sun.day_of_year, 0.0);
        assert!((day + 2.0 / 24.0 - DAYS_OF_YEAR - sun.day()).abs() < 1e-9);
    }

    #[test]
    fn northern_days_are_long_in_june_and_short_in_december() {
        let shape = Shape::earth();
        let viewer = shape.local_from_geo(GeoPosition::new(60.0, 0.0, 2.0));
        let sine = |day_of_year: f64| {
            let mut sun = at(SunCourse::Day { hours: 5.0, hours_per_s: 0.0 });
            sun.day_of_year = day_of_year;
            sun.direction(&shape, viewer).dot(shape.up(viewer))
        };
        assert!(sine(172.0) > 0.1 && sine(355.0) < -0.1);
    }

    #[test]
    fn mornings_are_low_near_the_ground_and_high_in_space_and_mirrored_in_the_south() {
        let shape = Shape::earth();
        let stands = |lat_deg: f64, altitude_m: f64| {
            let viewer = shape.local_from_geo(GeoPosition::new(lat_deg, 20.0, altitude_m));
            let sun = at(SunCourse::Morning).direction(&shape, viewer);
            assert!((sun.length() - 1.0).abs() < 1e-9);
            let (east, north) = shape.east_north(viewer);
            (sun.dot(shape.up(viewer)).asin().to_degrees(), sun.dot(east), sun.dot(north))
        };
        assert!((stands(46.0, 500.0).0 - 26.0).abs() < 0.1);
        assert!((stands(46.0, 5e5).0 - 26.0).abs() < 0.1);
        assert!((stands(46.0, 4e6).0 - 58.0).abs() < 0.1);
        let mut before = 26.0;
        for step in 0..100 {
            let now = stands(0.0, 6e5 * 10f64.powf(f64::from(step) / 99.0)).0;
            assert!(now >= before - 1e-6 && now - before < 1.0);
            before = now;
        }
        let (north, south) = (stands(46.0, 500.0), stands(-46.0, 500.0));
        assert!(north.1 > 0.8 && north.2 < -0.3 && south.1 > 0.8 && south.2 > 0.3);
    }
}
