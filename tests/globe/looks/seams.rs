//! Whether a border that should not be seen is seen: brightness across it, and across lines beside it.

use std::fmt::Write;

use bluemarble_core::Shape;
use image::RgbImage;
use serde_json::Value;

use super::texture::luma;
use crate::sight::Sight;

/// Lines beside a border, in pixels from it.
const BESIDE: [isize; 8] = [-15, -12, -9, -6, 6, 9, 12, 15];
/// Pixels on each side of a border in which there must be no other.
const CLEAR: usize = 18;
/// Every so many rows is asked for its lods.
const LOD_ROWS: u32 = 10;
/// Smaller steps cannot be seen.
const MIN_STEP: f64 = 1.0 / 255.0;

/// What lies across a border.
pub struct Seam {
    /// Mean step across it and beside it, of brightness from 0 to 1.
    pub step: f64,
    pub beside: f64,
    /// Rows of the picture that it crosses.
    pub crossings: usize,
}

impl Seam {
    /// How much more there is at the border.
    pub fn ratio(&self) -> f64 {
        self.step / self.beside.max(MIN_STEP)
    }

    /// Measures rows, each with the pixel left of the border.
    fn measure(picture: &RgbImage, crossings: &[(usize, usize)]) -> Self {
        let width = picture.width() as usize;
        let luma = luma(picture);
        // The greatest of three steps: blended edges spread a border over two pixels, and a line has two sides.
        let step = |row: usize, left: usize| {
            let near = &luma[row * width + left - 1..][..4];
            near.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max)
        };
        let mean = |offsets: &[isize]| {
            let steps = crossings.iter().flat_map(|&(row, left)| {
                offsets.iter().map(move |&offset| step(row, left.saturating_add_signed(offset)))
            });
            steps.sum::<f64>() / (crossings.len() * offsets.len()) as f64
        };
        Self { step: mean(&[0]), beside: mean(&BESIDE), crossings: crossings.len() }
    }
}

/// Where a row changes once, with nothing but equals for a while on each side: pixels left of the changes.
fn changes<T: PartialEq>(row: &[T]) -> Vec<usize> {
    let alike = |part: &[T]| part.windows(2).all(|pair| pair[0] == pair[1]);
    (CLEAR..row.len().saturating_sub(CLEAR))
        .filter(|&right| row[right - 1] != row[right])
        .filter(|&right| alike(&row[right - CLEAR..right]) && alike(&row[right..right + CLEAR]))
        .map(|right| right - 1)
        .collect()
}

/// The edge between two faces of the cube, which must run down the picture rather than across it.
pub fn across_faces(picture: &RgbImage, sight: &Sight) -> Seam {
    let shape = Shape::earth();
    let mut crossings = Vec::new();
    for y in 0..picture.height() {
        let face = |x: u32| {
            let point = sight.meets(f64::from(x) + 0.5, f64::from(y) + 0.5, 0.0)?;
            Some(shape.lattice_from_local(point).region)
        };
        let faces: Vec<Option<u8>> = (0..picture.width()).map(face).collect();
        crossings.extend(changes(&faces).into_iter().map(|left| (y as usize, left)));
    }
    Seam::measure(picture, &crossings)
}

/// The pixels whose lods `across_lods` wants to know, as the viewer reads them.
pub fn lod_pixels(width: u32, height: u32) -> String {
    let mut pixels = String::new();
    for y in (LOD_ROWS / 2..height).step_by(LOD_ROWS as usize) {
        for x in 0..width {
            let _ = writeln!(pixels, "{x},{y}");
        }
    }
    pixels
}

/// The borders between nodes of different lods. `picks`: what the viewer says of [`lod_pixels`].
pub fn across_lods(picture: &RgbImage, picks: &[Value]) -> Seam {
    let mut crossings = Vec::new();
    for (number, row) in picks.chunks_exact(picture.width() as usize).enumerate() {
        let lods: Vec<Option<u64>> = row.iter().map(|pick| pick["lod"].as_u64()).collect();
        let y = number * LOD_ROWS as usize + LOD_ROWS as usize / 2;
        crossings.extend(changes(&lods).into_iter().map(|left| (y, left)));
    }
    Seam::measure(picture, &crossings)
}
