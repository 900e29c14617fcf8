//! [`Motion`]: a plate turns about a pole.

use glam::{DQuat, DVec3};

/// How a plate turns, as Euler's theorem has it: about an axis through the planet's centre.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Motion {
    /// Along the axis; as long as the angle in radians by which it turns counterclockwise in a million years.
    pub radians_per_myr: DVec3,
}

impl Motion {
    /// A motion about a pole, a direction from the planet's centre.
    pub fn about(pole: DVec3, degrees_per_myr: f64) -> Self {
        Self { radians_per_myr: pole.normalize_or_zero() * degrees_per_myr.to_radians() }
    }

    /// The rotation of some million years.
    pub fn rotation(&self, myr: f64) -> DQuat {
        DQuat::from_scaled_axis(self.radians_per_myr * myr)
    }

    /// Velocity of a place in metres a year (numerically km a million years); `place_m` is its local position in metres.
    pub fn velocity_m_per_year(&self, place_m: DVec3) -> DVec3 {
        self.radians_per_myr.cross(place_m) * 1e-6
    }

    /// How this plate moves as seen from another one.
    pub fn relative_to(&self, other: Self) -> Self {
        Self { radians_per_myr: self.radians_per_myr - other.radians_per_myr }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_of_two_times_are_one_of_their_sum_and_keep_angles() {
        let motion = Motion::about(DVec3::new(1.0, 2.0, -0.5), 0.8);
        let (one, other) = (DVec3::new(0.6, 0.0, 0.8), DVec3::new(0.0, -0.28, 0.96));
        let twice = motion.rotation(13.0) * motion.rotation(29.0);
        let off = (twice * one - motion.rotation(42.0) * one).length();
        let angle = (twice * one).angle_between(twice * other) - one.angle_between(other);
        println!("composition off {off:.1e}, angle off {angle:.1e}");
        assert!(off < 1e-14 && angle.abs() < 1e-14);
        let pole = motion.radians_per_myr.normalize();
        assert!((motion.rotation(100.0) * pole - pole).length() < 1e-14, "poles stay");
    }

    #[test]
    fn velocities_are_what_rotations_do_in_a_short_time() {
        let motion = Motion::about(DVec3::new(0.2, 0.9, 0.1), 1.1);
        let place = DVec3::new(3e6, -4e6, 4e6);
        let moved = (motion.rotation(1e-3) * place - place) / 1e3;
        assert!((moved - motion.velocity_m_per_year(place)).length() < 1e-5);
    }
}
