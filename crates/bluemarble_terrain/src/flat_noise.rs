//! [`NoiseBaseline`]: a plane of rolling hills, a few mountains and lakes.

use bluemarble_core::{
    CancelToken, Cancelled, CellPos, Flat, LatticeBox, MaterialId, MaterialTable, Shape,
};
use glam::{DVec3, dvec3};

use crate::{
    columns::{
        self, Column, ColumnBaseline, ColumnBounds, ColumnSource, Columns, Layers, TileCache, Tops,
        begin_row,
    },
    error::TerrainError,
    fractal::{Fractal, FractalSampler, FractalShape},
    interval::Interval,
    palette::Palette,
    strata,
    superflat::check_voxel,
};

/// Changes whenever the same parameters give another ground.
const ALGORITHM: &str = "noise-1";
/// Amplitude of the longest octave and mean height above the lakes, in metres.
const AMPLITUDE_M: f64 = 110.0;
const MEAN_M: f64 = 14.0;
/// Hills of a kilometre and a half down to bumps of a metre.
const HILLS: FractalShape = FractalShape {
    longest_m: 1400.0,
    shortest_m: 0.8,
    lacunarity: 2.0,
    hurst: 1.0,
    texture_m: |_| 0.0,
};
/// Share of ridged noise.
const RIDGES: f64 = 0.25;
/// Heights in metres above which rock shows and snow lies.
const ROCK_M: f64 = 75.0;
const SNOW_M: f64 = 95.0;
/// Tangent of the slope on which soil does not hold.
const BARE: f64 = 0.84;
/// The plane of the noise that the ground is cut along: any will do that meets no lattice plane.
const PLANE_M: f64 = 917.3;

/// Hills and lakes on a plane, for games that need no planet and for tests that need no data.
pub struct NoiseBaseline {
    shape: Shape,
    seed: u64,
    fractal: Fractal,
    palette: Palette,
    strata: Layers<strata::Floors>,
    tiles: TileCache<strata::Floors>,
    tops: Tops,
}

impl NoiseBaseline {
    /// A plane of voxels of `voxel_m` metres.
    ///
    /// # Errors
    /// [`TerrainError`] if `voxel_m` is no length or the table lacks a material.
    pub fn new(voxel_m: f64, seed: u64, materials: &MaterialTable) -> Result<Self, TerrainError> {
        check_voxel(voxel_m)?;
        Ok(Self {
            shape: Shape::Flat(Flat { voxel_m }),
            seed,
            fractal: Fractal::new(seed, &HILLS),
            palette: Palette::new(materials)?,
            strata: strata::rocks(materials)?,
            tiles: TileCache::new(),
            tops: Tops::new(voxel_m),
        })
    }

    /// The material of one cell, found on its own: equal to what [`Baseline::fill`](crate::Baseline::fill) puts there,
    /// but as slow as a whole column.
    pub fn material_at(&self, pos: CellPos) -> MaterialId {
        columns::material_at(self, pos)
    }

    fn place_m(&self, x: f64, z: f64) -> DVec3 {
        let voxel_m = self.shape.voxel_m();
        dvec3(x * voxel_m, PLANE_M, z * voxel_m)
    }

    fn cell_m(&self, lod: u8) -> f64 {
        self.shape.voxel_m() * f64::from(1u32 << lod)
    }

    /// How high the ground of some columns is, in voxels (min x, min z, max x, max z), at a lod and all finer ones.
    fn ground_bounds_m(&self, columns: [i64; 4], lod: u8) -> Interval {
        let [x0, z0, x1, z1] = columns.map(|v| v as f64);
        let middle = self.place_m((x0 + x1) * 0.5, (z0 + z1) * 0.5);
        let radius_m = self.place_m(x0, z0).distance(middle) * 1.000_001;
        let count = self.fractal.count_for(self.cell_m(lod));
        let sums = self.fractal.sampler().bounds(middle, radius_m, count, Interval::point(RIDGES));
        (Interval::point(MEAN_M) + sums.relief * AMPLITUDE_M).grown(0.02)
    }

    fn height_m(&self, sampler: &mut FractalSampler<'_>, count: usize, place_m: DVec3) -> f64 {
        MEAN_M + AMPLITUDE_M * sampler.sums(place_m, count, RIDGES).relief
    }

