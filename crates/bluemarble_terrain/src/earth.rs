//! [`EarthBaseline`]: the Earth from an elevation grid, with detail that the grid is too coarse to hold.
//!
//! | file | what it decides |
//! |---|---|
//! | `sources` | which files an Earth is made from |
//! | `edition` | on which edition of the ground a world was made |
//! | `height` | how high the ground is: grid, summits, low octaves, erosion, texture, band-limited by lod |
//! | `octaves`, `erosion`, `summits` | the parts of that |
//! | `bounds` | bounds of it over a piece of the globe |
//! | `spot` | all that columns need to know, for all columns of a chunk, cheaply |
//! | `axes` | directions of columns |
//! | `climate` | temperature and moisture |
//! | `land_cover`, `surface` | the material on top |
//! | `strata` | what lies below |
//! | `first` | the first edition of the ground, for worlds made on it |

mod axes;
mod bounds;
mod climate;
mod erosion;
mod first;
mod height;
mod land_cover;
mod land_cover_kinds;
mod land_cover_png;
mod land_cover_sampler;
mod land_cover_surface;
mod octaves;
mod sources;
mod spot;
pub(crate) mod strata;
mod summits;
pub(crate) mod surface;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bluemarble_core::{
    Chunk, ChunkKey, CubeSphere, Face, FacePlane, LatticeBox, MaterialId, MaterialTable, Shape,
};
use climate::Climate;
pub use first::FirstEarth;
use glam::{DVec3, IVec3, ivec3};
use height::HeightField;
use land_cover::LandCover;
use land_cover_sampler::CoverSampler;
use land_cover_surface::{Cover, CoverSetting};
pub use sources::{EarthEdition, EarthSources};
use spot::{Site, SiteSampler};
use summits::{Listed, Summits};
use surface::{Palette, Setting};

use crate::{
    baseline::{Baseline, Classification, Survey},
    columns::{
        self, Column, ColumnBounds, ColumnSource, Columns, Span, Strata, TileCache, may_begin_row,
    },
    elevation::ElevationGrid,
    error::TerrainError,
    fractal::{Fractal, FractalShape},
    interval::Interval,
    relief::Relief,
};

/// Changes whenever the same parameters give another ground.
const ALGORITHM: &str = "earth-2";
/// The patches that fray the borders of surfaces: from 480 km down to 29 m.
const PATCHES: FractalShape = FractalShape {
    longest_m: 480_000.0,
    shortest_m: 25.0,
    lacunarity: 4.0,
    hurst: 0.3,
    texture_m: |_| 0.0,
};

/// So many lods up `classify` looks for what is known of the ground.
const KNOWN_LODS: u8 = 3;
/// In cells of a lod: how far the ground of a chunk column, as finer lods show it, leaves the range in which
/// this one shows it, at full strength of erosion and where there is none. Measured, see the tests: in the
/// steepest places it is a third of that.
const KNOWN_CELLS: [f64; 2] = [6.0, 3.0];

