//! From a picture over longitude and latitude to the six faces of a cube with all their mips.

use std::ops::Range;

use glam::Vec3;

use super::raster::{Raster, srgb_of_linear};

/// How many faces a cube has.
pub(super) const FACES: usize = 6;

/// Steps between dark and bright that are told apart before rounding to a byte.
const SHADES: usize = 4096;

/// The frame of a face: outward, along its columns and down its rows. Order and orientation are those by which
/// a graphics card samples a cube (WebGPU, "Texture view creation"; the table is that of OpenGL 4.6, 8.13), so a
/// direction of the world is what the shader samples with, no axis turned round.
const FRAMES: [[Vec3; 3]; FACES] = [
    [Vec3::X, Vec3::NEG_Z, Vec3::NEG_Y],
    [Vec3::NEG_X, Vec3::Z, Vec3::NEG_Y],
    [Vec3::Y, Vec3::X, Vec3::Z],
    [Vec3::NEG_Y, Vec3::X, Vec3::NEG_Z],
    [Vec3::Z, Vec3::X, Vec3::NEG_Y],
    [Vec3::NEG_Z, Vec3::NEG_X, Vec3::NEG_Y],
];

/// One face: red, green and blue as light, and the light of cities.
pub(super) struct Face {
    index: usize,
    size: usize,
    /// Row by row from the top.
    pub rgb: Vec<Vec3>,
    /// Not yet bounded.
    pub lights: Vec<f32>,
}

impl Face {
    /// A dark face of `size` texels an edge.
    pub fn new(index: usize, size: usize) -> Self {
        let texels = size * size;
        Self { index, size, rgb: vec![Vec3::ZERO; texels], lights: vec![0.0; texels] }
    }

    /// The direction of the middle of a texel; its part along the face's axis is 1.
    fn middle(&self, column: usize, row: usize) -> Vec3 {
        let [outward, right, down] = FRAMES[self.index];
        let at = |i: usize| (i as f32 + 0.5) * 2.0 / self.size as f32 - 1.0;
        outward + right * at(column) + down * at(row)
    }

    /// Gives each texel of some rows the mean light of what it covers.
    pub fn paint(&mut self, picture: &Raster, rows: Range<usize>) {
        let [_, right, down] = FRAMES[self.index];
        let step = 2.0 / self.size as f32;
        for row in rows {
            for column in 0..self.size {
                let piece = picture.piece(self.middle(column, row), [right * step, down * step]);
                self.rgb[row * self.size + column] = picture.mean(piece);
            }
        }
    }

    /// Adds a round soft spot of light: `sigma_rad` is the width of its bell curve.
    pub fn add_light(&mut self, towards: Vec3, sigma_rad: f32, strength: f32) {
        let [outward, right, down] = FRAMES[self.index];
        let along = towards.dot(outward);
        if along < 0.3 {
            return;
        }
        let half = self.size as f32 * 0.5;
        let (x, y) = (towards.dot(right) / along, towards.dot(down) / along);
        // Towards the corners of a face angles are stretched.
        let reach = 3.0 * sigma_rad * (1.0 + x * x + y * y) * half;
        let (x, y) = ((x + 1.0) * half - 0.5, (y + 1.0) * half - 0.5);
        let span = |middle: f32| {
            let low = (middle - reach).ceil().max(0.0) as usize;
            low..((middle + reach).floor() + 1.0).clamp(0.0, self.size as f32) as usize
        };
        let (columns, rows) = (span(x), span(y));
        for row in rows {
            for column in columns.clone() {
                let apart = (self.middle(column, row).normalize() - towards).length_squared();
                self.lights[row * self.size + column] +=
                    strength * (-0.5 * apart / (sigma_rad * sigma_rad)).exp();
            }
        }
    }

    /// Bounds the lights, and puts them out at sea.
    pub fn settle_lights(&mut self) {
        for (light, rgb) in self.lights.iter_mut().zip(&self.rgb) {
            *light = (1.0 - (-1.2 * *light).exp()) * land_share(*rgb);
        }
    }

    /// Appends the face and its mips, largest first, four bytes a texel: sRGB, and the root of the light, which
    /// is finer in the dark. Each level is the mean of four texels of the level before, in light and before rounding.
    pub fn write(mut self, shades: &Shades, bytes: &mut Vec<u8>) {
        loop {
            for (rgb, light) in self.rgb.iter().zip(&self.lights) {
                bytes.extend([rgb.x, rgb.y, rgb.z].map(|channel| shades.of(channel)));
                bytes.push((light.clamp(0.0, 1.0).sqrt() * 255.0 + 0.5) as u8);
            }
            if self.size == 1 {
                return;
            }
            self = self.halved();
        }
    }

