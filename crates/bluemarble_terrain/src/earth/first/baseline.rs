//! [`FirstEarth`]: its columns, and what it answers as a [`Baseline`](crate::Baseline).

use std::path::Path;

use bluemarble_core::{
    CancelToken, Cancelled, CellPos, CubeSphere, EARTH_RADIUS_M, LatticeBox, MaterialId,
    MaterialTable, Shape,
};

use super::{
    height::HeightField,
    land::Land,
    spot::{self, Site, SiteSampler},
};
use crate::{
    columns::{
        self, Column, ColumnBaseline, ColumnBounds, ColumnSource, Columns, Layers, TileCache,
        begin_row,
    },
    earth::{
        cap::Cap,
        climate::Climate,
        edition::EarthEdition,
        surface::{PATCHES, Setting, surface},
    },
    elevation::ElevationGrid,
    error::TerrainError,
    fractal::Fractal,
    palette::Palette,
    strata,
};

/// The Earth as worlds of the first edition have it. New worlds are made on [`EarthBaseline`](crate::EarthBaseline).
pub struct FirstEarth {
    land: Land,
    palette: Palette,
    strata: Layers<strata::Floors>,
    shape: Shape,
    seed: u64,
    content_hash: u64,
    tiles: TileCache<strata::Floors>,
}

impl FirstEarth {
    /// The first edition from a `GeoTIFF` of elevations in metres over degrees.
    ///
    /// # Errors
    /// [`TerrainError`], naming the file and what is wrong with it, or the material that is missing.
    pub fn load(path: &Path, materials: &MaterialTable, seed: u64) -> Result<Self, TerrainError> {
        Self::new(ElevationGrid::load(path)?, materials, seed)
    }

    /// The first edition from a grid of elevations.
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
        Ok(Self {
            palette: Palette::new(materials)?,
            strata: strata::rocks(materials)?,
            content_hash: grid.content_hash(),
            land: Land {
                climate: Climate::new(&grid),
                field: HeightField::new(grid, sphere, shape.voxel_m(), seed),
                patches: Fractal::new(!seed, &PATCHES),
            },
            shape,
            seed,
            tiles: TileCache::new(),
        })
    }

    /// The grid that the ground goes through.
    pub fn grid(&self) -> &ElevationGrid {
        &self.land.field.grid
    }

    /// Height of the ground above sea level, in metres, in the column at lattice x and z, as `lod` shows
    /// it: with the octaves of detail that are at least two of its cells long.
    pub fn ground_m(&self, region: u8, x: f64, z: f64, lod: u8) -> f64 {
        let width = f64::from(1u32 << lod);
        let at = [x / width, z / width];
        let sites =
            SiteSampler::new(&self.land, region, lod).sites(at, [1; 2], &CancelToken::never());
        sites.ok().and_then(|sites| Some(sites.first()?.ground.height_m)).unwrap_or_default()
    }

    /// The material of one cell, found on its own: equal to what [`Baseline::fill`](crate::Baseline::fill) puts there,
    /// but as slow as a whole column.
    pub fn material_at(&self, pos: CellPos) -> MaterialId {
        columns::material_at(self, pos)
    }

    fn sphere(&self) -> CubeSphere {
        self.land.field.shape
    }

    /// What lies at a site, where the ground slopes by `slope` (a tangent).
    fn column(&self, site: &Site, slope: f64, hidden_slope2: f64) -> Column<5> {
        let ground = &site.ground;
        let [wide, narrow] = site.patch.map(|v| v.clamp(-1.0, 1.0));
        let setting = Setting {
            height_m: ground.height_m,
            steepness: (slope * slope + hidden_slope2 * 0.5).sqrt(),
            slope,
            relief_m: ground.relief_m,
            wide,
            narrow,
        };
        let surface = surface(&self.palette, &site.weather.at_height(ground.height_m), &setting);
        let subsoil_m = if surface == self.palette.snow { 3.0 } else { 0.9 + 0.4 * narrow };
        Column {
            ground_m: ground.height_m,
            surface,
            subsoil: self.palette.subsoil(surface),
            floors_m: strata::floors_m(
                ground.height_m,
                ground.base_m,
                ground.relief_m,
                wide,
                subsoil_m,
            ),
        }
    }
}

impl ColumnSource for FirstEarth {
    type Floors = strata::Floors;

    fn shape(&self) -> Shape {
        self.shape
    }

    fn layers(&self) -> &Layers<strata::Floors> {
        &self.strata
    }

    fn columns(
        &self,
        region: u8,
        lod: u8,
        [x, z]: [i32; 2],
        [width, depth]: [usize; 2],
        cancel: &CancelToken,
        out: &mut Columns<strata::Floors>,
    ) -> Result<(), Cancelled> {
        let cell_m = self.land.field.cell_m(lod);
        let levels = self.levels(lod);
        let mut sampler = SiteSampler::new(&self.land, region, lod);
        // One column more on each side, for slopes.
        let ring = width + 2;
        let first = [f64::from(x) - 0.5, f64::from(z) - 0.5];
        let sites = sampler.sites(first, [ring, depth + 2], cancel)?;
        if let Some(ring_m) = &mut out.ring_m {
            ring_m.extend(sites.iter().map(|site| site.ground.height_m as f32));
        }
        for j in 1..=depth {
            begin_row(j, cancel)?;
            for i in 1..=width {
                let here = j * ring + i;
                let rise = |a: usize, b: usize| sites[a].ground.height_m - sites[b].ground.height_m;
                let (east, south) = (rise(here + 1, here - 1), rise(here + ring, here - ring));
                let slope = (east * east + south * south).sqrt() / (2.0 * cell_m);
                let hidden_slope2 = sampler.hidden_slope2(&sites[here].ground);
                out.cells.push(levels.cells(&self.column(&sites[here], slope, hidden_slope2)));
            }
        }
        Ok(())
    }
}

impl ColumnBaseline for FirstEarth {
    fn tiles(&self) -> &TileCache<strata::Floors> {
        &self.tiles
    }

    fn bounds(
        &self,
        region: u8,
        _voxels: LatticeBox,
        columns: [i64; 4],
        lod: u8,
    ) -> ColumnBounds<strata::Floors> {
        // Columns are interpolated between places up to a stride away.
        let reach = spot::STRIDE << lod;
        let cap = Cap::around(self.sphere(), region, columns, reach);
        let ground = self.land.field.bounds(cap.middle, cap.radius, lod);
        strata::column_bounds(ground.height_m, ground.base_m, 0.0)
    }

    fn finest_ground_m(&self, region: u8, x: f64, z: f64) -> f64 {
        self.ground_m(region, x, z, 0)
    }

    fn fingerprint(&self) -> String {
        let [columns, rows] = self.land.field.grid.size();
        let (hash, seed) = (self.content_hash, self.seed);
        let algorithm = EarthEdition::First.algorithm();
        format!("{algorithm} seed={seed} grid={columns}x{rows}:{hash:016x}")
    }
}
