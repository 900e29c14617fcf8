//! [`EarthBaseline`]: the Earth from an elevation grid, with detail that the grid is too coarse to hold.
//!
//! | file | what it decides |
//! |---|---|
//! | `sources` | which files an Earth is made from |
//! | `edition` | on which edition of the ground a world was made |
//! | `height` | how high the ground is: grid, summits, low octaves, erosion, texture, band-limited by lod |
//! | `ground` | what is known of it at a place |
//! | `octaves`, `erosion`, `summits` | the parts of that |
//! | `dunes`, `dune_trains`, `sand` | the dunes of sand seas, what they look like, and where sand is |
//! | `bounds` | bounds of it over a piece of the globe |
//! | `answers` | what a baseline is asked |
//! | `spot` | the ground of all columns of a chunk, cheaply |
//! | `maps` | what maps and noise say of them, as cheaply |
//! | `axes` | directions of columns |
//! | `corners`, `lattice` | where what varies slowly is found, and what lies between |
//! | `cap` | the part of the globe that a box lies in |
//! | `climate` | temperature and moisture |
//! | `land_cover`, `surface` | the material on top |
//! | `strata` | what lies below |
//! | `first` | the first edition of the ground, for worlds made on it |

mod answers;
mod axes;
mod bounds;
mod cap;
mod climate;
mod corners;
mod dune_trains;
mod dunes;
mod erosion;
mod first;
mod ground;
mod height;
mod land_cover;
mod land_cover_kinds;
mod land_cover_png;
mod land_cover_sampler;
mod land_cover_surface;
mod lattice;
mod maps;
mod octaves;
mod sand;
mod sources;
mod spot;
pub(crate) mod strata;
mod summits;
pub(crate) mod surface;
#[cfg(test)]
mod tests;

use bluemarble_core::{CubeSphere, MaterialId, MaterialTable, Shape, shape::EARTH_RADIUS_M};
use climate::Climate;
use dunes::Dunes;
pub use first::FirstEarth;
use glam::{DVec3, IVec3};
use ground::Ground;
use height::HeightField;
use land_cover::LandCover;
use land_cover_surface::{Cover, CoverSetting};
use maps::{Lay, MapSampler};
use sand::Sand;
pub use sources::{EarthEdition, EarthSources};
use spot::GroundSampler;
use summits::{Listed, Summits};
use surface::{PATCHES, Palette, Setting};

use crate::{
    columns::{self, Column, ColumnSource, Columns, Strata, TileCache, may_begin_row},
    elevation::ElevationGrid,
    error::TerrainError,
    fractal::Fractal,
};

/// Changes whenever the same parameters give another ground.
const ALGORITHM: &str = "earth-3";
/// The same without dunes, and without what covers steps.
const SECOND_ALGORITHM: &str = "earth-2";
/// How deep what lies on top reaches where steps are covered, in cells: on level ground, and so much more where
/// it falls by a cell from column to column. Slopes are calmer than columns.
const COVERED_CELLS: [f64; 2] = [0.6, 2.5];

/// The Earth.
pub struct EarthBaseline {
    field: HeightField,
    climate: Climate,
    patches: Fractal,
    top: Top,
    strata: Strata,
    shape: Shape,
    seed: u64,
    algorithm: &'static str,
    /// Whether steps of large cells show what lies on top, as the ground that they stand for does.
    covers_steps: bool,
    /// What the fingerprint says of the files.
    contents: String,
    tiles: TileCache,
}

/// What decides which material lies on top.
enum Top {
    Climate(Box<Palette>),
    Cover(Box<(LandCover, Cover)>),
}

impl EarthBaseline {
    /// The Earth from files.
    ///
    /// # Errors
    /// [`TerrainError`], naming the file and what is wrong with it, or the material that is missing.
    pub fn load(
        sources: &EarthSources,
        materials: &MaterialTable,
        seed: u64,
    ) -> Result<Self, TerrainError> {
        let load_cover = || {
            let path = sources.land_cover.as_ref();
            path.map(|path| LandCover::load(path, materials)).transpose()
        };
        let (cover, earth) = std::thread::scope(|scope| {
            let cover = scope.spawn(load_cover);
            let earth = ElevationGrid::load(&sources.elevation)
                .and_then(|grid| Self::new(grid, materials, seed));
            (cover.join().unwrap_or_else(|_| load_cover()), earth)
        });
        let (cover, mut earth) = (cover?, earth?);
        if let Some(cover) = cover {
            earth.contents += &format!(" cover={:016x}", cover.content_hash());
            earth.field.dunes = Some(Dunes::new(seed, Sand::new(&cover, materials)));
            earth.top = Top::Cover(Box::new((cover, Cover::new(materials)?)));
        }
        if let Some(path) = &sources.summits {
            let (listed, hash) = sources::read_summits(path)?;
            earth.contents += &format!(" summits={hash:016x}");
            earth.raise(&listed);
        }
        Ok(earth)
    }

