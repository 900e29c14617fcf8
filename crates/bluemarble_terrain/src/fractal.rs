//! [`Fractal`]: octaves of gradient noise that turn a smooth surface into ground.

use glam::{DMat3, DVec3, dvec3};

use crate::{
    interval::Interval,
    noise::{self, NoiseCell, mix},
};

/// The first octaves decide how rough the finer ones are: valleys are smooth, heights are not.
const SHAPING: usize = 3;
/// Finer octaves count at least and at most this much.
const ROUGHNESS: [f64; 2] = [0.2, 1.2];
/// Height gained by a ridge, so that ridged and plain octaves are about equally strong.
const RIDGE_GAIN: f64 = 1.6;
/// The greatest value of a ridged or plain octave.
const OCTAVE_MAX: f64 = RIDGE_GAIN * (noise::MAX_ABS - noise::MEAN_ABS);
/// Ridges narrower than this are plain noise: crags are not small ranges.
const RIDGED_FROM_M: f64 = 150.0;

/// One octave.
#[derive(Clone, Copy)]
struct Octave {
    wavelength_m: f64,
    per_metre: f64,
    seed: u64,
    offset: DVec3,
    rotation: usize,
    /// Share of the relief term.
    relief: f64,
    /// Metres of the texture term.
    texture_m: f64,
    /// 1 if ridges are allowed.
    ridged: f64,
}

/// What a [`Fractal`] is made of.
pub(crate) struct FractalShape {
    pub longest_m: f64,
    pub shortest_m: f64,
    /// How many times longer an octave is than the next one.
    pub lacunarity: f64,
    /// Amplitudes of the relief fall with wavelength to this power.
    pub hurst: f64,
    /// Amplitudes of the texture, in metres, by wavelength in metres.
    pub texture_m: fn(f64) -> f64,
}

/// A stack of octaves, each a fixed ratio shorter than the one before.
///
/// Two sums are made of the same noise: *relief*, whose first octave has amplitude 1 and whose others
/// follow a power law, and *texture*, in metres, which keeps plains from being dead flat.
pub(crate) struct Fractal {
    octaves: Vec<Octave>,
    rotations: [DMat3; 3],
}

/// The two sums at a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sums<T> {
    pub relief: T,
    pub texture_m: T,
}

/// What some octaves add to the sums.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Parts {
    /// Relief of the octaves that decide how rough the others are.
    pub shape: f64,
    /// Relief of the others.
    pub fine: f64,
    pub texture_m: f64,
}

impl Parts {
    #[inline]
    pub fn sums(&self) -> Sums<f64> {
        let relief = self.shape + self.fine * roughness(self.shape);
        Sums { relief, texture_m: self.texture_m }
    }

    /// What all octaves of both add.
    #[inline]
    pub fn with(&self, other: &Self) -> Self {
        Self {
            shape: self.shape + other.shape,
            fine: self.fine + other.fine,
            texture_m: self.texture_m + other.texture_m,
        }
    }
}

/// A place, turned as octaves need it: the same for every [`Fractal`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turned([DVec3; 3]);

/// What [`Fractal`] remembers between neighbouring places.
pub(crate) struct FractalSampler<'a> {
    fractal: &'a Fractal,
    cells: Vec<NoiseCell>,
}

