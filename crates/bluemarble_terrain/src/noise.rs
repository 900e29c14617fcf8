//! Gradient noise in three dimensions that is the same on every machine.
//!
//! Ken Perlin, "Improving noise" (SIGGRAPH 2002): twelve edge gradients and a quintic fade, but hashed
//! from 64-bit cell coordinates, so that it does not repeat on a planet. Hashing uses integers only.

use glam::{DVec3, Vec3, Vec4, vec3, vec4};

/// No value of the noise is farther from 0 than this (1.0364, found by maximising over gradients).
pub(crate) const MAX_ABS: f64 = 1.04;
/// The steepest slope of the noise, per cell (3.75, found by maximising over gradients and directions).
pub(crate) const MAX_SLOPE: f64 = 3.8;
/// The mean of the absolute value.
pub(crate) const MEAN_ABS: f64 = 0.22;
/// The root of the mean squared slope, per cell.
pub(crate) const RMS_SLOPE: f64 = 1.22;

/// The twelve edge directions of a cube; four are repeated so that four bits choose one.
const GRADIENTS: [[f32; 3]; 16] = [
    [1.0, 1.0, 0.0],
    [-1.0, 1.0, 0.0],
    [1.0, -1.0, 0.0],
    [-1.0, -1.0, 0.0],
    [1.0, 0.0, 1.0],
    [-1.0, 0.0, 1.0],
    [1.0, 0.0, -1.0],
    [-1.0, 0.0, -1.0],
    [0.0, 1.0, 1.0],
    [0.0, -1.0, 1.0],
    [0.0, 1.0, -1.0],
    [0.0, -1.0, -1.0],
    [1.0, 1.0, 0.0],
    [-1.0, 1.0, 0.0],
    [0.0, -1.0, 1.0],
    [0.0, -1.0, -1.0],
];

