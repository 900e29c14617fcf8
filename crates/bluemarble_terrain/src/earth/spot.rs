//! All that the columns of a chunk need to know about their places, gathered cheaply.
//!
//! Most of it varies slowly from cell to cell: the grid's surface, the climate and every octave many cells
//! long. At fine lods those are found at corners some cells apart, counted from the region's corner, and
//! what the short octaves go on from is interpolated; only short octaves are found for each column. What
//! comes out does not depend on which chunk asks.

use glam::DVec3;

use super::{
    EarthBaseline,
    axes::{FaceAxes, lat_lon_deg},
    climate::Weather,
    erosion::{Carved, ErosionSampler, Flow},
    height::{Base, Ground, StartSamplers},
    octaves::OctavesSampler,
};
use crate::{columns::may_begin_row, fractal::FractalSampler};

/// The most cells between the corners where slow things are found.
pub(super) const MOST_STRIDE: i32 = 4;
/// An octave is slow if it is at least this many strides long.
const SLOW_STRIDES: f64 = 6.0;
/// The grid's nodes are at least so many strides of four, or of two cells apart.
const FINE_NODES: [f64; 2] = [7.0, 3.5];
/// Corners farther apart in longitude lie near a pole or beside the meridian where it starts anew.
const FAR_LON_DEG: f64 = 0.2;
/// How many octaves of patches are wide: down to 7.5 km.
const WIDE_PATCHES: usize = 4;

/// A place on the ground.
#[derive(Clone, Copy, Debug)]
struct Spot {
    direction: DVec3,
    base: Base,
    flow: Flow,
    texture_m: [f64; 2],
    /// At sea level.
    weather: Weather,
    /// Wide and narrow patches.
    patch: [f64; 2],
}

/// What a column stands on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    pub ground: Ground,
    /// At sea level.
    pub weather: Weather,
    /// Wide and narrow patches, about -1..=1.
    pub patch: [f64; 2],
    /// Where it lies, almost of length 1.
    pub direction: DVec3,
    /// Where the grid was asked for it, so that maps fit the ground.
    pub lat_lon_deg: [f64; 2],
}

impl Spot {
    #[inline]
    fn lerp(t: f64, a: &Self, b: &Self) -> Self {
        let mix = |f: fn(&Self) -> f64| {
            let (a, b) = (f(a), f(b));
            a + t * (b - a)
        };
        Self {
            direction: a.direction + (b.direction - a.direction) * t,
            base: Base {
                height_m: mix(|spot| spot.base.height_m),
                relief_m: mix(|spot| spot.base.relief_m),
                summit_m: mix(|spot| spot.base.summit_m),
                lat_lon_deg: if (a.base.lat_lon_deg[1] - b.base.lat_lon_deg[1]).abs() < FAR_LON_DEG
                {
                    [0, 1].map(|k| {
                        let (a, b) = (a.base.lat_lon_deg[k], b.base.lat_lon_deg[k]);
                        a + t * (b - a)
                    })
                } else {
                    [f64::NAN; 2]
                },
            },
            flow: Flow::lerp(t as f32, &a.flow, &b.flow),
            texture_m: [mix(|spot| spot.texture_m[0]), mix(|spot| spot.texture_m[1])],
            weather: Weather {
                mean_c: mix(|spot| spot.weather.mean_c),
                summer_c: mix(|spot| spot.weather.summer_c),
                moisture: mix(|spot| spot.weather.moisture),
            },
            patch: [mix(|spot| spot.patch[0]), mix(|spot| spot.patch[1])],
        }
    }
}

/// How many octaves of each kind.
#[derive(Clone, Copy, Debug)]
struct Counts {
    low: usize,
    erosion: usize,
    texture: usize,
    patches: usize,
}

/// Finds sites at one lod of one region; quickest if they follow each other closely.
pub(super) struct SiteSampler<'a> {
    earth: &'a EarthBaseline,
    start: StartSamplers<'a>,
    erosion: ErosionSampler<'a>,
    texture: OctavesSampler<'a>,
    patches: FractalSampler<'a>,
    axes: FaceAxes,
    lod: u8,
    /// Octaves found at corners.
    slow: Counts,
    /// All that the lod shows.
    all: Counts,
    /// Cells from corner to corner; 1 if nothing is interpolated.
    stride: i32,
    mean_level: Option<u32>,
    hidden_slope2: f64,
    /// Room for [`SiteSampler::carve`].
    row: Vec<Carved>,
}

