//! A picture of a whole planet over longitude and latitude, and the mean colour of a piece of it.

use std::{f32::consts::PI, path::Path};

use glam::Vec3;
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::error::PictureError;

/// Wider pictures are refused before anything is allocated for them.
const MAX_WIDTH: usize = 16_384;

/// An equirectangular picture: columns from longitude -180° to 180°, rows from the north pole to the south.
pub(super) struct Raster {
    width: usize,
    height: usize,
    /// Three bytes a pixel, sRGB.
    rgb: Vec<u8>,
    /// Light of each value of a byte.
    linear: [f32; 256],
}

/// A piece of a picture, in pixels: its middle and half of its size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub column: f32,
    pub row: f32,
    pub half_columns: f32,
    pub half_rows: f32,
}

fn decoder(bytes: &[u8]) -> JpegDecoder<ZCursor<&[u8]>> {
    let options = DecoderOptions::default()
        .set_max_width(MAX_WIDTH)
        .set_max_height(MAX_WIDTH / 2)
        .set_strict_mode(true)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    JpegDecoder::new_with_options(ZCursor::new(bytes), options)
}

fn damaged(path: &Path, error: impl std::fmt::Debug) -> PictureError {
    PictureError::Jpeg { path: path.to_owned(), message: format!("{error:?}") }
}

fn check_size(path: &Path, width: usize, height: usize) -> Result<(), PictureError> {
    if width == 2 * height && (2..=MAX_WIDTH).contains(&width) {
        return Ok(());
    }
    Err(PictureError::NotWhole { path: path.to_owned(), width, height, max_width: MAX_WIDTH })
}

impl Raster {
    /// Looks at the head of a JPEG only.
    pub fn check_jpeg(path: &Path, bytes: &[u8]) -> Result<(), PictureError> {
        let mut decoder = decoder(bytes);
        decoder.decode_headers().map_err(|error| damaged(path, error))?;
        let info = decoder.info().ok_or_else(|| damaged(path, "no head"))?;
        check_size(path, usize::from(info.width), usize::from(info.height))
    }

    /// Decodes a JPEG; `path` is for the error.
    pub fn from_jpeg(path: &Path, bytes: &[u8]) -> Result<Self, PictureError> {
        Self::check_jpeg(path, bytes)?;
        let mut decoder = decoder(bytes);
        let rgb = decoder.decode().map_err(|error| damaged(path, error))?;
        let info = decoder.info().ok_or_else(|| damaged(path, "no head"))?;
        Self::from_rgb(usize::from(info.width), usize::from(info.height), rgb)
    }

    /// A picture from its bytes: red, green and blue of each pixel in sRGB.
    pub fn from_rgb(width: usize, height: usize, rgb: Vec<u8>) -> Result<Self, PictureError> {
        check_size(Path::new("picture in memory"), width, height)?;
        if rgb.len() != width * height * 3 {
            return Err(PictureError::Bytes { width, height, found: rgb.len() });
        }
        let linear = std::array::from_fn(|byte| linear_of_srgb(byte as f32 / 255.0));
        Ok(Self { width, height, rgb, linear })
    }

    /// The piece that a small parallelogram of directions covers: its middle and its two sides. The box has
    /// the parallelogram's variance along both axes, and is never smaller than a pixel: larger pictures of
    /// it are interpolated.
    pub fn piece(&self, middle: Vec3, sides: [Vec3; 2]) -> Piece {
        let (columns_per_rad, rows_per_rad) =
            (self.width as f32 / (2.0 * PI), self.height as f32 / PI);
        let across_squared = (middle.x * middle.x + middle.z * middle.z).max(1e-12);
        let across = across_squared.sqrt();
        let [lon_a, lon_b] =
            sides.map(|side| (middle.z * side.x - middle.x * side.z) / across_squared);
        let [lat_a, lat_b] = sides.map(|side| {
            let outward = (middle.x * side.x + middle.z * side.z) / across;
            (across * side.y - middle.y * outward) / middle.length_squared()
        });
        let (lon, lat) = ((-middle.z).atan2(middle.x), middle.y.atan2(across));
        Piece {
            column: (lon + PI) * columns_per_rad,
            row: (0.5 * PI - lat) * rows_per_rad,
            half_columns: ((lon_a * lon_a + lon_b * lon_b).sqrt() * 0.5 * columns_per_rad)
                .clamp(0.5, self.width as f32 * 0.5 - 1.0),
            half_rows: ((lat_a * lat_a + lat_b * lat_b).sqrt() * 0.5 * rows_per_rad)
                .clamp(0.5, self.height as f32 * 0.5),
        }
    }

