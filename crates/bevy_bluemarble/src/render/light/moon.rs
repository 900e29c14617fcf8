//! Where the moon stands.

use std::f64::consts::TAU;

use glam::DVec3;

/// The tilt of the Earth's axis, in radians.
const TILT_RAD: f64 = 0.409_093;
/// Days of a year, of a month from new moon to new moon, and of a round from node to node.
const YEAR_DAYS: f64 = 365.242;
const MONTH_DAYS: f64 = 29.530_6;
const NODE_MONTH_DAYS: f64 = 27.212_2;
/// Of the year 2026: the March equinox, a new moon, and a passage of the moon through the plane of the
/// Earth's path northwards, in days since the year began.
const EQUINOX_DAY: f64 = 78.6;
const NEW_MOON_DAY: f64 = 106.5;
const NODE_DAY: f64 = 101.2;
/// The tilt of the moon's path against the Earth's, in radians.
const PATH_TILT_RAD: f64 = 0.089_8;

/// How far north of the equator the sun stands, in radians.
pub(crate) fn declination_rad(day_of_year: f64) -> f64 {
    TILT_RAD * ((day_of_year - EQUINOX_DAY) / YEAR_DAYS * TAU).sin()
}

/// Right ascension and declination in radians of a place of the ecliptic.
fn equatorial(longitude_rad: f64, latitude_rad: f64) -> (f64, f64) {
    let (sin, cos) = longitude_rad.sin_cos();
    let place = DVec3::new(
        latitude_rad.cos() * cos,
        latitude_rad.cos() * sin * TILT_RAD.cos() - latitude_rad.sin() * TILT_RAD.sin(),
        latitude_rad.cos() * sin * TILT_RAD.sin() + latitude_rad.sin() * TILT_RAD.cos(),
    );
    (place.y.atan2(place.x), place.z.asin())
}

/// Unit direction towards the moon, from that towards the sun and the world's axis: the moon of 2026 on
/// circles passed evenly, right to a few degrees. `day` counts days since the year began, with parts of a
/// day.
pub(crate) fn moon_direction(sun: DVec3, axis: DVec3, day: f64) -> DVec3 {
    let sun_longitude = (day - EQUINOX_DAY) / YEAR_DAYS * TAU;
    let longitude = sun_longitude + (day - NEW_MOON_DAY) / MONTH_DAYS * TAU;
    let latitude = PATH_TILT_RAD * ((day - NODE_DAY) / NODE_MONTH_DAYS * TAU).sin();
    let (sun_ascension, _) = equatorial(sun_longitude, 0.0);
    let (ascension, declination) = equatorial(longitude, latitude);
    // About the axis the moon stands so far east of the sun.
    let equator = (sun - axis * sun.dot(axis)).normalize_or(axis.any_orthonormal_vector());
    let (sin, cos) = (ascension - sun_ascension).sin_cos();
    let east = axis.cross(equator);
    let (up, level) = declination.sin_cos();
    (equator * cos + east * sin) * level + axis * up
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lit_share(day: f64) -> f64 {
        let (up, level) = declination_rad(day).sin_cos();
        let sun = DVec3::new(level, up, 0.0);
        let moon = moon_direction(sun, DVec3::Y, day);
        assert!((moon.length() - 1.0).abs() < 1e-9);
        (1.0 - sun.dot(moon)) / 2.0
    }

    #[test]
    fn the_moon_is_new_and_full_when_it_was_and_never_far_from_the_suns_path() {
        // New and full moons of 2026, in days since the year began.
        for new in [17.8, 47.5, 77.1, 106.5, 135.8] {
            assert!(lit_share(new) < 0.02, "day {new}: {}", lit_share(new));
        }
        for full in [2.4, 31.9, 61.5, 91.1, 120.7] {
            assert!(lit_share(full) > 0.98, "day {full}: {}", lit_share(full));
        }
        for day in 0..365 {
            let moon = moon_direction(DVec3::X, DVec3::Y, f64::from(day));
            assert!(moon.y.asin().to_degrees().abs() < 29.0);
        }
    }

    #[test]
    fn northern_summer_is_in_june() {
        assert!(declination_rad(170.0).to_degrees() > 23.3);
        assert!(declination_rad(355.0).to_degrees() < -23.3);
        assert!(declination_rad(EQUINOX_DAY).abs() < 1e-9);
    }
}
