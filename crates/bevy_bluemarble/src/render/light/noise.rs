//! Gradient noise in three dimensions, from which the clouds are made.

use glam::{IVec3, Vec3, vec3};

/// Mixes the three coordinates of a corner of the noise's grid and a seed into 32 bits.
#[inline]
fn hash(corner: IVec3, seed: u32) -> u32 {
    let mixed = (corner.x as u32).wrapping_mul(0x9e37_79b1)
        ^ (corner.y as u32).wrapping_mul(0x85eb_ca77)
        ^ (corner.z as u32).wrapping_mul(0xc2b2_ae3d)
        ^ seed.wrapping_mul(0x27d4_eb2f);
    let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x2c1b_3c6d);
    mixed ^ (mixed >> 13)
}

/// A number from 0 to 1 for a whole number.
#[inline]
pub(super) fn random(index: u32, seed: u32) -> f32 {
    hash(IVec3::new(index as i32, 0x51, 0x1f), seed) as f32 / u32::MAX as f32
}

/// The product of a corner's gradient, one of the twelve edges of a cube, and the way from it.
#[inline]
fn slope(hash: u32, way: Vec3) -> f32 {
    let axis = (hash >> 4) % 3;
    let (a, b) = match axis {
        0 => (way.x, way.y),
        1 => (way.y, way.z),
        _ => (way.z, way.x),
    };
    let a = if hash & 1 == 0 { a } else { -a };
    let b = if hash & 2 == 0 { b } else { -b };
    a + b
}

/// Rounds down without the library's `floor`, which is a call where the processor's own is not used.
#[inline]
fn floor(at: Vec3) -> IVec3 {
    let cut = at.as_ivec3();
    let over = cut.as_vec3().cmpgt(at);
    cut - IVec3::new(i32::from(over.x), i32::from(over.y), i32::from(over.z))
}

/// Gradient noise, about -1 to 1, mean 0, with features about one unit in size (K. Perlin, "Improving
/// Noise", 2002).
#[inline]
pub(super) fn gradient_noise(at: Vec3, seed: u32) -> f32 {
    let corner = floor(at);
    let f = at - corner.as_vec3();
    let s = f * f * f * (f * (f * 6.0 - 15.0) + 10.0);
    let value = |x: i32, y: i32, z: i32| {
        let step = IVec3::new(x, y, z);
        slope(hash(corner + step, seed), f - step.as_vec3())
    };
    let mix = |a: f32, b: f32, share: f32| a + (b - a) * share;
    let bottom = mix(
        mix(value(0, 0, 0), value(1, 0, 0), s.x),
        mix(value(0, 1, 0), value(1, 1, 0), s.x),
        s.y,
    );
    let top = mix(
        mix(value(0, 0, 1), value(1, 0, 1), s.x),
        mix(value(0, 1, 1), value(1, 1, 1), s.x),
        s.y,
    );
    mix(bottom, top, s.z)
}

/// Three noises that know nothing of each other.
#[inline]
pub(super) fn vector_noise(at: Vec3, seed: u32) -> Vec3 {
    vec3(
        gradient_noise(at, seed),
        gradient_noise(at + vec3(17.3, 41.7, 5.9), seed + 1),
        gradient_noise(at + vec3(63.1, 11.3, 29.7), seed + 2),
    )
}

/// Octaves of noise, each `lacunarity` times as fine and `gain` times as strong as the one before;
/// about -1 to 1.
#[inline]
pub(super) fn octaves(at: Vec3, count: u32, lacunarity: f32, gain: f32, seed: u32) -> f32 {
    let (mut sum, mut strength, mut whole, mut scale) = (0.0, 1.0, 0.0, 1.0);
    for octave in 0..count {
        sum += gradient_noise(at * scale, seed + octave * 7) * strength;
        whole += strength;
        strength *= gain;
        scale *= lacunarity;
    }
    sum / whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_centred_bounded_and_without_steps() {
        let at = |i: u32| vec3(random(i, 1), random(i, 2), random(i, 3)) * 200.0 - 100.0;
        let values: Vec<f32> = (0..20_000).map(|i| gradient_noise(at(i), 5)).collect();
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        assert!(mean.abs() < 0.01, "{mean}");
        assert!(values.iter().all(|value| value.abs() <= 1.1));
        assert!(values.iter().any(|value| *value > 0.6));
        for i in 0..2_000 {
            let step = gradient_noise(at(i) + Vec3::X * 1e-3, 5) - gradient_noise(at(i), 5);
            assert!(step.abs() < 5e-3, "{step}");
        }
    }
}