    /// The mean light of a piece. Over the seam at 180° it goes on at the other side.
    pub fn mean(&self, piece: Piece) -> Vec3 {
        let (first, columns, west, east) = Self::span(piece.column, piece.half_columns);
        let (top, rows, north, south) = Self::span(piece.row, piece.half_rows);
        let first = first.rem_euclid(self.width as i32) as usize;
        let last = (first + columns - 1) % self.width;
        let before_seam = columns.min(self.width - first);
        let mut sum = Vec3::ZERO;
        for j in 0..rows {
            let row = ((top + j as i32).max(0) as usize).min(self.height - 1);
            let row = &self.rgb[row * self.width * 3..][..self.width * 3];
            let mut along = self.sum(&row[first * 3..][..before_seam * 3]);
            if before_seam < columns {
                along += self.sum(&row[..(columns - before_seam) * 3]);
            }
            // The outermost pixels are covered in part.
            along -= self.sum(&row[first * 3..][..3]) * west;
            along -= self.sum(&row[last * 3..][..3]) * east;
            let uncovered =
                if j == 0 { north } else { 0.0 } + if j + 1 == rows { south } else { 0.0 };
            sum += along * (1.0 - uncovered);
        }
        sum / (4.0 * piece.half_columns * piece.half_rows)
    }

    /// The pixels that a stretch touches: the first, how many, and how much of the first and of the last it
    /// leaves out.
    fn span(middle: f32, half: f32) -> (i32, usize, f32, f32) {
        /// Makes everything positive, so that cutting off rounds down.
        const SHIFT: f32 = 32_768.0;
        let (low, high) = (middle - half, middle + half);
        let first = (low + SHIFT) as i32 - SHIFT as i32;
        let last = (high + SHIFT) as i32 - SHIFT as i32;
        let (left_out, end) = (low - first as f32, last as f32 + 1.0 - high);
        (first, (last + 1 - first) as usize, left_out, end)
    }

    /// The light of some pixels together.
    fn sum(&self, pixels: &[u8]) -> Vec3 {
        let mut sum = Vec3::ZERO;
        for pixel in pixels.chunks_exact(3) {
            let [red, green, blue] = [pixel[0], pixel[1], pixel[2]];
            sum.x += self.linear[usize::from(red)];
            sum.y += self.linear[usize::from(green)];
            sum.z += self.linear[usize::from(blue)];
        }
        sum
    }
}

/// From a value of sRGB, 0 to 1, to light (IEC 61966-2-1).
pub(super) fn linear_of_srgb(value: f32) -> f32 {
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// From light to a value of sRGB, 0 to 1 (IEC 61966-2-1).
pub(super) fn srgb_of_linear(light: f32) -> f32 {
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns that are red by their number.
    fn ramp() -> Raster {
        let (width, height) = (64, 32);
        let rgb =
            (0..width * height).flat_map(|i| [(i % width) as u8 * 4, (i / width) as u8 * 8, 0]);
        Raster::from_rgb(width, height, rgb.collect()).expect("the size is right")
    }

    #[test]
    fn a_mean_counts_every_pixel_by_how_much_of_it_is_covered() {
        let picture = ramp();
        let light = |byte: u8| linear_of_srgb(f32::from(byte) / 255.0);
        let piece = Piece { column: 11.0, row: 20.5, half_columns: 1.25, half_rows: 0.5 };
        let red = (0.25 * light(36) + light(40) + light(44) + 0.25 * light(48)) / 2.5;
        let found = picture.mean(piece);
        assert!((found.x - red).abs() < 1e-5 && (found.y - light(160)).abs() < 1e-5, "{found}");
    }

    #[test]
    fn the_mean_goes_on_over_the_seam_and_ends_at_the_poles() {
        let picture = ramp();
        let light = |byte: u8| linear_of_srgb(f32::from(byte) / 255.0);
        for column in [0.0, 64.0] {
            let piece = Piece { column, row: 0.0, half_columns: 1.0, half_rows: 0.5 };
            let found = picture.mean(piece);
            assert!((found.x - 0.5 * (light(0) + light(252))).abs() < 1e-5, "{found}");
            assert!(found.y.abs() < 1e-6, "{found}");
        }
        let whole = Piece { column: 3.0, row: 32.0, half_columns: 32.0, half_rows: 0.75 };
        let mean = (0..64).map(|i| light(i * 4)).sum::<f32>() / 64.0;
        assert!((picture.mean(whole).x - mean).abs() < 1e-4);
    }

    #[test]
    fn srgb_there_and_back_changes_no_byte() {
        for byte in 0..=255_u8 {
            let back = srgb_of_linear(linear_of_srgb(f32::from(byte) / 255.0)) * 255.0;
            assert_eq!(back.round() as u8, byte);
        }
    }
}
