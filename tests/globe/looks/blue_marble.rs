//! How far the colours seen from orbit are from those of Blue Marble.

use bluemarble_core::{GeoPosition, Shape};
use bluemarble_terrain::assets_dir;
use glam::DVec3;
use image::RgbImage;
use zune_jpeg::{JpegDecoder, zune_core::bytestream::ZCursor};

use super::colour::{blurred, lab, light, light_of_byte};
use crate::{sight::Sight, viewer::EARTH};

/// Nearer to the rim of the disc there is more air than ground to be seen.
const INNER_SHARE: f64 = 0.85;
/// Rays across a pixel: they are as dense as the pixels of the map.
const PARTS: usize = 4;
/// Sea that mirrors what stands this near to the sun glitters; on a map it does not.
const GLINT_DEG: f64 = 40.0;

/// The map: longitude -180° to 180° and latitude 90° to -90°.
pub struct BlueMarble {
    width: usize,
    height: usize,
    /// sRGB.
    rgb: Vec<u8>,
    /// Light of each value of a byte.
    light: [f64; 256],
}

/// How far a pixel is from the map (CIE 1976), and what it shows.
pub struct Difference {
    pub delta_e: f64,
    pub is_land: bool,
    pub is_glint: bool,
}

impl BlueMarble {
    pub fn load() -> Self {
        let path = assets_dir().join("earth/bluemarble.jpg");
        let bytes = std::fs::read(&path)
            .unwrap_or_else(|error| panic!("{}: cannot read: {error}", path.display()));
        let mut decoder = JpegDecoder::new(ZCursor::new(&bytes[..]));
        let rgb = decoder.decode().expect("Blue Marble is a JPEG");
        let info = decoder.info().expect("a picture has a size");
        let (width, height) = (usize::from(info.width), usize::from(info.height));
        assert_eq!(rgb.len(), width * height * 3, "three bytes a pixel");
        Self { width, height, rgb, light: std::array::from_fn(|byte| light_of_byte(byte as u8)) }
    }

    /// Light of the pixel at a place.
    fn at(&self, place: GeoPosition) -> DVec3 {
        let pixel = |share: f64, count: usize| ((share * count as f64) as usize).min(count - 1);
        let column = pixel((place.lon_deg + 180.0) / 360.0, self.width);
        let row = pixel((90.0 - place.lat_deg) / 180.0, self.height);
        let first = (row * self.width + column) * 3;
        let of = |channel: usize| self.light[usize::from(self.rgb[first + channel])];
        DVec3::new(of(0), of(1), of(2))
    }

    /// Mean light of what a pixel covers.
    fn seen(&self, sight: &Sight, x: usize, y: usize) -> DVec3 {
        let shape = Shape::earth();
        let within = |v: usize, part: usize| v as f64 + (part as f64 + 0.5) / PARTS as f64;
        let mut sum = DVec3::ZERO;
        for part in 0..PARTS * PARTS {
            let (x, y) = (within(x, part % PARTS), within(y, part / PARTS));
            if let Some(point) = sight.meets(x, y, 0.0) {
                sum += self.at(shape.geo_from_local(point));
            }
        }
        sum / (PARTS * PARTS) as f64
    }

    /// The differences of a picture of the whole globe, away from its rim. Both sides are blurred a little, so
    /// that half a pixel between them does not count.
    pub fn differences(&self, picture: &RgbImage, sight: &Sight, sun: DVec3) -> Vec<Difference> {
        let shape = Shape::earth();
        let width = picture.width() as usize;
        let shown = blurred(&light(picture), width);
        let seen = |index: usize| self.seen(sight, index % width, index / width);
        let wanted = blurred(&(0..shown.len()).map(seen).collect::<Vec<_>>(), width);
        let mut differences = Vec::new();
        for (index, (shown, wanted)) in shown.iter().zip(&wanted).enumerate() {
            let (x, y) = ((index % width) as f64 + 0.5, (index / width) as f64 + 0.5);
            if sight.share_of_disc(x, y) > INNER_SHARE {
                continue;
            }
            let Some(point) = sight.meets(x, y, 0.0) else { continue };
            let (place, up) = (shape.geo_from_local(point), shape.up(point));
            let is_land = EARTH.grid().height_m(place.lat_deg, place.lon_deg) >= 0.0;
            let mirrored = sight.direction(x, y).reflect(up);
            differences.push(Difference {
                delta_e: lab(*shown).distance(lab(*wanted)),
                is_land,
                is_glint: !is_land && mirrored.dot(sun) > GLINT_DEG.to_radians().cos(),
            });
        }
        differences
    }
}

/// Mean and 90th percentile of some differences.
pub fn mean_and_p90<'a>(differences: impl Iterator<Item = &'a Difference>) -> [f64; 2] {
    let mut sorted: Vec<f64> = differences.map(|difference| difference.delta_e).collect();
    sorted.sort_by(f64::total_cmp);
    let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
    [mean, sorted.get(sorted.len() * 9 / 10).copied().unwrap_or(f64::NAN)]
}