impl Fractal {
    pub fn new(seed: u64, shape: &FractalShape) -> Self {
        let FractalShape { longest_m, shortest_m, lacunarity, hurst, texture_m } = *shape;
        let mut octaves = Vec::new();
        let mut wavelength_m = longest_m;
        while wavelength_m >= shortest_m && octaves.len() < 40 {
            let seed = mix(seed.wrapping_add(0x51_7cc1 * (octaves.len() as u64 + 1)));
            let part = |k: u64| (mix(seed ^ k) >> 44) as f64 / 1024.0;
            // Below a hundred metres real ground is smoother than the mountains it belongs to.
            let settled = (wavelength_m / 100.0).min(1.0).powf(0.15);
            octaves.push(Octave {
                wavelength_m,
                per_metre: 1.0 / wavelength_m,
                seed,
                offset: dvec3(part(1), part(2), part(3)),
                rotation: octaves.len() % 3,
                relief: (wavelength_m / longest_m).powf(hurst) * settled,
                texture_m: texture_m(wavelength_m),
                ridged: f64::from(u8::from(wavelength_m >= RIDGED_FROM_M)),
            });
            wavelength_m /= lacunarity;
        }
        // No axis of the noise may lie along a face of the cube or along the axis of the globe.
        let rotations = [(0.9, 0.5, 0.3), (2.1, 1.3, 0.7), (0.4, 2.2, 1.9)]
            .map(|(a, b, c)| DMat3::from_euler(glam::EulerRot::XYZ, a, b, c));
        Self { octaves, rotations }
    }

    /// A place in metres, to ask samplers of.
    #[inline]
    pub fn turned(&self, place_m: DVec3) -> Turned {
        Turned(self.rotations.map(|rotation| rotation * place_m))
    }

    /// How many octaves cells of a width can show: those at least two cells long.
    pub fn count_for(&self, cell_m: f64) -> usize {
        self.octaves.iter().take_while(|octave| octave.wavelength_m >= 2.0 * cell_m).count()
    }

    /// The mean squared slope, per metre of relief amplitude, of the octaves from `count` on.
    pub fn hidden_slope2(&self, count: usize) -> f64 {
        let slope = |octave: &Octave| octave.relief * noise::RMS_SLOPE / octave.wavelength_m;
        let typical_roughness = 0.5;
        self.octaves[count..].iter().map(|octave| (slope(octave) * typical_roughness).powi(2)).sum()
    }

    pub fn sampler(&self) -> FractalSampler<'_> {
        let cells = self.octaves.iter().map(|octave| NoiseCell::new(octave.seed)).collect();
        FractalSampler { fractal: self, cells }
    }
}

/// How rough fine octaves are where the first ones sum to `relief`.
fn roughness(relief: f64) -> f64 {
    (0.55 + 0.8 * relief).clamp(ROUGHNESS[0], ROUGHNESS[1])
}

