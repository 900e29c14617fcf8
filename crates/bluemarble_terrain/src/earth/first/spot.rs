//! All that the columns of a chunk need to know about their places, gathered cheaply.
//!
//! Most of it varies slowly from cell to cell: the grid's surface, the climate and every octave many cells
//! long. At fine lods those are found at every fourth corner of cells, counted from the region's corner,
//! and interpolated; only short octaves are found for each column. What comes out does not depend on
//! which chunk asks, and interpolation never leaves the range of the corners, which `classify` relies on.

use bluemarble_core::{CancelToken, Cancelled};
use glam::DVec3;

use super::{
    height::{Ground, ridges},
    land::Land,
};
use crate::{
    columns::begin_row,
    earth::{
        axes::{FaceAxes, lat_lon_deg},
        climate::Weather,
        corners::Corners,
        surface::WIDE_PATCHES,
    },
    elevation::{GridSample, GridSampler},
    fractal::{Fractal, FractalSampler, Parts, Turned},
};

/// Cells between the corners where slow things are found.
pub(super) const STRIDE: i32 = 4;
/// An octave is slow if it is at least this many cells long.
const SLOW_CELLS: f64 = 32.0;
/// The grid is slow if its nodes are at least this many strides apart.
const SLOW_NODES: f64 = 3.5;

/// A place on the ground.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    direction: DVec3,
    base: GridSample,
    parts: Parts,
    /// At sea level.
    pub weather: Weather,
    /// Wide and narrow patches.
    patch: [f64; 2],
    /// Set where cells show means.
    mean: Option<Ground>,
}

/// What a column stands on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    pub ground: Ground,
    /// At sea level.
    pub weather: Weather,
    /// Wide and narrow patches, about -1..=1.
    pub patch: [f64; 2],
}

#[inline]
fn lerp(t: f64, a: f64, b: f64) -> f64 {
    a + t * (b - a)
}

impl Spot {
    #[inline]
    fn lerp(t: f64, a: &Self, b: &Self) -> Self {
        let mix = |f: fn(&Self) -> f64| lerp(t, f(a), f(b));
        Self {
            direction: a.direction + (b.direction - a.direction) * t,
            base: GridSample {
                height_m: mix(|spot| spot.base.height_m),
                relief_m: mix(|spot| spot.base.relief_m),
            },
            parts: Parts {
                shape: mix(|spot| spot.parts.shape),
                fine: mix(|spot| spot.parts.fine),
                texture_m: mix(|spot| spot.parts.texture_m),
            },
            weather: Weather {
                mean_c: mix(|spot| spot.weather.mean_c),
                summer_c: mix(|spot| spot.weather.summer_c),
                moisture: mix(|spot| spot.weather.moisture),
            },
            patch: [mix(|spot| spot.patch[0]), mix(|spot| spot.patch[1])],
            mean: None,
        }
    }
}

/// Finds sites at one lod of one region; quickest if they follow each other closely.
pub(super) struct SiteSampler<'a> {
    land: &'a Land,
    grid: GridSampler<'a>,
    detail: FractalSampler<'a>,
    patches: FractalSampler<'a>,
    axes: FaceAxes,
    lod: u8,
    /// Octaves found at corners, and all that the lod shows: of detail and of patches.
    detail_counts: [usize; 2],
    patch_counts: [usize; 2],
    is_interpolated: bool,
    mean_level: Option<u32>,
    hidden_slope2: f64,
}

impl<'a> SiteSampler<'a> {
    pub fn new(land: &'a Land, region: u8, lod: u8) -> Self {
        let field = &land.field;
        let cell_m = field.cell_m(lod);
        let is_interpolated = cell_m * f64::from(STRIDE) * SLOW_NODES <= field.spacing_m;
        let slow_m = cell_m * SLOW_CELLS * 0.5;
        let counts = |fractal: &Fractal| {
            let all = fractal.count_for(cell_m);
            [if is_interpolated { fractal.count_for(slow_m) } else { all }, all]
        };
        Self {
            grid: GridSampler::new(&field.grid),
            detail: field.fractal.sampler(),
            patches: land.patches.sampler(),
            axes: FaceAxes::new(field.shape, region),
            lod,
            detail_counts: counts(&field.fractal),
            patch_counts: counts(&land.patches),
            is_interpolated,
            mean_level: field.mean_level(lod),
            hidden_slope2: field.fractal.hidden_slope2(counts(&field.fractal)[1]),
            land,
        }
    }

