//! [`Erosion`]: gullies and ridges that run down the slope, octave by octave.
//!
//! Every corner of a lattice in space sends out a wave whose crests run down the slope where one stands;
//! the eight around a place are blended as complex numbers and brought back to length 1, so that waves of
//! other phases join as tributaries do. It is the phasor noise of Tricard et al. ("Procedural phasor noise",
//! 2019) with waves steered by the slope, stacked as Johansen does in "Fast and gorgeous erosion filter"
//! (2026): each octave bends the slope that steers the next one, and is laid only where the one before is
//! on its way down, so that crests and valley floors stay clean lines.
//!
//! Everything is computed with sums, products, quotients and square roots of `f32` in one order, so the
//! ground is the same on every machine.

use glam::{DVec3, Mat3, Vec3, Vec4, vec3, vec4};

use super::octaves::{SHOWN_CELLS, Turned, rotations};
use crate::noise::{corner_hashes, floor, mix};

/// Amplitude of an octave per metre of its wavelength, where erosion is at full strength: of the first one,
/// and what it comes to in the end. Large valleys are deeper than gullies for their width.
const AMPLITUDE: [f32; 2] = [0.1, 0.05];
/// From octave to octave, what is left of the difference.
const AMPLITUDE_FALL: f32 = 0.6;
/// How much of a wave is a knife's edge between round valleys; the rest is a cosine.
const KNIFE: f32 = 0.6;
/// Edge of the lattice in wavelengths.
const CELL: f32 = 1.3;
/// How much of an octave's amplitude its waves take; the rest is for where there are none.
const WAVE: f32 = 0.7;
/// Below this slope waves grow longer instead of turning about on the spot.
const GENTLE: f32 = 0.04;
/// Waves lower than this are not worth their cost, in metres: a voxel is several times as high.
const MIN_M: f32 = 0.02;
/// How many octaves have shifted lattices.
const SHIFTED: usize = 3;
/// The shortest octave, in metres.
const MIN_WAVELENGTH_M: f64 = 11.0;

/// One octave of waves.
#[derive(Clone, Copy)]
struct Octave {
    wavelength_m: f64,
    cells_per_metre: f64,
    /// By how many cells the lattice is shifted for every metre.
    shift_cells: f32,
    amplitude_m: f32,
    /// Slope of the wave where it is steepest, at full strength.
    bend: f32,
    seed: u64,
    offset: DVec3,
    rotation: usize,
}

/// A stack of waves, each half as long as the one before.
pub(super) struct Erosion {
    octaves: Vec<Octave>,
    rotations: [Mat3; 3],
}

/// Where the ground stands while octaves are laid on it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flow {
    /// Metres above the surface through the grid.
    pub raised_m: f32,
    /// The gradient of the ground so far, in metres per metre along the axes of the world.
    pub slope: Vec3,
    /// -1..=1: the wave so far, valley to crest.
    pub crest: f32,
    /// 0..=1: how much the next octave may change that.
    pub open: f32,
    /// Factor of all amplitudes.
    pub strength: f32,
    /// How far the lattices of the longest waves are shifted, in metres, so that their lines do not show.
    pub shift_m: Vec3,
}

impl Flow {
    #[inline]
    pub fn lerp(t: f32, a: &Self, b: &Self) -> Self {
        let mix = |a: f32, b: f32| a + t * (b - a);
        Self {
            raised_m: mix(a.raised_m, b.raised_m),
            slope: a.slope + (b.slope - a.slope) * t,
            crest: mix(a.crest, b.crest),
            open: mix(a.open, b.open),
            strength: mix(a.strength, b.strength),
            shift_m: a.shift_m + (b.shift_m - a.shift_m) * t,
        }
    }
}

/// Rises from 0 to 1 between 0 and 1, level at both ends.
#[inline]
pub(super) fn ease(v: f32) -> f32 {
    let v = v.clamp(0.0, 1.0);
    v * v * (3.0 - 2.0 * v)
}

/// 1.5 * 2^23: adding it rounds to the nearest integer.
const ROUNDER: f32 = 12_582_912.0;

