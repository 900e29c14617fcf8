//! Whether slopes are lit as the elevations say.
//!
//! Two pictures of the same ground, the sun low in one and high in the other: their ratio knows nothing of the
//! ground's colour. It is compared with the ratio of two hillshades (Lambert) of the elevation grid. Ratios and
//! not their logarithms: in the shade those would fall without end, and say how bright the sky is.

use bluemarble_core::{EARTH_RADIUS_M, GeoPosition, Shape};
use glam::DVec3;
use image::RgbImage;

use super::{
    colour::{light, luminance},
    texture::luma,
};
use crate::{sight::Sight, viewer::EARTH};

/// Brighter pixels of the picture with the high sun may have lost their shading.
const SATURATED_LUMA: f64 = 0.9;
/// Where the high sun gives less, by hillshade and by light, there is too little to divide by.
const MIN_SHADE: f64 = 0.2;
const MIN_LIGHT: f64 = 1e-3;

/// A picture and the direction of its sun.
pub struct Lit<'a> {
    pub picture: &'a RgbImage,
    pub sun: DVec3,
}

/// How well shading and hillshade agree.
pub struct Shading {
    /// Pearson's.
    pub correlation: f64,
    /// Blocks that were compared, and the share of all.
    pub blocks: usize,
    pub share: f64,
}

/// What the ground below a pixel is like.
struct Ground {
    height_m: f64,
    normal: DVec3,
}

/// Sums over the pixels of a block, for the low sun and the high one.
#[derive(Clone, Copy)]
struct Block {
    light: [f64; 2],
    shade: [f64; 2],
    is_good: bool,
}

/// Where the ray through a point meets the ground.
fn place_of(sight: &Sight, x: f64, y: f64) -> Option<GeoPosition> {
    let shape = Shape::earth();
    let mut place = shape.geo_from_local(sight.meets(x, y, 0.0)?);
    // The ground is far flatter than the rays are steep, so this closes in on it quickly.
    for _ in 0..3 {
        let height_m = EARTH.grid().height_m(place.lat_deg, place.lon_deg).max(0.0);
        place = shape.geo_from_local(sight.meets(x, y, height_m)?);
    }
    Some(place)
}

/// The ground of the grid at a place, its slope taken over one step of the grid.
fn ground(place: GeoPosition) -> Ground {
    let (grid, shape) = (EARTH.grid(), Shape::earth());
    let GeoPosition { lat_deg, lon_deg, .. } = place;
    let [lon_step, lat_step] = grid.step_deg();
    let rise = |lat: f64, lon: f64| {
        grid.height_m(lat_deg + lat, lon_deg + lon) - grid.height_m(lat_deg - lat, lon_deg - lon)
    };
    let metres = |step_deg: f64| step_deg.to_radians() * EARTH_RADIUS_M;
    let northwards = rise(lat_step * 0.5, 0.0) / metres(lat_step);
    let eastwards = rise(0.0, lon_step * 0.5) / (metres(lon_step) * lat_deg.to_radians().cos());
    let point = shape.local_from_geo(place);
    let (east, north) = shape.east_north(point);
    let normal = (shape.up(point) - east * eastwards - north * northwards).normalize();
    Ground { height_m: grid.height_m(lat_deg, lon_deg), normal }
}

/// Compares two pictures that one camera took with the hillshades of the grid, over land and in blocks about as
/// large as its cells.
pub fn compare(low: &Lit, high: &Lit, sight: &Sight) -> Shading {
    let [width, height] = [low.picture.width(), low.picture.height()].map(|v| v as usize);
    let light = [low, high].map(|lit| light(lit.picture));
    let high_luma = luma(high.picture);
    let cell_m = EARTH.grid().step_deg()[1].to_radians() * EARTH_RADIUS_M;
    let edge = (cell_m / sight.pixel_m()).round().max(1.0) as usize;
    let (columns, rows) = (width / edge, height / edge);
    let mut blocks =
        vec![Block { light: [0.0; 2], shade: [0.0; 2], is_good: true }; columns * rows];
    for y in 0..rows * edge {
        for x in 0..columns * edge {
            let block = &mut blocks[y / edge * columns + x / edge];
            let Some(place) = place_of(sight, x as f64 + 0.5, y as f64 + 0.5) else {
                block.is_good = false;
                continue;
            };
            let (ground, index) = (ground(place), y * width + x);
            block.is_good &= ground.height_m > 0.0 && high_luma[index] <= SATURATED_LUMA;
            for (sun, lit) in [low, high].iter().enumerate() {
                block.light[sun] += luminance(light[sun][index]);
                block.shade[sun] += ground.normal.dot(lit.sun).max(0.0);
            }
        }
    }
    let pixels = (edge * edge) as f64;
    let pairs: Vec<[f64; 2]> = blocks
        .iter()
        .filter(|block| {
            let lit = block.light[1] > MIN_LIGHT * pixels;
            block.is_good && lit && block.shade[1] > MIN_SHADE * pixels
        })
        .map(|block| [block.light[0] / block.light[1], block.shade[0] / block.shade[1]])
        .collect();
    Shading {
        correlation: correlation(&pairs),
        blocks: pairs.len(),
        share: pairs.len() as f64 / blocks.len() as f64,
    }
}

/// Pearson's correlation.
fn correlation(pairs: &[[f64; 2]]) -> f64 {
    let mean = |i: usize| pairs.iter().map(|pair| pair[i]).sum::<f64>() / pairs.len() as f64;
    let means = [mean(0), mean(1)];
    let product = |i: usize, j: usize| {
        pairs.iter().map(|pair| (pair[i] - means[i]) * (pair[j] - means[j])).sum::<f64>()
    };
    product(0, 1) / (product(0, 0) * product(1, 1)).sqrt()
}