/// The Earth.
pub struct EarthBaseline {
    field: HeightField,
    climate: Climate,
    patches: Fractal,
    top: Top,
    strata: Strata,
    shape: Shape,
    seed: u64,
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
        let shape = Shape::earth();
        let Shape::CubeSphere(sphere) = shape else {
            return Err(TerrainError::Parameter {
                parameter: "the shape",
                value: format!("{shape:?}"),
                expected: "a cube-sphere",
            });
        };
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
            tiles: TileCache::new(),
        })
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
    /// it: with the octaves of detail that are at least two of its cells long.
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
        let sites = SiteSampler::new(self, region, lod).sites(first, size, &|| true);
        sites.unwrap_or_default().iter().map(|site| site.ground.height_m).collect()
    }

    /// The material of one cell of a lod, found on its own: equal to what [`Baseline::fill`] puts there,
    /// but as slow as a whole column.
    pub fn material_at(&self, region: u8, lod: u8, cell: IVec3) -> MaterialId {
        columns::material_at(self, region, lod, cell)
    }

    fn sphere(&self) -> CubeSphere {
        self.field.shape
    }

    /// What lies at a site.
    fn column(&self, site: &Site, slope: &Slope, cover: &mut Option<CoverSampler<'_>>) -> Column {
        let ground = &site.ground;
        let [wide, narrow] = site.patch.map(|v| v.clamp(-1.0, 1.0));
        let weather = site.weather.at_height(ground.height_m);
        let (height_m, relief_m) = (ground.height_m, ground.relief_m);
        let Slope { steepness, shown: slope, aspect_to_pole, cell_m } = *slope;
        let (surface, subsoil, is_frozen) = match (&self.top, cover) {
            (Top::Cover(top), Some(sampler)) => {
                let setting = CoverSetting {
                    height_m,
                    steepness,
                    slope,
                    relief_m,
                    wide,
                    narrow,
                    aspect_to_pole,
                    cell_m,
                };
                let class = sampler.at(site.direction, site.lat_lon_deg, [wide, narrow]);
                let surface = top.1.surface(class, &weather, &setting);
                (surface, top.1.subsoil(surface), top.1.is_frozen(surface))
            }
            (Top::Cover(top), None) => {
                (self.strata.bottom, top.1.subsoil(self.strata.bottom), false)
            }
            (Top::Climate(palette), _) => {
                let setting = Setting { height_m, steepness, slope, relief_m, wide, narrow };
                let surface = palette.surface(&weather, &setting);
                (surface, palette.subsoil(surface), surface == palette.snow)
            }
        };
        let subsoil_m = if is_frozen { 3.0 } else { 0.9 + 0.4 * narrow };
        Column {
            ground_m: height_m,
            surface,
            subsoil,
            floors_m: strata::floors_m(height_m, ground.base_m, relief_m, wide, subsoil_m),
        }
    }

    /// Bounds of the ground of a box at a lod and all finer ones, from what is known of the chunk column
    /// that holds the box at this lod or a coarser one.
    fn known_m(&self, region: u8, voxels: LatticeBox, lod: u8, strength: f64) -> Option<Interval> {
        let last = voxels.max - 1;
        (lod..=(lod + KNOWN_LODS).min(20)).find_map(|lod| {
            // Means of wide areas say nothing of what is in them.
            if self.field.mean_level(lod).is_some() {
                return None;
            }
            let chunk = |voxel: IVec3| ivec3(voxel.x, 0, voxel.z) >> (i32::from(lod) + 6);
            if chunk(voxels.min) != chunk(last) {
                return None;
            }
            let [low, high] = self.tiles.known_ground(ChunkKey::new(region, lod, chunk(last)))?;
            let cell_m = self.field.cell_m(lod);
            let metres = |cell: i32| {
                f64::from(cell) * cell_m - f64::from(self.shape.sea_level_y()) * self.field.voxel_m
            };
            let margin_m = (KNOWN_CELLS[1] + KNOWN_CELLS[0] * strength) * cell_m;
            Some(Interval::new(metres(low), metres(high + 2)).grown(margin_m))
        })
    }
}

/// How the ground lies at a column.
#[derive(Clone, Copy, Debug)]
struct Slope {
    /// Tangents: with what the lod does not show, and without.
    steepness: f64,
    shown: f64,
    /// 1 if it faces the nearer pole, -1 if the equator.
    aspect_to_pole: f64,
    cell_m: f64,
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
        let levels = self.levels(lod);
        let mut sampler = SiteSampler::new(self, region, lod);
        // One column more on each side, for slopes.
        let ring = width + 2;
        let first = [f64::from(x) - 0.5, f64::from(z) - 0.5];
        let Some(sites) = sampler.sites(first, [ring, depth + 2], go_on) else { return false };
        if let Some(ring_m) = &mut out.ring_m {
            ring_m.extend(sites.iter().map(|site| site.ground.height_m as f32));
        }
        let mut cover = match &self.top {
            Top::Cover(top) => Some(CoverSampler::new(&top.0, cell_m)),
            Top::Climate(_) => None,
        };
        for j in 1..=depth {
            if !may_begin_row(j, go_on) {
                return false;
            }
            for i in 1..=width {
                let here = j * ring + i;
                let rises = |of: fn(&Site) -> f64| {
                    let rise = |a: usize, b: usize| of(&sites[a]) - of(&sites[b]);
                    [rise(here + 1, here - 1), rise(here + ring, here - ring)]
                };
                let length = |[x, z]: [f64; 2]| (x * x + z * z).sqrt();
                let up = rises(|site| site.ground.height_m);
                let shown = length(up) / (2.0 * cell_m);
                // Where directions gain y the north is.
                let north = rises(|site| site.direction.y);
                let turn = -(up[0] * north[0] + up[1] * north[1]);
                let aspect_to_north = turn / (length(up) * length(north)).max(1e-12);
                let hidden_slope2 = sampler.hidden_slope2(&sites[here].ground);
                let slope = Slope {
                    steepness: (shown * shown + hidden_slope2 * 0.5).sqrt(),
                    shown,
                    aspect_to_pole: aspect_to_north * sites[here].direction.y.signum(),
                    cell_m,
                };
                out.cells.push(levels.cells(&self.column(&sites[here], &slope, &mut cover)));
            }
        }
        true
    }
}