/// Scrambles 64 bits (the finaliser of `SplitMix64`, Steele et al. 2014).
#[inline]
pub(crate) fn mix(mut v: u64) -> u64 {
    v = (v ^ (v >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    v = (v ^ (v >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    v ^ (v >> 31)
}

/// Hashes of the corners of a cell, at its lower and at its higher x: y changes first, then z.
#[inline]
pub(crate) fn corner_hashes(cell: [i64; 3], seed: u64) -> [[u64; 4]; 2] {
    let along = |v: i64, prime: u64| {
        [(v as u64).wrapping_mul(prime), (v as u64).wrapping_add(1).wrapping_mul(prime)]
    };
    let xs = along(cell[0], 0x9e37_79b9_7f4a_7c15);
    let ys = along(cell[1], 0xc2b2_ae3d_27d4_eb4f);
    let zs = along(cell[2], 0x1656_67b1_9e37_79f9);
    xs.map(|x| {
        std::array::from_fn(|corner| {
            let sum = x.wrapping_add(ys[corner & 1]).wrapping_add(zs[corner >> 1]);
            mix(sum ^ seed)
        })
    })
}

/// 1.5 * 2^52: adding it leaves the nearest integer in the low bits of the sum.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// The largest integer not above `v`, for `v` within ±2^50, as integer and as float. Baseline x86-64 has
/// no instruction for `floor`, and casts that saturate are slow.
#[inline]
pub(crate) fn floor(v: f64) -> (i64, f64) {
    let sum = v + ROUNDER;
    let nearest = sum - ROUNDER;
    let is_above = nearest > v;
    let integer = (sum.to_bits() as i64).wrapping_sub(ROUNDER.to_bits() as i64);
    (integer.wrapping_sub(i64::from(is_above)), if is_above { nearest - 1.0 } else { nearest })
}

#[inline]
fn fade(t: Vec4) -> Vec4 {
    t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
}

#[inline]
fn lerp(t: f32, a: f32, b: f32) -> f32 {
    a + t * (b - a)
}

/// The gradients at four corners of a cell, which share their x: y changes first, then z.
#[derive(Clone, Copy, Default)]
struct Side {
    x: Vec4,
    y: Vec4,
    z: Vec4,
}

/// The gradients at the corners of the cell last visited: neighbours mostly share it, and hashing costs
/// more than the rest. Values do not depend on what was visited before.
#[derive(Clone)]
pub(crate) struct NoiseCell {
    seed: u64,
    cell: [i64; 3],
    /// At the lower and at the higher x.
    sides: [Side; 2],
}

impl NoiseCell {
    pub fn new(seed: u64) -> Self {
        Self { seed: mix(seed), cell: [i64::MIN; 3], sides: [Side::default(); 2] }
    }

    fn visit(&mut self, cell: [i64; 3]) {
        self.cell = cell;
        self.sides = corner_hashes(cell, self.seed).map(|hashes| {
            let gradients = hashes.map(|hash| GRADIENTS[(hash >> 60) as usize]);
            let along = |axis: usize| Vec4::from_array(gradients.map(|gradient| gradient[axis]));
            Side { x: along(0), y: along(1), z: along(2) }
        });
    }

    /// Goes to the cell that holds a position, and tells where in it that is.
    #[inline]
    fn enter(&mut self, p: DVec3) -> Vec3 {
        let ((i, x), (j, y), (k, z)) = (floor(p.x), floor(p.y), floor(p.z));
        let cell = [i, j, k];
        if cell != self.cell {
            self.visit(cell);
        }
        vec3((p.x - x) as f32, (p.y - y) as f32, (p.z - z) as f32)
    }

    /// What the gradients at the corners make of a place in the cell: at the lower and at the higher x.
    #[inline]
    fn at_corners(&self, Vec3 { x, y, z }: Vec3) -> [Vec4; 2] {
        let (ys, zs) = (vec4(y, y - 1.0, y, y - 1.0), vec4(z, z, z - 1.0, z - 1.0));
        let [low, high] = self.sides;
        [low.x * x + low.y * ys + low.z * zs, high.x * (x - 1.0) + high.y * ys + high.z * zs]
    }

    /// The noise at a position in cells.
    #[inline]
    pub fn value(&mut self, p: DVec3) -> f32 {
        let at = self.enter(p);
        let [low, high] = self.at_corners(at);
        let faded = fade(at.extend(0.0));
        let along_x = low + faded.x * (high - low);
        let near = lerp(faded.y, along_x.x, along_x.y);
        let far = lerp(faded.y, along_x.z, along_x.w);
        lerp(faded.z, near, far)
    }

    /// The noise at a position in cells, and its gradient per cell.
    pub fn value_and_slope(&mut self, p: DVec3) -> (f32, Vec3) {
        let at = self.enter(p);
        let [low_value, high_value] = self.at_corners(at);
        let [low, high] = self.sides;
        let at = at.extend(0.0);
        let (faded, steep) = (fade(at), at * at * (at * (at * 30.0 - 60.0) + 30.0));
        let over_x = |low: Vec4, high: Vec4| low + faded.x * (high - low);
        let over_yz = |v: Vec4| lerp(faded.z, lerp(faded.y, v.x, v.y), lerp(faded.y, v.z, v.w));
        let across = high_value - low_value;
        let values = low_value + faded.x * across;
        let near = lerp(faded.y, values.x, values.y);
        let far = lerp(faded.y, values.z, values.w);
        let slope = vec3(
            over_yz(across * steep.x + over_x(low.x, high.x)),
            lerp(faded.z, values.y - values.x, values.w - values.z) * steep.y
                + over_yz(over_x(low.y, high.y)),
            (far - near) * steep.z + over_yz(over_x(low.z, high.z)),
        );
        (lerp(faded.z, near, far), slope)
    }
}

#[cfg(test)]
mod tests {
    use glam::dvec3;

    use super::*;

    #[test]
    fn values_and_slopes_stay_within_their_bounds_and_do_not_depend_on_the_path() {
        let mut cell = NoiseCell::new(7);
        let mut largest = 0.0f64;
        let mut sum = 0.0;
        for i in 0..200_000u64 {
            let random = |k: u64| mix(i * 8 + k) as f64 / u64::MAX as f64;
            let p = dvec3(random(0), random(1), random(2)) * 1e4 - 5e3;
            let step = (dvec3(random(3), random(4), random(5)) - 0.5) * 0.02;
            let here = f64::from(cell.value(p));
            let there = f64::from(NoiseCell::new(7).value(p + step));
            assert!((here - there).abs() <= MAX_SLOPE * step.length() + 1e-5);
            assert_eq!(here, f64::from(NoiseCell::new(7).value(p)));
            let (value, slope) = cell.value_and_slope(p);
            assert_eq!(here, f64::from(value));
            let ahead = here + slope.as_dvec3().dot(step);
            assert!((there - ahead).abs() < 30.0 * step.length_squared() + 1e-5, "{slope}");
            largest = largest.max(here.abs());
            sum += here.abs();
        }
        assert!(largest <= MAX_ABS && largest > 0.8, "{largest}");
        assert!((sum / 200_000.0 - MEAN_ABS).abs() < 0.01);
    }
}