    fn surface(&self, height_m: f64, slope: f64, steepness: f64) -> MaterialId {
        let palette = &self.palette;
        if height_m < 0.0 {
            palette.sea_floor
        } else if height_m < 1.5 && slope < 0.3 {
            palette.beach_sand
        } else if steepness > BARE {
            palette.rock
        } else if height_m > SNOW_M {
            palette.snow
        } else if height_m > ROCK_M {
            palette.rock
        } else {
            palette.grass
        }
    }
}

impl ColumnSource for NoiseBaseline {
    type Floors = strata::Floors;

    fn shape(&self) -> Shape {
        self.shape
    }

    fn layers(&self) -> &Layers<strata::Floors> {
        &self.strata
    }

    fn columns(
        &self,
        _region: u8,
        lod: u8,
        [x, z]: [i32; 2],
        [width, depth]: [usize; 2],
        cancel: &CancelToken,
        out: &mut Columns<strata::Floors>,
    ) -> Result<(), Cancelled> {
        let cell = f64::from(1u32 << lod);
        let cell_m = self.cell_m(lod);
        let levels = self.levels(lod);
        let count = self.fractal.count_for(cell_m);
        let hidden = self.fractal.hidden_slope2(count) * AMPLITUDE_M * AMPLITUDE_M;
        let mut sampler = self.fractal.sampler();
        // One column more on each side, for slopes.
        let ring = width + 2;
        let mut heights = Vec::with_capacity(ring * (depth + 2));
        for j in 0..depth + 2 {
            begin_row(j, cancel)?;
            for i in 0..ring {
                let centre = |first: i32, k: usize| (f64::from(first) + k as f64 - 0.5) * cell;
                let place_m = self.place_m(centre(x, i), centre(z, j));
                heights.push(self.height_m(&mut sampler, count, place_m));
            }
        }
        if let Some(ring_m) = &mut out.ring_m {
            ring_m.extend(heights.iter().map(|&height_m| height_m as f32));
        }
        for j in 1..=depth {
            begin_row(j, cancel)?;
            for i in 1..=width {
                let here = j * ring + i;
                let ground_m = heights[here];
                let rise = |a: usize, b: usize| heights[a] - heights[b];
                let slope =
                    rise(here + 1, here - 1).hypot(rise(here + ring, here - ring)) / (2.0 * cell_m);
                let steepness = (slope * slope + hidden * 0.5).sqrt();
                let surface = self.surface(ground_m, slope, steepness);
                let place = (ground_m / AMPLITUDE_M).clamp(-1.0, 1.0);
                out.cells.push(levels.cells(&Column {
                    ground_m,
                    surface,
                    subsoil: self.palette.subsoil(surface),
                    floors_m: strata::floors_m(ground_m, 0.0, 200.0, place, 1.0),
                }));
            }
        }
        Ok(())
    }
}

impl ColumnBaseline for NoiseBaseline {
    fn tiles(&self) -> &TileCache<strata::Floors> {
        &self.tiles
    }

    fn bounds(
        &self,
        _region: u8,
        _voxels: LatticeBox,
        columns: [i64; 4],
        lod: u8,
    ) -> ColumnBounds<strata::Floors> {
        strata::column_bounds(self.ground_bounds_m(columns, lod), Interval::point(0.0), 0.0)
    }

    /// Much of the sky is over hills that are lower than any could be.
    fn is_known_air(&self, voxels: LatticeBox, columns: [i64; 4], lod: u8) -> bool {
        let bottom_m = f64::from(voxels.min.y) * self.shape.voxel_m();
        let top_m = |columns| self.ground_bounds_m(columns, 0).hi;
        lod == 0 && bottom_m >= 0.0 && self.tops.are_below(columns, bottom_m, &top_m) == Some(true)
    }

    fn finest_ground_m(&self, _region: u8, x: f64, z: f64) -> f64 {
        let count = self.fractal.count_for(self.shape.voxel_m());
        self.height_m(&mut self.fractal.sampler(), count, self.place_m(x, z))
    }

    fn fingerprint(&self) -> String {
        format!("{ALGORITHM} seed={} voxel_m={}", self.seed, self.shape.voxel_m())
    }
}
