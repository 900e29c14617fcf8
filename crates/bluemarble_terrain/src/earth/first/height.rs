//! How high the ground is: the grid's surface and the detail that it is too coarse to hold.

use bluemarble_core::CubeSphere;
use glam::DVec3;

use crate::{
    earth::axes::lat_lon_deg,
    elevation::{ElevationGrid, GridSample, GridSampler},
    fractal::{Fractal, FractalShape, Parts},
    interval::Interval,
};

/// No octave is shorter, in metres: it would be lower than half a voxel.
const MIN_WAVELENGTH_M: f64 = 0.8;
/// Exponent of the amplitudes. Real terrain has 0.7 to 1 (Turcotte, "Fractals and chaos in geology and
/// geophysics", 1997); the higher, the smoother.
const HURST: f64 = 0.93;
/// Amplitude of the first octave per metre of relief between nodes.
const RELIEF_SHARE: f64 = 0.36;
/// Relief, in metres between nodes, from which ridges begin and at which they are complete.
const RIDGES_M: [f64; 2] = [100.0, 1000.0];

/// The height of the ground anywhere and at any lod.
pub(super) struct HeightField {
    pub grid: ElevationGrid,
    pub shape: CubeSphere,
    pub voxel_m: f64,
    pub fractal: Fractal,
    pub spacing_m: f64,
}

/// The ground at a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground {
    /// Height above sea level.
    pub height_m: f64,
    /// Height of the smooth surface.
    pub base_m: f64,
    /// How much the grid's nodes around differ.
    pub relief_m: f64,
    /// Amplitude of the first octave of detail.
    pub amplitude_m: f64,
}

/// Bounds of the ground in a cap, for a lod and all finer ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct GroundBounds {
    pub height_m: Interval,
    pub base_m: Interval,
}

fn smoothstep(edges: [f64; 2], v: f64) -> f64 {
    let t = ((v - edges[0]) / (edges[1] - edges[0])).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Detail is weak at the coast, so that land stays land, and under the sea, where sediment hides it.
/// Never falls with the distance of `base_m` from 0.
fn strength(base_m: f64) -> f64 {
    if base_m >= 0.0 {
        0.12 + 0.88 * smoothstep([0.0, 300.0], base_m)
    } else {
        0.12 + 0.33 * smoothstep([0.0, 600.0], -base_m)
    }
}

pub(super) fn ridges(relief_m: f64) -> f64 {
    smoothstep(RIDGES_M, relief_m)
}

/// Texture keeps plains from being dead flat: hills of a few metres, bumps of a few voxels.
fn texture_m(wavelength_m: f64) -> f64 {
    (0.4 * (wavelength_m / 20.0).powf(0.75)).min(4.0)
}

/// Which share of the texture is laid on.
fn texture_share(base_m: f64) -> f64 {
    0.35 + 0.65 * smoothstep([0.0, 60.0], base_m.abs())
}

impl HeightField {
    pub fn new(grid: ElevationGrid, shape: CubeSphere, voxel_m: f64, seed: u64) -> Self {
        let spacing_m = grid.step_deg()[1].to_radians() * shape.radius_m;
        let fractal = Fractal::new(
            seed,
            &FractalShape {
                longest_m: spacing_m * 0.7,
                shortest_m: MIN_WAVELENGTH_M,
                lacunarity: 2.0,
                hurst: HURST,
                texture_m,
            },
        );
        Self { grid, shape, voxel_m, fractal, spacing_m }
    }

    pub fn cell_m(&self, lod: u8) -> f64 {
        self.voxel_m * f64::from(1u32 << lod)
    }

    /// Cells wider than two nodes show the mean of blocks of `2^level` nodes instead of single points.
    pub fn mean_level(&self, lod: u8) -> Option<u32> {
        let wide = self.cell_m(lod) / (2.0 * self.spacing_m);
        (wide >= 1.0).then(|| wide.log2() as u32)
    }

    /// The ground from the grid's surface and the sums of detail.
    #[inline]
    pub fn ground(&self, base: GridSample, parts: &Parts) -> Ground {
        let base_m = base.height_m;
        let amplitude_m = RELIEF_SHARE * base.relief_m * strength(base_m);
        let sums = parts.sums();
        let height_m = base_m + amplitude_m * sums.relief + texture_share(base_m) * sums.texture_m;
        Ground { height_m, base_m, relief_m: base.relief_m, amplitude_m }
    }

    /// The mean over a cell of many nodes, on the side of the sea that most of the cell is on. It bears
    /// no detail.
    pub fn mean(&self, lat_lon_deg: [f64; 2], level: u32, lod: u8) -> Ground {
        let cell_deg = (self.cell_m(lod) / self.shape.radius_m).to_degrees();
        let height_m = self.grid.mean_of_cell(level, lat_lon_deg, cell_deg);
        Ground { height_m, base_m: height_m, relief_m: 0.0, amplitude_m: 0.0 }
    }

    /// Bounds over all places within `radius` (a chord of the unit sphere) of a unit direction, at this
    /// lod and all finer ones.
    pub fn bounds(&self, direction: DVec3, radius: f64, lod: u8) -> GroundBounds {
        let is_mean = self.mean_level(lod).is_some();
        let [lat_deg, lon_deg] = lat_lon_deg(direction);
        let arc = |chord: f64| 2.0 * (chord * 0.5).min(1.0).asin();
        // Means look around by half a cell and by a block of nodes.
        let reach = if is_mean { 2.0 } else { 0.0 };
        let radius_rad = arc(radius) + reach * self.cell_m(lod) / self.shape.radius_m;
        let grid = GridSampler::new(&self.grid).bounds(
            lat_deg,
            lon_deg,
            radius_rad.to_degrees() * 1.000_001 + 1e-9,
        );
        let mut base_m = grid.height_m;
        if is_mean {
            let lo = if base_m.lo < 0.0 { base_m.lo.min(-0.5) } else { base_m.lo };
            let hi = if base_m.hi >= 0.0 { base_m.hi.max(0.5) } else { base_m.hi };
            base_m = Interval::new(lo, hi);
        }
        let away = base_m.abs();
        let side = |lo: f64, hi: f64, f: fn(f64) -> f64| {
            let (a, b) = (f(lo), f(hi));
            let least = if away.lo == 0.0 { f(0.0) } else { a.min(b) };
            Interval::new(least, a.max(b))
        };
        let amplitude_m = grid.relief_m * side(base_m.lo, base_m.hi, strength) * RELIEF_SHARE;
        let texture = side(base_m.lo, base_m.hi, texture_share);
        let place_m = direction * self.shape.radius_m;
        let radius_m = radius * self.shape.radius_m;
        let count = self.fractal.count_for(self.cell_m(lod));
        let sums =
            self.fractal.sampler().bounds(place_m, radius_m, count, grid.relief_m.rising(ridges));
        let mut height_m = base_m + amplitude_m * sums.relief + texture * sums.texture_m;
        if is_mean {
            // The means themselves bear no detail.
            height_m = height_m.hull(base_m);
        }
        GroundBounds { height_m: height_m.grown(0.02), base_m }
    }
}