impl FractalSampler<'_> {
    /// What octaves `from..to` add at a place. `ridges` is the share of ridged noise, 0..=1.
    pub fn parts(&mut self, Turned(turned): &Turned, octaves: [usize; 2], ridges: f64) -> Parts {
        let [from, to] = octaves;
        let mut parts = Parts::default();
        for index in from..to {
            let octave = &self.fractal.octaves[index];
            let place = turned[octave.rotation] * octave.per_metre + octave.offset;
            let plain = f64::from(self.cells[index].value(place));
            let share = ridges * octave.ridged;
            let ridged = (noise::MEAN_ABS - plain.abs()) * RIDGE_GAIN;
            let value = (plain * (1.0 - share) + ridged * share) * octave.relief;
            parts.texture_m += plain * octave.texture_m;
            if index < SHAPING {
                parts.shape += value;
            } else {
                parts.fine += value;
            }
        }
        parts
    }

    /// The sums of the first `count` octaves at a place in metres.
    pub fn sums(&mut self, place_m: DVec3, count: usize, ridges: f64) -> Sums<f64> {
        self.parts(&self.fractal.turned(place_m), [0, count], ridges).sums()
    }

    /// The relief terms of octaves `from..to`, plain: those before and those from `split` on.
    pub fn split_sums(
        &mut self,
        Turned(turned): &Turned,
        octaves: [usize; 2],
        split: usize,
    ) -> [f64; 2] {
        let mut sums = [0.0; 2];
        let [from, to] = octaves;
        for index in from..to {
            let octave = &self.fractal.octaves[index];
            let place = turned[octave.rotation] * octave.per_metre + octave.offset;
            let value = f64::from(self.cells[index].value(place));
            sums[usize::from(index >= split)] += value * octave.relief;
        }
        sums
    }

    /// Bounds of the sums, of `count` octaves and of any larger number of them, at all places within
    /// `radius_m` of a place.
    pub fn bounds(
        &mut self,
        place_m: DVec3,
        radius_m: f64,
        count: usize,
        ridges: Interval,
    ) -> Sums<Interval> {
        let Turned(turned) = self.fractal.turned(place_m);
        let zero = Interval::point(0.0);
        let (mut shape, mut fine, mut texture_m) = (zero, zero, zero);
        for (index, octave) in self.fractal.octaves.iter().enumerate() {
            let steep = noise::MAX_SLOPE * radius_m / octave.wavelength_m;
            let whole = Interval::around(0.0, noise::MAX_ABS);
            let shown = index < count;
            let plain = if shown && steep < noise::MAX_ABS {
                let place = turned[octave.rotation] * octave.per_metre + octave.offset;
                let here = f64::from(self.cells[index].value(place));
                Interval::around(here, steep + 1e-5).meet(whole)
            } else {
                whole
            };
            let value = if shown && steep < noise::MAX_ABS {
                let share = ridges * octave.ridged;
                let rest = Interval::new(1.0 - share.hi, 1.0 - share.lo);
                let ridged = (Interval::point(noise::MEAN_ABS) + plain.abs() * -1.0) * RIDGE_GAIN;
                (plain * rest + ridged * share) * octave.relief
            } else {
                Interval::around(0.0, OCTAVE_MAX.max(noise::MAX_ABS) * octave.relief)
            };
            // Octaves that only finer lods show may be there or not; their range holds 0.
            texture_m = texture_m + plain * octave.texture_m;
            if index < SHAPING {
                shape = shape + value;
            } else {
                fine = fine + value;
            }
        }
        Sums { relief: shape + fine * shape.rising(roughness), texture_m }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_place_of_a_ball_leaves_its_bounds() {
        let shape = FractalShape {
            longest_m: 64.0,
            shortest_m: 1.0,
            lacunarity: 2.0,
            hurst: 0.3,
            texture_m: |wavelength_m| wavelength_m * 0.1,
        };
        let random = |k: u64| mix(k.wrapping_mul(0x9e37_79b9_7f4a_7c15)) as f64 / u64::MAX as f64;
        let vector = |k: u64| dvec3(random(k), random(k + 1), random(k + 2)) * 2.0 - 1.0;
        let mut tightest = f64::INFINITY;
        for case in 0..3000u64 {
            // Stacks of one octave leave the bounds no slack of other octaves to hide in.
            let octaves = 1 + case % 7;
            let shortest_m = 64.0 / 2f64.powi(octaves as i32 - 1);
            let fractal = Fractal::new(case, &FractalShape { shortest_m, ..shape });
            let mut sampler = fractal.sampler();
            let seed = case * 1000;
            let (middle, radius_m) = (vector(seed) * 500.0, random(seed + 9).powi(3) * 20.0);
            let ridges = random(seed + 10);
            let count = (random(seed + 11) * (octaves + 1) as f64) as usize;
            let bounds = sampler.bounds(middle, radius_m, count, Interval::point(ridges));
            for k in 0..24 {
                let place = middle + vector(seed + 20 + k * 3).normalize() * radius_m;
                for count in count..=octaves as usize {
                    let sums = sampler.sums(place, count, ridges);
                    for (value, bound) in
                        [(sums.relief, bounds.relief), (sums.texture_m, bounds.texture_m)]
                    {
                        assert!((bound.lo..=bound.hi).contains(&value), "{value} in {bound:?}");
                        if bound.hi - bound.lo > 1e-3 {
                            let slack = (value - bound.lo).min(bound.hi - value);
                            tightest = tightest.min(slack / (bound.hi - bound.lo));
                        }
                    }
                }
            }
        }
        assert!(tightest < 0.1, "the bounds are {tightest} too wide");
    }
}