/// Cosine and sine of angles in turns, to 4e-5 (polynomials fitted at Chebyshev nodes).
#[inline]
fn cos_sin(turns: Vec4) -> (Vec4, Vec4) {
    let rounder = Vec4::splat(ROUNDER);
    let t = turns - ((turns + rounder) - rounder);
    let u = t * t;
    let cos = u * 45.620_407 - 82.390_526;
    let cos = u * cos + 64.671_4;
    let cos = u * cos - 19.730_94;
    let cos = u * cos + 0.999_959;
    let sin = u * -32.618_01 + 66.241_03;
    let sin = u * sin - 64.792_86;
    let sin = u * sin + 25.132_17;
    (cos, t * (Vec4::splat(0.25) - u) * sin)
}

/// The phases at the corners of the cell last visited, in turns: neighbours mostly share it.
#[derive(Clone)]
struct WaveCell {
    cell: [i64; 3],
    /// At the lower and at the higher x; y changes first, then z.
    phases: [Vec4; 2],
}

impl WaveCell {
    fn visit(&mut self, cell: [i64; 3], seed: u64) {
        self.cell = cell;
        let turns = |hash: u64| (hash >> 40) as f32 * (1.0 / 16_777_216.0);
        self.phases = corner_hashes(cell, seed).map(|hashes| Vec4::from_array(hashes.map(turns)));
    }
}

/// A place that is being carved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carved {
    pub turned: Turned,
    pub up: Vec3,
    pub flow: Flow,
}

/// What [`Erosion`] remembers between neighbouring places.
pub(super) struct ErosionSampler<'a> {
    erosion: &'a Erosion,
    cells: Vec<WaveCell>,
}

impl Erosion {
    /// Octaves from a wavelength down.
    pub fn new(seed: u64, longest_m: f64) -> Self {
        let mut octaves = Vec::new();
        let (mut wavelength_m, mut more) = (longest_m, 1.0);
        while wavelength_m >= MIN_WAVELENGTH_M {
            let share = AMPLITUDE[1] + (AMPLITUDE[0] - AMPLITUDE[1]) * more;
            more *= AMPLITUDE_FALL;
            let seed = mix(seed.wrapping_add(0xe_705e * (octaves.len() as u64 + 1)));
            octaves.push(Octave {
                wavelength_m,
                cells_per_metre: 1.0 / (f64::from(CELL) * wavelength_m),
                // Each as far, in its own cells, as the first.
                shift_cells: (1.0 / (f64::from(CELL) * longest_m)) as f32,
                amplitude_m: share * wavelength_m as f32,
                bend: std::f32::consts::TAU * share * WAVE,
                seed: mix(seed),
                offset: super::octaves::offset(seed),
                rotation: octaves.len() % 3,
            });
            wavelength_m *= 0.5;
        }
        Self { octaves, rotations: rotations().map(|rotation| rotation.as_mat3()) }
    }

    /// How many octaves cells of a width can show: those at least [`SHOWN_CELLS`] long.
    pub fn count_for(&self, cell_m: f64) -> usize {
        self.octaves.iter().take_while(|octave| octave.wavelength_m >= SHOWN_CELLS * cell_m).count()
    }

    /// All octaves.
    pub fn count(&self) -> usize {
        self.octaves.len()
    }

    /// The sum of the amplitudes of the octaves from `from` on, at full strength.
    pub fn reach_m(&self, from: usize) -> f64 {
        self.octaves[from..].iter().map(|octave| f64::from(octave.amplitude_m)).sum()
    }

    /// The mean squared slope at full strength of the octaves from `count` on.
    pub fn hidden_slope2(&self, count: usize) -> f64 {
        // A wave's slope is half of that in the mean square, and about half of the ground is open to it.
        self.octaves[count..].iter().map(|octave| f64::from(octave.bend).powi(2) * 0.25).sum()
    }

    pub fn sampler(&self) -> ErosionSampler<'_> {
        let cell = WaveCell { cell: [i64::MIN; 3], phases: [Vec4::ZERO; 2] };
        ErosionSampler { erosion: self, cells: vec![cell; self.octaves.len()] }
    }
}

