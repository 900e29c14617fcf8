//! What the pictures look like, in figures: shape that can be read, many colours, nothing that flickers.

use std::{collections::HashMap, io::Write};

use image::RgbImage;

use crate::viewer::Run;

const SIZE: &str = "640x360";
/// Vertical field of view of the viewer's camera over the rows of a picture, degrees.
const PIXEL_DEG: f64 = 50.0 / 360.0;

fn luma(picture: &RgbImage) -> Vec<f64> {
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
fn staircase_ratio(picture: &RgbImage) -> f64 {
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
fn five_colours(picture: &RgbImage) -> f64 {
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

/// Share of the pixels whose brightness differs by more than a tenth.
fn changed(a: &RgbImage, b: &RgbImage) -> f64 {
    let (a, b) = (luma(a), luma(b));
    a.iter().zip(&b).filter(|(a, b)| (**a - **b).abs() > 0.1).count() as f64 / a.len() as f64
}

#[test]
fn mountains_have_a_shape_and_many_colours() {
    let pictured = |heading_deg: f64| {
        let pose = format!("27.55,86.75,9500,{heading_deg},-12");
        Run::settled(&pose, SIZE).finish().picture()
    };
    let picture = pictured(30.0);
    let (stairs, colours) = (staircase_ratio(&picture), five_colours(&picture));
    let shifted = changed(&picture, &pictured(30.0 + PIXEL_DEG * 0.5)) * 100.0;
    let figures = format!(
        "staircase ratio {stairs:.2}, five commonest colours {colours:.2}, changed by half a pixel \
         {shifted:.2} %"
    );
    // Shown with --nocapture.
    let _ = writeln!(std::io::stderr(), "{figures}");
    assert!(stairs < 0.9, "{figures}");
    assert!(colours < 0.35, "{figures}");
}

#[test]
fn from_orbit_land_and_sea_have_their_colours_and_clouds_are_bright() {
    let of = |clouds: &str| {
        let run = Run::settled("24,18,12000000,0,-90", SIZE).pair("--clouds", clouds);
        run.finish().picture()
    };
    let (clear, cloudy) = (of("0"), of("1"));
    let at = |x: u32, y: u32| clear.get_pixel(x, y).0.map(f64::from);
    let (desert, sea) = (at(300, 165), at(225, 250));
    assert!(desert[0] > 110.0 && desert[0] > desert[2] * 1.15, "the Sahara is {desert:?}");
    assert!(sea[2] > sea[0] * 1.3, "the Atlantic is {sea:?}");
    let sum = |picture: &RgbImage| luma(picture).iter().sum::<f64>();
    assert!(sum(&cloudy) > sum(&clear) * 1.05, "{} and {}", sum(&cloudy), sum(&clear));
}
