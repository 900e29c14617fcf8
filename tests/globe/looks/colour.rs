//! Light and colours as eyes tell them apart.

use glam::DVec3;
use image::RgbImage;

/// Light of a byte of sRGB, 0 to 1 (IEC 61966-2-1).
pub fn light_of_byte(byte: u8) -> f64 {
    let value = f64::from(byte) / 255.0;
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// Red, green and blue light of the pixels.
pub fn light(picture: &RgbImage) -> Vec<DVec3> {
    let of: [f64; 256] = std::array::from_fn(|byte| light_of_byte(byte as u8));
    picture.pixels().map(|pixel| DVec3::from_array(pixel.0.map(|v| of[usize::from(v)]))).collect()
}

/// How bright light is.
pub fn luminance(light: DVec3) -> f64 {
    light.dot(DVec3::new(0.2126, 0.7152, 0.0722))
}

/// Means of 3 x 3 pixels; the outermost ones count for those beyond.
pub fn blurred(light: &[DVec3], width: usize) -> Vec<DVec3> {
    let height = light.len() / width;
    let around = |v: usize, end: usize| [v.saturating_sub(1), v, (v + 1).min(end - 1)];
    let mean = |index: usize| {
        let (columns, rows) = (around(index % width, width), around(index / width, height));
        rows.iter().flat_map(|y| columns.map(|x| light[y * width + x])).sum::<DVec3>() / 9.0
    };
    (0..light.len()).map(mean).collect()
}

/// L*, a* and b* of light (CIE 1976); white is D65. Their distance is the difference that is seen.
pub fn lab(light: DVec3) -> DVec3 {
    let x = light.dot(DVec3::new(0.4124564, 0.3575761, 0.1804375)) / 0.95047;
    let y = light.dot(DVec3::new(0.2126729, 0.7151522, 0.0721750));
    let z = light.dot(DVec3::new(0.0193339, 0.1191920, 0.9503041)) / 1.08883;
    let [x, y, z] = [x, y, z]
        .map(|v| if v > 216.0 / 24389.0 { v.cbrt() } else { (24389.0 / 27.0 * v + 16.0) / 116.0 });
    DVec3::new(116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z))
}
