//! [`EarthBaseline`]: an Earth, made from files.

use bluemarble_core::{
    CancelToken, CellPos, CubeSphere, EARTH_RADIUS_M, MaterialId, MaterialTable, Shape,
};
use glam::DVec3;

use super::{
    climate::Climate,
    dunes::Dunes,
    edition::EarthEdition,
    height::HeightField,
    land_cover::LandCover,
    land_cover_surface::Cover,
    sand::Sand,
    sources::{EarthSources, read_summits},
    spot::GroundSampler,
    summits::{Listed, Summits},
    surface::PATCHES,
    top::Top,
};
use crate::{
    columns::{self, Layers, TileCache},
    elevation::ElevationGrid,
    error::TerrainError,
    fractal::Fractal,
    palette::Palette,
    strata,
};

/// The Earth.
pub struct EarthBaseline {
    pub(super) field: HeightField,
    pub(super) climate: Climate,
    pub(super) patches: Fractal,
    pub(super) top: Top,
    pub(super) strata: Layers<strata::Floors>,
    pub(super) shape: Shape,
    pub(super) seed: u64,
    pub(super) algorithm: &'static str,
    /// Whether steps of large cells show what lies on top, as the ground that they stand for does.
    pub(super) covers_steps: bool,
    /// What the fingerprint says of the files.
    pub(super) contents: String,
    pub(super) tiles: TileCache<strata::Floors>,
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
            let (listed, hash) = read_summits(path)?;
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
            algorithm: EarthEdition::Third.algorithm(),
            covers_steps: true,
            tiles: TileCache::new(),
        })
    }

    /// The same Earth as worlds of the second edition have it.
    #[must_use]
    pub fn of_second_edition(self) -> Self {
        let field = HeightField { dunes: None, ..self.field };
        let tiles = TileCache::new();
        Self {
            field,
            algorithm: EarthEdition::Second.algorithm(),
            covers_steps: false,
            tiles,
            ..self
        }
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
        let grounds = GroundSampler::new(&self.field, region, lod).grounds(
            first,
            size,
            &CancelToken::never(),
        );
        grounds.unwrap_or_default().iter().map(|ground| ground.height_m).collect()
    }

    /// The material of one cell, found on its own: equal to what [`Baseline::fill`](crate::Baseline::fill) puts there,
    /// but as slow as a whole column.
    pub fn material_at(&self, pos: CellPos) -> MaterialId {
        columns::material_at(self, pos)
    }

    pub(super) fn sphere(&self) -> CubeSphere {
        self.field.shape
    }
}
