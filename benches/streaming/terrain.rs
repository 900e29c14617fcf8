//! The hills that both sides show: noise of five octaves.

/// Heights lie within this, in metres.
pub const BOUNDS_M: std::ops::RangeInclusive<f64> = -64.0..=64.0;

fn corner(x: i32, z: i32) -> f64 {
    let mut h = (x as u32).wrapping_mul(0x8da6_b343) ^ (z as u32).wrapping_mul(0xcb1a_b31f);
    h = (h ^ (h >> 13)).wrapping_mul(0x5bd1_e995);
    f64::from((h ^ (h >> 15)) & 0xffff) / 65_535.0 * 2.0 - 1.0
}

fn noise(x: f64, z: f64) -> f64 {
    let (low_x, low_z) = (x.floor(), z.floor());
    let smooth = |t: f64| t * t * (3.0 - 2.0 * t);
    let (u, v) = (smooth(x - low_x), smooth(z - low_z));
    let at = |i: i32, j: i32| corner(low_x as i32 + i, low_z as i32 + j);
    let near = at(0, 0) + (at(1, 0) - at(0, 0)) * u;
    let far = at(0, 1) + (at(1, 1) - at(0, 1)) * u;
    near + (far - near) * v
}

/// Height of the ground in metres.
pub fn height_m(x_m: f64, z_m: f64) -> f64 {
    let (mut sum, mut amplitude, mut scale) = (0.0, 32.0, 1.0 / 256.0);
    for _ in 0..5 {
        sum += amplitude * noise(x_m * scale, z_m * scale);
        amplitude *= 0.5;
        scale *= 2.0;
    }
    sum
}