    /// The mean squared slope of what this lod does not show.
    pub fn hidden_slope2(&self, ground: &Ground) -> f64 {
        self.hidden_slope2 * ground.amplitude_m * ground.amplitude_m
    }

    fn turned(&self, direction: DVec3) -> Turned {
        let field = &self.land.field;
        field.fractal.turned(direction * field.shape.radius_m)
    }

    /// All that is slow, in a unit direction.
    fn spot(&mut self, direction: DVec3) -> Spot {
        let [lat_deg, lon_deg] = lat_lon_deg(direction);
        let turned = self.turned(direction);
        let mean =
            self.mean_level.map(|level| self.land.field.mean([lat_deg, lon_deg], level, self.lod));
        let base = match mean {
            Some(mean) => GridSample { height_m: mean.base_m, relief_m: 0.0 },
            None => self.grid.sample(lat_deg, lon_deg),
        };
        Spot {
            direction,
            base,
            parts: self.detail.parts(&turned, [0, self.detail_counts[0]], ridges(base.relief_m)),
            weather: self.land.climate.at(lat_deg, lon_deg),
            patch: self.patches.split_sums(&turned, [0, self.patch_counts[0]], WIDE_PATCHES),
            mean,
        }
    }

    /// Adds what is not slow.
    fn site(&mut self, spot: &Spot) -> Site {
        let turned = self.turned(spot.direction);
        let rest = self.detail.parts(&turned, self.detail_counts, ridges(spot.base.relief_m));
        let [wide, narrow] = self.patches.split_sums(&turned, self.patch_counts, WIDE_PATCHES);
        let ground =
            spot.mean.unwrap_or_else(|| self.land.field.ground(spot.base, &spot.parts.with(&rest)));
        let patch = [spot.patch[0] + wide, (spot.patch[1] + narrow) * 4.0];
        Site { ground, weather: spot.weather, patch }
    }

    /// The sites at `width` x `depth` places a cell apart, x fastest.
    /// `x` and `z` are the first, in cells.
    pub fn sites(
        &mut self,
        [x, z]: [f64; 2],
        [width, depth]: [usize; 2],
        cancel: &CancelToken,
    ) -> Result<Vec<Site>, Cancelled> {
        let cell = f64::from(1u32 << self.lod);
        let mut sites = Vec::with_capacity(width * depth);
        if !self.is_interpolated {
            let directions = self.axes.rows([x, z], width, cell);
            for j in 0..depth {
                begin_row(j, cancel)?;
                for direction in directions.row(j) {
                    let spot = self.spot(direction);
                    sites.push(self.site(&spot));
                }
            }
            return Ok(sites);
        }
        let corners = Corners::around([x, z], [width, depth], STRIDE);
        let (columns, rows) = (corners.columns, corners.rows);
        let directions = corners.directions(&self.axes, cell);
        let mut spots = Vec::with_capacity(columns * rows);
        for j in 0..rows {
            begin_row(j, cancel)?;
            spots.extend(directions.row(j).map(|direction| self.spot(direction)));
        }
        let mut row = Vec::with_capacity(columns);
        for j in 0..depth {
            begin_row(j, cancel)?;
            let (row_before, v) = corners.before(1, z + j as f64);
            let north = row_before * columns;
            row.clear();
            row.extend(
                (0..columns).map(|i| Spot::lerp(v, &spots[north + i], &spots[north + columns + i])),
            );
            for i in 0..width {
                let (west, u) = corners.before(0, x + i as f64);
                let spot = Spot::lerp(u, &row[west], &row[west + 1]);
                sites.push(self.site(&spot));
            }
        }
        Ok(sites)
    }
}
