//! [`Train`]: dunes one behind the other, and what one of them looks like.
//!
//! Around its crest a dune has the slopes that sand has, whatever its height: 8 to 12 degrees on the side of the wind
//! and the angle of repose behind it (R. A. Bagnold, "The physics of blown sand and desert dunes", 1941); between low
//! dunes the ground is level.

use glam::{DVec3, Vec3};

use crate::noise::floor;

/// Mean slope of the side of the wind, as a tangent; its steepest part is a third steeper.
const WINDWARD: f64 = 0.15;
/// Slope of slip faces: 31 degrees.
const SLIP: f64 = 0.6;
/// Length of a dune per metre of its height.
pub(super) const LENGTH: f64 = 1.0 / WINDWARD + 1.0 / SLIP;
/// Mean height of a dune over its length, in parts of its height.
pub(super) const MEAN: f64 = (5.0 / 12.0 / WINDWARD + 0.5 / SLIP) / LENGTH;
/// The noise that bows crests is rounded where it changes its sign.
const BOW_ROUND: f64 = 0.2;
/// How much higher a dune is where two cross that are as high.
const PEAK: f64 = 0.19;
/// The longest dunes, in wavelengths.
const LONGEST: f64 = 3.0;

/// What a train of dunes is like.
pub(super) struct Train {
    /// From crest to crest along the axis.
    pub wavelength_m: f64,
    /// Of the highest dunes.
    pub height_m: f64,
    /// Mean height in parts of that, before noise.
    mean: f64,
    /// What the wind blows along.
    axis: DVec3,
    /// What this train takes of the noise of heights.
    sign: f64,
}

pub(super) const LARGE: [Train; 2] = [
    Train {
        wavelength_m: 800.0,
        height_m: 85.0,
        mean: 0.6,
        axis: DVec3::new(0.0, 0.88, 0.47),
        sign: 1.0,
    },
    Train {
        wavelength_m: 800.0,
        height_m: 65.0,
        mean: 0.4,
        axis: DVec3::new(-0.06, 0.94, -0.335),
        sign: -1.0,
    },
];
pub(super) const SMALL: Train = Train {
    wavelength_m: 110.0,
    height_m: 8.0,
    mean: 0.5,
    axis: DVec3::new(0.0, 0.97, 0.24),
    sign: 1.0,
};
/// Wavelengths in metres and amplitudes of noise: two octaves that bend crests and one for each train that bows
/// them, all in wavelengths of dunes, and the heights in parts of the highest.
pub(super) const LARGE_NOISE: [(f64, f64); 6] =
    [(11_000.0, 2.6), (2300.0, 0.7), (1600.0, 1.1), (1400.0, 1.0), (3300.0, 0.7), (1000.0, 0.7)];
pub(super) const SMALL_NOISE: [(f64, f64); 4] =
    [(1900.0, 2.6), (330.0, 0.45), (240.0, 0.8), (300.0, 0.9)];

/// A train at a corner: phase, metres from crest to crest, height in metres.
pub(super) type Corner = [f64; 3];

impl Train {
    /// The train in a direction. The noise there with its slope per metre: what bends crests, and what bows
    /// them; `more` is that of heights.
    #[inline]
    pub fn corner(
        &self,
        up: DVec3,
        radius_m: f64,
        [(bend, bend_slope), (bow, bow_slope)]: [(f64, Vec3); 2],
        more: f64,
    ) -> Corner {
        let bowed = (bow * bow + BOW_ROUND * BOW_ROUND).sqrt();
        let per_metre = self.axis / self.wavelength_m
            + bend_slope.as_dvec3()
            + bow_slope.as_dvec3() * (bow / bowed);
        let along = per_metre - up * per_metre.dot(up);
        let length_m = (1.0 / along.length()).min(LONGEST * self.wavelength_m);
        let phase = up.dot(self.axis) * radius_m / self.wavelength_m + bend + bowed;
        let height_m = self.height_m * (self.mean + self.sign * more).clamp(0.0, 1.0);
        [phase, length_m, height_m.min(length_m / LENGTH)]
    }
}

/// A dune of a height where a train has some phase: the height of the ground in metres, and 0..=1, how much the
/// wind moves sand there.
#[inline]
pub(super) fn profile([phase, length_m, height_m]: Corner) -> (f64, f64) {
    const CREST: f64 = 1.0 / WINDWARD / LENGTH;
    let behind_m = (phase - floor(phase).1 - CREST) * length_m;
    let slope = if behind_m < 0.0 { WINDWARD } else { -SLIP };
    let raised_m = height_m + behind_m * slope;
    if raised_m <= 0.0 {
        return (0.0, 0.0);
    }
    if behind_m >= 0.0 {
        return (raised_m, 0.0);
    }
    let up = raised_m / height_m;
    (raised_m * up * (2.0 - up), (4.0 * (0.95 - up)).clamp(0.0, 1.0))
}

/// The higher of two dunes, and a fifth higher where they are as high, nearly the fourth root of the sum of fourth
/// powers: so crests rise where they meet.
#[inline]
pub(super) fn higher(a_m: f64, b_m: f64) -> f64 {
    let (low_m, high_m) = if a_m < b_m { (a_m, b_m) } else { (b_m, a_m) };
    if low_m <= 0.0 {
        return high_m;
    }
    let part = low_m / high_m;
    let part2 = part * part;
    high_m * (1.0 + PEAK * part2 * part2)
}
