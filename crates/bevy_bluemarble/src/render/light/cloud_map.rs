//! The cover of clouds of a planet, made of noise that is stirred as air is: cyclones with their
//! commas of cloud along the storm tracks, towers in the belt of rain near the equator, clear skies
//! and flocks of low clouds between.
//!
//! Directions are unit vectors from the planet's centre, y towards the north pole. The map is a cube
//! in the order and orientation of cube textures of WebGPU.

use std::f32::consts::{PI, TAU};

use glam::{Vec3, vec3};

use super::noise::{gradient_noise, octaves, random, vector_noise};

/// Texels along an edge of a face.
pub const EDGE: usize = 512;
/// The wide patterns are made on a grid that is coarser by this.
const COARSE: usize = 4;
/// Points of the coarse grid along an edge: one more than squares, so that all texels lie inside.
const COARSE_POINTS: usize = EDGE / COARSE + 1;

/// Where the texture's face shows what lies in a direction: `u` to the right and `v` down, -1 to 1.
fn direction(face: usize, u: f32, v: f32) -> Vec3 {
    let way = match face {
        0 => vec3(1.0, -v, -u),
        1 => vec3(-1.0, -v, u),
        2 => vec3(u, 1.0, v),
        3 => vec3(u, -1.0, -v),
        4 => vec3(u, -v, 1.0),
        _ => vec3(-u, -v, -1.0),
    };
    way.normalize()
}

/// A low with its spiral of cloud.
struct Cyclone {
    centre: Vec3,
    east: Vec3,
    /// Towards the nearer pole: southern lows are mirrored.
    poleward: Vec3,
    /// Radius of the core, in radians.
    radius: f32,
    /// By how much the core has turned the air around it, in radians.
    turn: f32,
    /// How strong its band of cloud is, 0 to 1.
    cloud: f32,
}

/// Lows in each of a hemisphere's two rows.
const LOWS_IN_A_ROW: u32 = 7;

fn cyclones() -> Vec<Cyclone> {
    let mut found = Vec::new();
    for (row, south, lat_deg) in
        [(0, false, 43.0), (1, false, 61.0), (2, true, -44.0), (3, true, -60.0)]
    {
        for index in 0..LOWS_IN_A_ROW {
            let seed = row * 100 + 11;
            let jitter = |what: u32| random(index * 8 + what, seed) - 0.5;
            if jitter(5) > 0.38 {
                continue;
            }
            let lon = (index as f32 + 0.8 * jitter(0) + 0.5 * (row % 2) as f32)
                / LOWS_IN_A_ROW as f32
                * TAU
                + row as f32;
            let lat = (lat_deg + 14.0 * jitter(1)).to_radians();
            let centre = vec3(lat.cos() * lon.cos(), lat.sin(), -lat.cos() * lon.sin());
            let east = Vec3::Y.cross(centre).normalize();
            let north = centre.cross(east);
            let poleward = if south { -north } else { north };
            let size = 0.5 + jitter(2);
            found.push(Cyclone {
                centre,
                east,
                poleward,
                radius: 0.075 + 0.075 * size,
                turn: 2.2 + 2.2 * (0.5 + jitter(3)),
                cloud: 0.55 + 0.45 * (0.5 + jitter(4)),
            });
        }
    }
    found
}

/// What the coarse grid knows of a place.
#[derive(Clone, Copy, Default)]
struct Wide {
    /// Where the air that is there now was before it was stirred.
    source: Vec3,
    /// How much cloud to expect, 0 to 1.
    cover: f32,
    /// Whether clouds are flocks of small ones (1) or sheets (0).
    flocks: f32,
    /// The wide octaves of the pattern, about -1 to 1.
    pattern: f32,
}

impl Wide {
    fn mixed(self, other: Self, share: f32) -> Self {
        let mix = |a: f32, b: f32| a + (b - a) * share;
        Self {
            source: self.source + (other.source - self.source) * share,
            cover: mix(self.cover, other.cover),
            flocks: mix(self.flocks, other.flocks),
            pattern: mix(self.pattern, other.pattern),
        }
    }
}

fn bell(x: f32) -> f32 {
    (-x * x).exp()
}