    /// The Earth, or any planet of its size, from a grid of elevations alone.
    ///
    /// # Errors
    /// [`TerrainError::Material`] if the table lacks a material that the ground is made of.
    pub fn new(
        grid: ElevationGrid,
        materials: &MaterialTable,
        seed: u64,
    ) -> Result<Self, TerrainError> {
        let sphere = CubeSphere { radius_m: EARTH_RADIUS_M };
        let shape = Shape::CubeSphere(sphere);
        let [columns, rows] = grid.size();
        Ok(Self {
            top: Top::Climate(Box::new(Palette::new(materials)?)),
            strata: strata::rocks(materials)?,
            climate: Climate::new(&grid),
            contents: format!("grid={columns}x{rows}:{:016x}", grid.content_hash()),
            field: HeightField::new(grid, sphere, shape.voxel_m(), seed),
            patches: Fractal::new(!seed, &PATCHES),
            shape,
            seed,
            algorithm: ALGORITHM,
            covers_steps: true,
            tiles: TileCache::new(),
        })
    }

    /// The same Earth as worlds of the second edition have it.
    #[must_use]
    pub fn of_second_edition(self) -> Self {
        let field = HeightField { dunes: None, ..self.field };
        let tiles = TileCache::new();
        Self { field, algorithm: SECOND_ALGORITHM, covers_steps: false, tiles, ..self }
    }

    /// Raises mountains to their heights.
    fn raise(&mut self, listed: &[Listed]) {
        let field = &self.field;
        let smooth_m = || {
            let mut samplers = field.start_samplers();
            move |direction: DVec3| field.smooth_m(&mut samplers, direction)
        };
        let top_m = || {
            let mut samplers = field.samplers();
            move |direction: DVec3| field.top_m(&mut samplers, direction)
        };
        self.field.summits = Summits::new(listed, field.shape, smooth_m, top_m);
    }

    /// The tops of the mountains that are raised to their heights, as unit directions.
    pub fn summits(&self) -> impl Iterator<Item = DVec3> {
        self.field.summits.tops()
    }

    /// The grid that the ground goes through.
    pub fn grid(&self) -> &ElevationGrid {
        &self.field.grid
    }

    /// Height of the ground above sea level, in metres, in the column at lattice x and z, as `lod` shows
    /// it: with the octaves of detail that are at least four of its cells long.
    pub fn ground_m(&self, region: u8, x: f64, z: f64, lod: u8) -> f64 {
        let width = f64::from(1u32 << lod);
        self.heights_m(region, lod, [x / width, z / width], [1; 2])
            .first()
            .copied()
            .unwrap_or_default()
    }

    /// Heights of the ground above sea level, in metres, at `width` x `depth` places a cell of `lod` apart,
    /// x fastest. The first is at lattice x and z in cells of that lod; the middle of a column is half a
    /// cell in.
    pub fn heights_m(&self, region: u8, lod: u8, first: [f64; 2], size: [usize; 2]) -> Vec<f64> {
        let grounds = GroundSampler::new(&self.field, region, lod).grounds(first, size, &|| true);
        grounds.unwrap_or_default().iter().map(|ground| ground.height_m).collect()
    }

    /// The material of one cell of a lod, found on its own: equal to what [`Baseline::fill`](crate::Baseline::fill) puts there,
    /// but as slow as a whole column.
    pub fn material_at(&self, region: u8, lod: u8, cell: IVec3) -> MaterialId {
        columns::material_at(self, region, lod, cell)
    }

    fn sphere(&self) -> CubeSphere {
        self.field.shape
    }