impl Baseline for EarthBaseline {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn fill(&self, key: ChunkKey, chunk: &mut Chunk) {
        *chunk = columns::fill(self, &self.tiles, key);
    }

    /// The bounds of what nobody has made yet are wide; those of a chunk column are narrow once its columns, or
    /// those of one of the next coarser lods, were made. So the answer may become sharper, never another one.
    fn classify(&self, region: u8, voxels: LatticeBox, lod: u8) -> Classification {
        let span = Span::new(voxels, lod);
        // Columns are interpolated between places up to a stride away.
        let reach = f64::from(spot::MOST_STRIDE << lod);
        let [x0, z0, x1, z1] = span.columns.map(|v| v as f64);
        let (x0, z0, x1, z1) = (x0 - reach, z0 - reach, x1 + reach, z1 + reach);
        let sphere = self.sphere();
        let direction = |x: f64, z: f64| sphere.direction(region, x, z);
        let middle = direction((x0 + x1) * 0.5, (z0 + z1) * 0.5);
        // Lattice lines are great circles, so no place of the box is farther than a corner.
        let corners = [(x0, z0), (x1, z0), (x0, z1), (x1, z1)];
        let radius =
            corners.into_iter().map(|(x, z)| direction(x, z).distance(middle)).fold(0.0, f64::max);
        let ground = self.field.bounds(middle, radius * 1.000_001 + 1e-12, lod);
        let known_m = self.known_m(region, voxels, lod, ground.strength.hi);
        let [granite_floor_m, basalt_floor_m] = strata::crust_bounds_m(ground.base_m);
        let bounds = ColumnBounds {
            ground_m: known_m.map_or(ground.height_m, |known_m| ground.height_m.meet(known_m)),
            loose_depth_m: strata::LOOSE_DEPTH_M,
            granite_floor_m: granite_floor_m.grown(0.02),
            basalt_floor_m: basalt_floor_m.grown(0.02),
        };
        columns::classify(&span, &self.levels(lod), &bounds, &self.strata)
    }

    fn prepare(&self, key: ChunkKey, go_on: &dyn Fn() -> bool) -> bool {
        columns::prepare(self, &self.tiles, key, go_on)
    }

    fn survey(&self, key: ChunkKey) -> Survey {
        columns::survey(self, &self.tiles, key)
    }

    fn relief(&self, key: ChunkKey, go_on: &dyn Fn() -> bool) -> Option<Arc<Relief>> {
        columns::relief(self, &self.tiles, key, go_on)
    }

    fn face_plane(&self, key: ChunkKey, face: Face) -> Option<FacePlane> {
        Some(columns::face_plane(self, &self.tiles, key, face))
    }

    fn surface_y(&self, region: u8, x: f64, z: f64) -> f64 {
        let ground_m = self.ground_m(region, x, z, 0);
        self.shape.lattice_y(ground_m.max(0.0))
    }

    fn fingerprint(&self) -> String {
        format!("{ALGORITHM} seed={} {}", self.seed, self.contents)
    }
}