    fn halved(&self) -> Self {
        let mut small = Self::new(self.index, self.size / 2);
        for row in 0..small.size {
            for column in 0..small.size {
                let first = 2 * row * self.size + 2 * column;
                let four = [first, first + 1, first + self.size, first + self.size + 1];
                let texel = row * small.size + column;
                small.rgb[texel] = four.iter().map(|&i| self.rgb[i]).sum::<Vec3>() * 0.25;
                small.lights[texel] = four.iter().map(|&i| self.lights[i]).sum::<f32>() * 0.25;
            }
        }
        small
    }
}

/// Whether a colour is that of land, 0 to 1: the sea has far more blue than red, and lakes are all but black.
fn land_share(rgb: Vec3) -> f32 {
    let rise = |from: f32, to: f32, value: f32| {
        let share = ((value - from) / (to - from)).clamp(0.0, 1.0);
        share * share * (3.0 - 2.0 * share)
    };
    let blueness = (rgb.z + 0.002) / (rgb.x + 0.002);
    rise(4.0, 1.6, blueness) * rise(0.002, 0.007, rgb.x.max(rgb.y))
}

/// Bytes of sRGB by light: evenly spaced in the square root, which is fine enough in the dark.
pub(super) struct Shades(Vec<u8>);

impl Shades {
    pub fn new() -> Self {
        let byte = |i: usize| {
            let root = i as f32 / (SHADES - 1) as f32;
            (srgb_of_linear(root * root) * 255.0).round() as u8
        };
        Self((0..SHADES).map(byte).collect())
    }

    fn of(&self, light: f32) -> u8 {
        let root = light.clamp(0.0, 1.0).sqrt() * (SHADES - 1) as f32;
        self.0[(root + 0.5) as usize]
    }
}

/// How many levels a face of this size has, the smallest of one texel.
pub(super) fn levels(size: usize) -> u32 {
    size.ilog2() + 1
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::render::light::planet_picture::raster::linear_of_srgb;

    /// The texel that a graphics card reads for a direction, level 0: the table of major axes as written in
    /// the specification, apart from the frames above.
    pub fn texel_of(direction: Vec3, size: usize) -> (usize, usize, usize) {
        let Vec3 { x, y, z } = direction;
        let apart = direction.abs();
        let (face, s, t, major) = if apart.x >= apart.y && apart.x >= apart.z {
            if x > 0.0 { (0, -z, -y, x) } else { (1, z, -y, -x) }
        } else if apart.y >= apart.z {
            if y > 0.0 { (2, x, z, y) } else { (3, x, -z, -y) }
        } else if z > 0.0 {
            (4, x, -y, z)
        } else {
            (5, -x, -y, -z)
        };
        let at = |part: f32| (((part / major + 1.0) * 0.5 * size as f32) as usize).min(size - 1);
        (face, at(s), at(t))
    }

    #[test]
    fn a_card_finds_every_texel_where_it_was_painted() {
        let size = 16;
        for index in 0..FACES {
            let face = Face::new(index, size);
            for row in 0..size {
                for column in 0..size {
                    let found = texel_of(face.middle(column, row), size);
                    assert_eq!(found, (index, column, row));
                }
            }
        }
    }

    #[test]
    fn each_level_is_the_mean_of_the_level_before() {
        let mut face = Face::new(0, 8);
        for (i, (rgb, light)) in face.rgb.iter_mut().zip(&mut face.lights).enumerate() {
            let value = (i * 37 % 64) as f32 / 63.0;
            (*rgb, *light) = (Vec3::new(value, value * value, 1.0 - value), value * 0.5);
        }
        let mut bytes = Vec::new();
        face.write(&Shades::new(), &mut bytes);
        assert_eq!(bytes.len(), (64 + 16 + 4 + 1) * 4);
        let mean = |range: Range<usize>, channel: usize| {
            let count = range.len() as f32;
            let light = range.map(|texel| {
                let value = f32::from(bytes[texel * 4 + channel]) / 255.0;
                if channel == 3 { value * value } else { linear_of_srgb(value) }
            });
            light.sum::<f32>() / count
        };
        for channel in 0..4 {
            let means = [0..64, 64..80, 80..84, 84..85].map(|range| mean(range, channel));
            for pair in means.windows(2) {
                assert!((pair[0] - pair[1]).abs() < 0.004, "channel {channel}: {means:?}");
            }
        }
    }

    #[test]
    fn a_light_reaches_over_the_edge_of_a_face_and_not_to_the_other_side() {
        let towards = Vec3::new(1.0, 0.02, 0.999).normalize();
        let lit = |index: usize| {
            let mut face = Face::new(index, 64);
            face.add_light(towards, 0.03, 1.0);
            face.lights.iter().copied().fold(0.0, f32::max)
        };
        assert!(lit(0) > 0.8 && lit(4) > 0.8, "{} {}", lit(0), lit(4));
        assert_eq!([lit(1), lit(2), lit(3), lit(5)], [0.0; 4]);
    }
}