impl ErosionSampler<'_> {
    /// The wave of an octave whose crests run across `side` (turns per wavelength, in the octave's axes):
    /// cosine and sine.
    #[inline]
    fn wave(
        &mut self,
        index: usize,
        octave: &Octave,
        turned: &Turned,
        side: Vec3,
        shift_m: Vec3,
    ) -> (f32, f32) {
        let mut place = turned.0[octave.rotation] * octave.cells_per_metre + octave.offset;
        let mut shift = Vec3::ZERO;
        if index < SHIFTED {
            // Only which corners have a say is shifted, not the waves.
            shift = self.erosion.rotations[octave.rotation] * shift_m * octave.shift_cells;
            place += shift.as_dvec3();
        }
        let ((i, fx), (j, fy), (k, fz)) = (floor(place.x), floor(place.y), floor(place.z));
        let corners = &mut self.cells[index];
        if [i, j, k] != corners.cell {
            corners.visit([i, j, k], octave.seed);
        }
        let at = vec3((place.x - fx) as f32, (place.y - fy) as f32, (place.z - fz) as f32);
        let side = side * CELL;
        let from = at - shift;
        let here = side.x * from.x + side.y * from.y + side.z * from.z;
        let back = vec4(0.0, side.y, side.z, side.y + side.z);
        let low = corners.phases[0] + here - back;
        let high = corners.phases[1] + (here - side.x) - back;
        let fade = at * at * (3.0 - 2.0 * at);
        let (y, z) = (vec4(1.0 - fade.y, fade.y, 1.0 - fade.y, fade.y), fade.z);
        let around = y * vec4(1.0 - z, 1.0 - z, z, z);
        let (low_cos, low_sin) = cos_sin(low);
        let (high_cos, high_sin) = cos_sin(high);
        let cos = (low_cos + (high_cos - low_cos) * fade.x) * around;
        let sin = (low_sin + (high_sin - low_sin) * fade.x) * around;
        let (cos, sin) = ((cos.x + cos.y) + (cos.z + cos.w), (sin.x + sin.y) + (sin.z + sin.w));
        let length = (cos * cos + sin * sin).sqrt().max(0.5);
        (cos / length, sin / length)
    }

    /// Lays octaves `from..to` on the ground at places in a row. An octave is laid on all of them before the
    /// next one: what it needs of the one before takes long to come at a single place.
    pub fn carve(&mut self, row: &mut [Carved], [from, to]: [usize; 2]) {
        for index in from..to {
            let octave = self.erosion.octaves[index];
            let rotation = self.erosion.rotations[octave.rotation];
            for Carved { turned, up, flow } in &mut *row {
                if octave.amplitude_m * flow.strength < MIN_M {
                    flow.raised_m += octave.amplitude_m * flow.strength * flow.crest;
                    continue;
                }
                let slope = flow.slope;
                let steep2 = slope.x * slope.x + slope.y * slope.y + slope.z * slope.z;
                let side = up.cross(slope) * (1.0 / (steep2 + GENTLE * GENTLE).sqrt());
                let (cos, sin) = self.wave(index, &octave, turned, rotation * side, flow.shift_m);
                // The sine of half the angle is a valley with a knife's edge on either side; 4/pi is twice
                // its mean.
                let half = ((1.0 - cos).max(0.0) * 0.5).sqrt();
                let knife = 4.0 / std::f32::consts::PI - 2.0 * half;
                let wave = WAVE * (cos + (knife - cos) * KNIFE);
                flow.crest += (wave - flow.crest) * flow.open;
                flow.raised_m += octave.amplitude_m * flow.strength * flow.crest;
                let fall = (sin * 3.0).clamp(-1.0, 1.0);
                flow.slope -= side * (fall * octave.bend * flow.strength * flow.open);
                let shut = 1.0 - flow.open;
                flow.open = (1.0 - shut * shut.sqrt()) * ease(1.6 * sin.abs());
            }
        }
    }
}