impl<'a> SiteSampler<'a> {
    pub fn new(earth: &'a EarthBaseline, region: u8, lod: u8) -> Self {
        let field = &earth.field;
        let cell_m = field.cell_m(lod);
        let counts = |cell_m: f64| Counts {
            low: field.low.count_for(cell_m),
            erosion: field.waves_for(cell_m),
            texture: field.texture.count_for(cell_m),
            patches: earth.patches.count_for(cell_m),
        };
        let all = counts(cell_m);
        let is_fine = |stride: f64, nodes: f64| cell_m * stride * nodes <= field.spacing_m;
        let stride = if is_fine(4.0, FINE_NODES[0]) {
            MOST_STRIDE
        } else if is_fine(2.0, FINE_NODES[1]) {
            2
        } else {
            1
        };
        let slow = if stride > 1 {
            let slow = counts(cell_m * f64::from(stride) * SLOW_STRIDES * 0.5);
            // All of these are found at corners: what erosion starts from must be there.
            Counts { low: all.low, ..slow }
        } else {
            all
        };
        Self {
            start: field.start_samplers(),
            erosion: field.erosion.sampler(),
            texture: field.texture.sampler(),
            patches: earth.patches.sampler(),
            axes: FaceAxes::new(field.shape, region),
            lod,
            slow,
            all,
            stride,
            mean_level: field.mean_level(lod),
            hidden_slope2: field.hidden_slope2(cell_m),
            row: Vec::new(),
            earth,
        }
    }

    /// The mean squared slope of what this lod does not show.
    pub fn hidden_slope2(&self, ground: &Ground) -> f64 {
        self.hidden_slope2 * ground.strength * ground.strength
    }

    /// Lays octaves of erosion on spots in a row.
    fn carve(&mut self, spots: &mut [Spot], waves: [usize; 2]) {
        if waves[0] == waves[1] {
            return;
        }
        let field = &self.earth.field;
        self.row.clear();
        self.row.extend(spots.iter().map(|spot| Carved {
            turned: field.turned(spot.direction),
            up: spot.direction.as_vec3(),
            flow: spot.flow,
        }));
        self.erosion.carve(&mut self.row, waves);
        spots.iter_mut().zip(&self.row).for_each(|(spot, carved)| spot.flow = carved.flow);
    }

    /// All that is slow but erosion, in a unit direction.
    fn spot(&mut self, direction: DVec3) -> Spot {
        let field = &self.earth.field;
        let turned = field.turned(direction);
        let of_patches = self.earth.patches.turned(direction * field.shape.radius_m);
        let patch = self.patches.split_sums(&of_patches, [0, self.slow.patches], WIDE_PATCHES);
        let weather = |[lat_deg, lon_deg]: [f64; 2]| self.earth.climate.at(lat_deg, lon_deg);
        if let Some(level) = self.mean_level {
            let lat_lon_deg = lat_lon_deg(direction);
            let height_m = field.mean_m(lat_lon_deg, level, self.lod);
            let base = Base { height_m, relief_m: 0.0, summit_m: 0.0, lat_lon_deg };
            let (flow, texture_m, weather) = (Flow::default(), [0.0; 2], weather(lat_lon_deg));
            return Spot { direction, base, flow, texture_m, weather, patch };
        }
        let texture_m = self.texture.sums(&turned, [0, self.slow.texture]);
        let (base, flow) = if self.all.erosion == 0 {
            field.plain(&mut self.start, direction, &turned, self.slow.low)
        } else {
            let bump = field.summits.bump(direction);
            field.start(&mut self.start, direction, &turned, &bump, self.slow.low)
        };
        let weather = weather(base.lat_lon_deg);
        Spot { direction, base, flow, texture_m, weather, patch }
    }