    /// What lies on some ground. `hidden_slope2`: the mean squared slope of what the lod does not show, where
    /// erosion is at full strength; `cell_m`: the edge of a cell.
    fn column(&self, ground: &Ground, lay: &Lay, hidden_slope2: f64, cell_m: f64) -> Column {
        let [wide, narrow] = lay.patch;
        let weather = lay.weather.at_height(ground.height_m);
        let (height_m, relief_m) = (ground.height_m, ground.relief_m);
        let slope2 = f64::from(ground.slope.length_squared());
        let hidden2 = hidden_slope2 * ground.strength * ground.strength;
        let (slope, steepness) = (slope2.sqrt(), (slope2 + hidden2 * 0.5).sqrt());
        let (surface, subsoil, is_frozen) = match &self.top {
            Top::Cover(top) => {
                let setting = CoverSetting {
                    height_m,
                    steepness,
                    slope,
                    relief_m,
                    wide,
                    narrow,
                    // Ground that falls towards the pole faces it.
                    aspect_to_pole: -f64::from(ground.slope.y) * lay.to_pole / slope.max(1e-9),
                    cell_m,
                };
                let surface = top.1.surface(lay.class, &weather, &setting);
                (surface, top.1.subsoil(surface), top.1.is_frozen(surface))
            }
            Top::Climate(palette) => {
                let setting = Setting { height_m, steepness, slope, relief_m, wide, narrow };
                let surface = palette.surface(&weather, &setting);
                (surface, palette.subsoil(surface), surface == palette.snow)
            }
        };
        let subsoil_m = if is_frozen { 3.0 } else { 0.9 + 0.4 * narrow };
        let mut floors_m = strata::floors_m(height_m, ground.base_m, relief_m, wide, subsoil_m);
        let is_coarse = cell_m > self.field.voxel_m && cell_m * 2.0 > subsoil_m;
        if self.covers_steps && is_coarse {
            let [level, falling] = COVERED_CELLS;
            let deep_cells = (level + falling * slope).min(strata::MOST_COVERED_CELLS);
            floors_m[0] = floors_m[0].min(height_m - deep_cells * cell_m);
            return Column { ground_m: height_m, surface, subsoil: surface, floors_m };
        }
        Column { ground_m: height_m, surface, subsoil, floors_m }
    }
}

impl ColumnSource for EarthBaseline {
    fn strata(&self) -> &Strata {
        &self.strata
    }

    fn columns(
        &self,
        region: u8,
        lod: u8,
        [x, z]: [i32; 2],
        [width, depth]: [usize; 2],
        go_on: &dyn Fn() -> bool,
        out: &mut Columns,
    ) -> bool {
        let cell_m = self.field.cell_m(lod);
        let hidden_slope2 = self.field.hidden_slope2(cell_m);
        let levels = self.levels(lod);
        // One column more on each side if heights are wanted.
        let ring = usize::from(out.ring_m.is_some());
        let middle = [f64::from(x) + 0.5, f64::from(z) + 0.5];
        let size = [width + 2 * ring, depth + 2 * ring];
        let mut sampler = GroundSampler::new(&self.field, region, lod);
        let Some(grounds) = sampler.grounds(middle.map(|v| v - ring as f64), size, go_on) else {
            return false;
        };
        if let Some(ring_m) = &mut out.ring_m {
            ring_m.extend(grounds.iter().map(|ground| ground.height_m as f32));
        }
        let mut maps = MapSampler::new(self, region, lod);
        if !maps.look(middle, [width, depth], go_on) {
            return false;
        }
        let mut lays = Vec::with_capacity(width);
        for j in 0..depth {
            if !may_begin_row(j, go_on) {
                return false;
            }
            maps.row([middle[0], middle[1] + j as f64], width, &mut lays);
            let grounds = &grounds[(j + ring) * size[0] + ring..];
            out.cells.extend(grounds.iter().zip(&lays).map(|(ground, lay)| {
                levels.cells(&self.column(ground, lay, hidden_slope2, cell_m))
            }));
        }
        true
    }

    fn heights(
        &self,
        region: u8,
        lod: u8,
        [x, z]: [i32; 2],
        size: [usize; 2],
        go_on: &dyn Fn() -> bool,
    ) -> Option<Vec<f32>> {
        let first = [f64::from(x) + 0.5, f64::from(z) + 0.5];
        let grounds = GroundSampler::new(&self.field, region, lod).grounds(first, size, go_on)?;
        Some(grounds.iter().map(|ground| ground.height_m as f32).collect())
    }
}
