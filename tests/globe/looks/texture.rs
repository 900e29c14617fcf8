//! How a picture is textured: steps, bands of one colour, flicker.

use std::collections::HashMap;

use image::RgbImage;

/// Brightness of the pixels as they are encoded, 0 to 1.
pub fn luma(picture: &RgbImage) -> Vec<f64> {
    let of = |rgb: [u8; 3]| {
        let [r, g, b] = rgb.map(|v| f64::from(v) / 255.0);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    picture.pixels().map(|pixel| of(pixel.0)).collect()
}

/// Mean difference of neighbours in a picture of one channel, across and down.
fn gradient(values: &[f64], width: usize) -> f64 {
    let rows: Vec<&[f64]> = values.chunks_exact(width).collect();
    let (mut across, mut down) = (0.0, 0.0);
    for (number, row) in rows.iter().enumerate() {
        across += row.windows(2).map(|pair| (pair[0] - pair[1]).abs()).sum::<f64>();
        if let Some(below) = rows.get(number + 1) {
            down += row.iter().zip(*below).map(|(a, b)| (a - b).abs()).sum::<f64>();
        }
    }
    across / ((width - 1) * rows.len()) as f64 + down / (width * (rows.len() - 1)) as f64
}

/// Gradient of the pixels over that of blocks of 8 x 8, in the lower half: contour lines make it large.
pub fn staircase_ratio(picture: &RgbImage) -> f64 {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let all = luma(picture);
    let low = &all[height / 2 * width..];
    let (columns, rows) = (width / 8, (height - height / 2) / 8);
    let mut blocks = vec![0.0; columns * rows];
    for y in 0..rows * 8 {
        for x in 0..columns * 8 {
            blocks[y / 8 * columns + x / 8] += low[y * width + x] / 64.0;
        }
    }
    gradient(low, width) / gradient(&blocks, columns)
}

/// Share of the five commonest colours, of 5 bits a channel, in the lower half: flat bands make it large.
pub fn five_colours(picture: &RgbImage) -> f64 {
    let half = picture.height() / 2;
    let mut counts = HashMap::<[u8; 3], usize>::new();
    for (_, y, pixel) in picture.enumerate_pixels() {
        if y >= half {
            *counts.entry(pixel.0.map(|v| v >> 3)).or_default() += 1;
        }
    }
    let mut counts: Vec<usize> = counts.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    counts.iter().take(5).sum::<usize>() as f64 / counts.iter().sum::<usize>() as f64
}

/// Share of the pixels below a part of the height that are darker, by three steps of a hundred, than most of their
/// neighbours.
pub fn lone_dark(picture: &RgbImage, below: f64) -> f64 {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let all = luma(picture);
    let first = ((height as f64 * below) as usize).max(1);
    let mut dark = 0;
    for y in first..height - 1 {
        for x in 1..width - 1 {
            let mut around: Vec<f64> =
                (0..9).map(|k| all[(y + k / 3 - 1) * width + x + k % 3 - 1]).collect();
            around.sort_by(f64::total_cmp);
            dark += usize::from(all[y * width + x] < around[4] - 0.03);
        }
    }
    dark as f64 / ((height - 1 - first) * (width - 2)) as f64
}

/// Share of the pixels whose brightness differs by more than a tenth.
pub fn changed(a: &RgbImage, b: &RgbImage) -> f64 {
    let (a, b) = (luma(a), luma(b));
    a.iter().zip(&b).filter(|(a, b)| (**a - **b).abs() > 0.1).count() as f64 / a.len() as f64
}