    /// Adds what is not slow, nor erosion.
    #[inline]
    fn site(&mut self, spot: &Spot) -> Site {
        let field = &self.earth.field;
        let mut patch = spot.patch;
        if self.slow.patches < self.all.patches {
            let turned = self.earth.patches.turned(spot.direction * field.shape.radius_m);
            let octaves = [self.slow.patches, self.all.patches];
            let [wide, narrow] = self.patches.split_sums(&turned, octaves, WIDE_PATCHES);
            patch = [patch[0] + wide, patch[1] + narrow];
        }
        patch[1] *= 4.0;
        let mut texture_m = spot.texture_m;
        if self.slow.texture < self.all.texture {
            let turned = field.turned(spot.direction);
            let octaves = [self.slow.texture, self.all.texture];
            let [all_m, crags_m] = self.texture.sums(&turned, octaves);
            texture_m = [texture_m[0] + all_m, texture_m[1] + crags_m];
        }
        let ground = field.ground(&spot.base, &spot.flow, texture_m);
        let known = !spot.base.lat_lon_deg[0].is_nan();
        Site {
            ground,
            weather: spot.weather,
            patch,
            direction: spot.direction,
            lat_lon_deg: if known { spot.base.lat_lon_deg } else { lat_lon_deg(spot.direction) },
        }
    }

    /// The sites at `width` x `depth` places a cell apart, x fastest; `None` if `go_on` said no on the way.
    /// `x` and `z` are the first, in cells.
    pub fn sites(
        &mut self,
        [x, z]: [f64; 2],
        [width, depth]: [usize; 2],
        go_on: &dyn Fn() -> bool,
    ) -> Option<Vec<Site>> {
        let cell = f64::from(1u32 << self.lod);
        let mut sites = Vec::with_capacity(width * depth);
        let mut row = Vec::with_capacity(width);
        if self.stride == 1 {
            let along_x: Vec<DVec3> =
                (0..width).map(|i| self.axes.along_x((x + i as f64) * cell)).collect();
            for j in 0..depth {
                if !may_begin_row(j, go_on) {
                    return None;
                }
                let from = self.axes.out + self.axes.along_z((z + j as f64) * cell);
                row.clear();
                row.extend(along_x.iter().map(|along| self.spot((from + *along).normalize())));
                self.carve(&mut row, [0, self.all.erosion]);
                sites.extend(row.iter().map(|spot| self.site(spot)));
            }
            return Some(sites);
        }
        let stride = f64::from(self.stride);
        let corner = |v: f64| (v / stride).floor();
        let (first_x, first_z) = (corner(x), corner(z));
        let corners = |v: f64, first: f64, count: usize| {
            (corner(v + (count - 1) as f64) - first) as usize + 2
        };
        let (columns, rows) = (corners(x, first_x, width), corners(z, first_z, depth));
        let along_x: Vec<DVec3> =
            (0..columns).map(|i| self.axes.along_x((first_x + i as f64) * stride * cell)).collect();
        let mut spots = Vec::with_capacity(columns * rows);
        for j in 0..rows {
            if !may_begin_row(j, go_on) {
                return None;
            }
            let from = self.axes.out + self.axes.along_z((first_z + j as f64) * stride * cell);
            spots.extend(along_x.iter().map(|along| self.spot((from + *along).normalize())));
            self.carve(&mut spots[j * columns..], [0, self.slow.erosion]);
        }
        let mut between = Vec::with_capacity(columns);
        for j in 0..depth {
            if !may_begin_row(j, go_on) {
                return None;
            }
            let at_z = (z + j as f64) / stride;
            let (north, v) = ((at_z.floor() - first_z) as usize * columns, at_z - at_z.floor());
            between.clear();
            between.extend(
                (0..columns).map(|i| Spot::lerp(v, &spots[north + i], &spots[north + columns + i])),
            );
            row.clear();
            row.extend((0..width).map(|i| {
                let at_x = (x + i as f64) / stride;
                let (west, u) = ((at_x.floor() - first_x) as usize, at_x - at_x.floor());
                Spot::lerp(u, &between[west], &between[west + 1])
            }));
            self.carve(&mut row, [self.slow.erosion, self.all.erosion]);
            sites.extend(row.iter().map(|spot| self.site(spot)));
        }
        Some(sites)
    }
}