fn ramp(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// The band of cloud of a low, in its own polar frame: `radii` from its centre, `angle` from east over
/// the pole side. Positive where there is cloud, negative in the dry air behind it.
fn comma(radii: f32, angle: f32) -> f32 {
    // From the head beside the core the band winds outwards against the turn and trails away towards
    // the equator.
    let band = PI - 2.0 * (radii.max(0.05) / 0.22).ln();
    let beside = (angle - band + PI).rem_euclid(TAU) - PI;
    // Sharp at the back, frayed in front.
    let width = if beside > 0.0 { 0.55 } else { 1.15 };
    let reach = ramp(0.05, 0.35, radii) * (1.0 - ramp(1.7, 3.6, radii));
    let dry = bell((beside - 1.25) / 0.75) * ramp(0.2, 0.7, radii) * (1.0 - ramp(1.2, 2.6, radii));
    bell(beside / width) * reach - 0.75 * dry + 0.55 * bell(radii / 0.3)
}

fn wide(at: Vec3, lows: &[Cyclone]) -> Wide {
    // Eddies of all sizes first: nothing in the air has a smooth edge.
    let eddies = vector_noise(at * 2.3, 101) * 0.10
        + vector_noise(at * 5.1, 111) * 0.045
        + vector_noise(at * 11.0, 121) * 0.018;
    let ragged = (at + eddies).normalize();
    let mut source = ragged;
    let mut storm = 0.0f32;
    for low in lows {
        let reach = low.radius * 4.0;
        let apart = (source - low.centre).length_squared();
        if apart > reach * reach {
            continue;
        }
        let (x, y, out) = (source.dot(low.east), source.dot(low.poleward), source.dot(low.centre));
        let radii = x.hypot(y) / low.radius;
        storm += comma(radii, y.atan2(x)) * low.cloud;
        // The air has been turned about the core, the more the nearer.
        let (sin, cos) = (-low.turn * bell(radii / 1.3)).sin_cos();
        source =
            low.east * (x * cos - y * sin) + low.poleward * (x * sin + y * cos) + low.centre * out;
    }
    let lat_deg = ragged.y.clamp(-1.0, 1.0).asin().to_degrees();
    let lon = (-at.z).atan2(at.x);
    // The belt of rain wanders about a few degrees north of the equator.
    let belt_deg = 5.0 + 3.5 * (lon + 1.0).sin() + 2.0 * (2.0 * lon + 0.4).sin();
    let clusters = octaves(at * 3.2, 3, 2.1, 0.6, 211);
    let belt = bell((lat_deg - belt_deg) / 5.5) * (0.62 + 0.9 * clusters);
    // Two slanted bands lead from it into the southern ocean.
    let slanted = [0.9f32, 3.6]
        .map(|start| {
            let behind = (lon - start + 0.032 * lat_deg + PI).rem_euclid(TAU) - PI;
            bell(behind / 0.16) * ramp(2.0, -10.0, lat_deg) * (1.0 - ramp(-28.0, -42.0, lat_deg))
        })
        .iter()
        .sum::<f32>();
    let high_deg = lat_deg.abs();
    let dry = bell((high_deg - 21.0) / 11.0);
    let storm_track = bell((high_deg - 54.0) / 15.0);
    let polar = ramp(62.0, 80.0, high_deg);
    let weather = octaves(source * 2.1 + vec3(3.1, 9.2, 1.7), 3, 2.0, 0.55, 311);
    let cover = 0.52 + 0.13 * storm_track + 0.05 * polar + 0.40 * belt + 0.26 * slanted
        - 0.24 * dry
        + 0.42 * storm
        + 0.45 * weather;
    let flocks =
        (dry * 1.1 + 0.25 * bell(lat_deg / 18.0) + 0.6 * weather - 0.5 * storm - 0.5 * belt)
            .clamp(0.0, 1.0);
    // Streaks along the parallels, drawn out by the wind, that the lows wind up.
    let stretched = source * vec3(1.0, 1.9, 1.0);
    let pattern = octaves(stretched * 5.5, 3, 2.05, 0.62, 411);
    Wide { source: stretched, cover, flocks, pattern }
}

/// One texel from what is known of its place.
fn texel(at: Vec3, wide: &Wide) -> u8 {
    let fine = wide.source + vector_noise(at * 21.0, 501) * 0.013;
    // Sheets: torn threads as well as billows.
    let threads = gradient_noise(fine * 31.0, 521);
    let billows = gradient_noise(fine * 67.0, 531);
    let crumbs = gradient_noise(at * 139.0, 541);
    let sheet = wide.pattern + 0.30 * (0.35 - threads.abs() * 1.4) + 0.19 * billows + 0.10 * crumbs;
    let flock = 0.80 * wide.pattern + 0.42 * billows + 0.34 * crumbs + 0.15 * threads;
    let field = sheet + (flock - sheet) * wide.flocks;
    let excess = field + (wide.cover - 0.5) * 1.55;
    // Thin veils at first, then thick cloud.
    let depth = ramp(-0.24, 1.12, excess);
    let most = 1.0 - 0.3 * wide.flocks;
    (depth * most * 255.0 + 0.5) as u8
}

/// The patterns from which faces of the map are made.
pub struct CloudMap {
    lows: Vec<Cyclone>,
}

impl CloudMap {
    /// Prepares the map.
    pub fn new() -> Self {
        Self { lows: cyclones() }
    }

    /// Some rows of a face, from `first_row` down: one byte a texel, 0 where the sky is clear. Both
    /// bounds are multiples of 4.
    pub fn rows(&self, face: usize, first_row: usize, end_row: usize) -> Vec<u8> {
        let of_grid = |index: usize| index as f32 / (EDGE / COARSE) as f32 * 2.0 - 1.0;
        let of_texel = |index: usize| (index as f32 + 0.5) / EDGE as f32 * 2.0 - 1.0;
        let grid_row = |row: usize| -> Vec<Wide> {
            let v = of_grid(row);
            (0..COARSE_POINTS).map(|x| wide(direction(face, of_grid(x), v), &self.lows)).collect()
        };
        let mut texels = Vec::with_capacity((end_row - first_row) * EDGE);
        let mut above = grid_row(first_row / COARSE);
        for square in first_row / COARSE..end_row / COARSE {
            let below = grid_row(square + 1);
            for row in 0..COARSE {
                let down = (row as f32 + 0.5) / COARSE as f32;
                let line: Vec<Wide> =
                    above.iter().zip(&below).map(|(a, b)| a.mixed(*b, down)).collect();
                let v = of_texel(square * COARSE + row);
                texels.extend((0..EDGE).map(|x| {
                    let right = (x % COARSE) as f32 / COARSE as f32 + 0.5 / COARSE as f32;
                    let here = line[x / COARSE].mixed(line[x / COARSE + 1], right);
                    texel(direction(face, of_texel(x), v), &here)
                }));
            }
            above = below;
        }
        texels
    }
}
