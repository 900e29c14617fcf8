//! [`NoiseDensity`]: ground wherever a function of noise is above 0.

use std::{ops::RangeInclusive, sync::Arc};

use bluemarble_core::{
    CHUNK_EDGE, CancelToken, Cancelled, CellPos, Chunk, ChunkKey, Face, FacePlane, Flat,
    MaterialId, Shape, VoxelBox,
};
use glam::{IVec3, ivec3};
use noise::NoiseFn;
use quick_cache::sync::Cache;

use super::{grid::DensityGrid, heights::check_wavelength, sampled};
use crate::{
    baseline::{Baseline, Classification, Survey},
    closure::check_bounds_m,
    error::TerrainError,
    interval::Interval,
    superflat::check_voxel,
};

/// Grids kept, of 20 KB: a survey's serves the fill after it and the planes of the chunks around.
const GRIDS: usize = 256;
/// Cells along an edge of a chunk.
const EDGE: usize = CHUNK_EDGE as usize;
/// Columns at which [`DensityBounds::Sampled`] asks, and places in each.
const COLUMNS: usize = 512;
const PLACES: usize = 257;

/// Between which heights, in metres, ground and air of [`NoiseDensity`] mix. Above is air and below is ground,
/// whatever the function says there.
#[derive(Clone, Debug, PartialEq)]
pub enum DensityBounds {
    /// As the caller knows or wants them.
    Known(RangeInclusive<f64>),
    /// Estimated within these heights, from the function's values at 257 heights of 512 columns: from the lowest air to
    /// the highest ground that was found, with a quarter of that added on each side. Rare peaks and
    /// caves that no sample met are cut off beyond. Never wider than the heights looked at.
    Sampled(RangeInclusive<f64>),
}

/// A plane that is solid wherever any [`NoiseFn`] of three dimensions is above 0: overhangs, arches, caves, islands.
///
/// The function is asked at every fourth corner of the cells of a lod along each axis, and what lies between is
/// interpolated: a chunk costs 5,202 questions instead of 262,144, and what is smaller than about eight cells
/// is lost. Where it answers no number there is air.
///
/// ```
/// use bluemarble_core::MaterialTable;
/// use bluemarble_terrain::{DensityBounds, NoiseDensity};
/// use noise::Perlin;
///
/// let materials = MaterialTable::standard();
/// let ground = [materials.id("grass")?, materials.id("granite")?];
/// let caves = NoiseDensity::new(0.5, "caves 1", Perlin::new(7), 60.0, DensityBounds::Known(-90.0..=40.0), ground)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct NoiseDensity<N> {
    shape: Shape,
    name: String,
    noise: N,
    wavelength_m: f64,
    bounds_m: Interval,
    /// Of cells under air, and of others.
    ground: [MaterialId; 2],
    grids: Cache<ChunkKey, Arc<DensityGrid>>,
}

impl<N: NoiseFn<f64, 3> + Send + Sync + 'static> NoiseDensity<N> {
    /// A plane of voxels of `voxel_m` metres. The function is asked at places in metres divided by `wavelength_m`.
    /// `name` is all that tells this noise from another one: change it whenever the function changes, so
    /// that edits are never laid over another world. `ground`: the material of solid cells under air, and that
    /// of others; both must be opaque.
    ///
    /// # Errors
    /// [`TerrainError::Parameter`] if `voxel_m` or the wavelength is no length, or the bounds are no range.
    pub fn new(
        voxel_m: f64,
        name: impl Into<String>,
        noise: N,
        wavelength_m: f64,
        bounds: DensityBounds,
        ground: [MaterialId; 2],
    ) -> Result<Self, TerrainError> {
        check_voxel(voxel_m)?;
        check_wavelength(wavelength_m)?;
        let bounds_m = match bounds {
            DensityBounds::Known(bounds_m) => check_bounds_m(&bounds_m)?,
            DensityBounds::Sampled(heights_m) => {
                sampled_bounds_m(&noise, wavelength_m, check_bounds_m(&heights_m)?)
            }
        };
        Ok(Self {
            shape: Shape::Flat(Flat { voxel_m }),
            name: name.into(),
            noise,
            wavelength_m,
            bounds_m,
            ground,
            grids: Cache::new(GRIDS),
        })
    }

    /// The heights in metres between which ground and air mix: known or estimated.
    pub fn bounds_m(&self) -> RangeInclusive<f64> {
        self.bounds_m.lo..=self.bounds_m.hi
    }

    /// The material of one cell, found on its own: equal to what [`Baseline::fill`] puts there.
    pub fn material_at(&self, pos: CellPos) -> MaterialId {
        let CellPos { lod, cell, .. } = pos;
        match self.grid_over(lod, cell, cell + ivec3(1, 2, 1), &CancelToken::never()) {
            Ok(grid) => self.column(&grid, lod, cell)[0],
            Err(Cancelled) => MaterialId::AIR,
        }
    }

    fn cell_m(&self, lod: u8) -> f64 {
        self.shape.voxel_m() * f64::from(1u32 << lod)
    }

    fn middle_m(&self, lod: u8, y: i32) -> f64 {
        (f64::from(y) + 0.5) * self.cell_m(lod)
    }

    /// Densities over cells from `min` up to but without `max`.
    fn grid_over(
        &self,
        lod: u8,
        min: IVec3,
        max: IVec3,
        cancel: &CancelToken,
    ) -> Result<DensityGrid, Cancelled> {
        let cell_m = self.cell_m(lod);
        let density = |corner: IVec3| {
            let place_m = corner.as_dvec3() * cell_m;
            self.noise.get((place_m / self.wavelength_m).to_array())
        };
        DensityGrid::over(min, max, density, cancel)
    }

    /// Densities over a chunk and the layer of cells above it.
    fn grid_while(
        &self,
        key: ChunkKey,
        cancel: &CancelToken,
    ) -> Result<Arc<DensityGrid>, Cancelled> {
        if let Some(grid) = self.grids.get(&key) {
            return Ok(grid);
        }
        let low = key.pos * CHUNK_EDGE;
        let high = low + ivec3(CHUNK_EDGE, CHUNK_EDGE + 1, CHUNK_EDGE);
        let grid = Arc::new(self.grid_over(key.lod, low, high, cancel)?);
        self.grids.insert(key, grid.clone());
        Ok(grid)
    }

    fn grid(&self, key: ChunkKey) -> Arc<DensityGrid> {
        loop {
            // It is never cancelled.
            if let Ok(grid) = self.grid_while(key, &CancelToken::never()) {
                return grid;
            }
        }
    }

    /// Whether a cell at a height with a density is solid.
    fn is_solid(&self, middle_m: f64, density: f32) -> bool {
        middle_m <= self.bounds_m.hi && (middle_m < self.bounds_m.lo || density > 0.0)
    }

    /// Whether the cells of a row along x are solid.
    fn solid_row(&self, grid: &DensityGrid, lod: u8, at: IVec3, out: &mut [bool]) {
        let mut densities = [0.0; EDGE];
        let densities = &mut densities[..out.len()];
        grid.row(at.to_array(), densities);
        let middle_m = self.middle_m(lod, at.y);
        for (is_solid, &mut density) in out.iter_mut().zip(densities) {
            *is_solid = self.is_solid(middle_m, density);
        }
    }

    fn material(&self, is_solid: bool, is_covered: bool) -> MaterialId {
        match (is_solid, is_covered) {
            (false, _) => MaterialId::AIR,
            (true, false) => self.ground[0],
            (true, true) => self.ground[1],
        }
    }

    /// The materials of a row of cells along x.
    fn materials<const WIDTH: usize>(
        &self,
        grid: &DensityGrid,
        lod: u8,
        at: IVec3,
    ) -> [MaterialId; WIDTH] {
        let (mut here, mut above) = ([false; WIDTH], [false; WIDTH]);
        self.solid_row(grid, lod, at, &mut here);
        self.solid_row(grid, lod, at + IVec3::Y, &mut above);
        std::array::from_fn(|x| self.material(here[x], above[x]))
    }

    /// The material of a cell.
    fn column(&self, grid: &DensityGrid, lod: u8, at: IVec3) -> [MaterialId; 1] {
        self.materials(grid, lod, at)
    }

    /// What a chunk is by its height alone.
    fn known(&self, key: ChunkKey) -> Option<MaterialId> {
        match self.classify(key.voxel_box(), key.lod) {
            Classification::Uniform(material) => Some(material),
            Classification::Solid | Classification::Mixed => None,
        }
    }
}

fn sampled_bounds_m(
    noise: &impl NoiseFn<f64, 3>,
    wavelength_m: f64,
    heights_m: Interval,
) -> Interval {
    let step_m = (heights_m.hi - heights_m.lo) / (PLACES - 1) as f64;
    let places = sampled::places(COLUMNS)
        .flat_map(|[x, z]| (0..PLACES).map(move |k| (heights_m.lo + k as f64 * step_m, [x, z])));
    let [mut air_m, mut ground_m] = [heights_m.hi, heights_m.lo];
    for (y_m, [x, z]) in places {
        if noise.get([x, y_m / wavelength_m, z]) > 0.0 {
            ground_m = ground_m.max(y_m);
        } else {
            air_m = air_m.min(y_m);
        }
    }
    let found = Interval::new(air_m.min(ground_m), ground_m.max(air_m)).grown(step_m);
    sampled::with_margin(found).meet(heights_m)
}

impl<N: NoiseFn<f64, 3> + Send + Sync + 'static> Baseline for NoiseDensity<N> {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn fill(&self, key: ChunkKey, chunk: &mut Chunk) {
        if let Some(material) = self.known(key) {
            *chunk = Chunk::uniform(material);
            return;
        }
        let (grid, low) = (self.grid(key), key.pos * CHUNK_EDGE);
        let layer = |y: i32, out: &mut [bool]| {
            for (z, row) in (low.z..).zip(out.chunks_exact_mut(EDGE)) {
                self.solid_row(&grid, key.lod, ivec3(low.x, low.y + y, z), row);
            }
        };
        let mut cells = vec![MaterialId::AIR; EDGE * EDGE * EDGE];
        let (mut above, mut here) = (vec![false; EDGE * EDGE], vec![false; EDGE * EDGE]);
        layer(CHUNK_EDGE, &mut above);
        for (y, cells) in (0..CHUNK_EDGE).zip(cells.chunks_exact_mut(EDGE * EDGE)).rev() {
            layer(y, &mut here);
            for ((cell, &is_solid), &is_covered) in cells.iter_mut().zip(&here).zip(&above) {
                *cell = self.material(is_solid, is_covered);
            }
            std::mem::swap(&mut above, &mut here);
        }
        *chunk = Chunk::from_cells(&cells);
    }

    fn classify(&self, voxels: VoxelBox, lod: u8) -> Classification {
        let VoxelBox { voxels, .. } = voxels;
        // Whole cells count, of which the middle decides.
        let cell = 1i64 << lod;
        let low = i64::from(voxels.min.y).div_euclid(cell) * cell;
        let high = -(-i64::from(voxels.max.y)).div_euclid(cell) * cell;
        let metres = |y: i64| y as f64 * self.shape.voxel_m();
        if metres(low) >= self.bounds_m.hi {
            Classification::Uniform(MaterialId::AIR)
        } else if metres(high + 2 * cell) <= self.bounds_m.lo {
            // The cells beside the box, and those that cover them.
            Classification::Uniform(self.ground[1])
        } else if metres(high + cell) <= self.bounds_m.lo {
            Classification::Solid
        } else {
            Classification::Mixed
        }
    }

    fn prepare(&self, key: ChunkKey, cancel: &CancelToken) -> Result<(), Cancelled> {
        if self.known(key).is_none() {
            self.grid_while(key, cancel)?;
        }
        Ok(())
    }

    fn survey(&self, key: ChunkKey) -> Survey {
        match self.classify(key.voxel_box(), key.lod) {
            Classification::Uniform(material) => return Survey::Uniform(material),
            Classification::Solid => return Survey::Opaque,
            Classification::Mixed => {}
        }
        let low = key.pos.y * CHUNK_EDGE;
        let middle_m = |y: i32| self.middle_m(key.lod, low + y);
        match self.grid(key).all_solid() {
            Some(true) if middle_m(CHUNK_EDGE) <= self.bounds_m.hi => {
                Survey::Uniform(self.ground[1])
            }
            Some(true) if middle_m(CHUNK_EDGE - 1) <= self.bounds_m.hi => Survey::Opaque,
            Some(false) if middle_m(0) >= self.bounds_m.lo => Survey::Uniform(MaterialId::AIR),
            _ => Survey::Mixed,
        }
    }

    fn face_plane(&self, key: ChunkKey, face: Face) -> Option<FacePlane> {
        if let Some(material) = self.known(key) {
            return Some(FacePlane::uniform(material));
        }
        let mut low = key.pos * CHUNK_EDGE;
        let mut size = IVec3::splat(CHUNK_EDGE);
        size[face.axis()] = 1;
        low[face.axis()] += if face.is_positive() { CHUNK_EDGE - 1 } else { 0 };
        let grid = match self.grids.get(&key) {
            Some(grid) => grid,
            // A slab of it costs an eighth.
            None => Arc::new(
                self.grid_over(key.lod, low, low + size + IVec3::Y, &CancelToken::never()).ok()?,
            ),
        };
        let mut cells = Vec::with_capacity(EDGE * EDGE);
        let at = |u: usize, v: usize| match face.axis() {
            0 => low + ivec3(0, v as i32, u as i32),
            1 => low + ivec3(u as i32, 0, v as i32),
            _ => low + ivec3(u as i32, v as i32, 0),
        };
        for v in 0..EDGE {
            if face.axis() == 0 {
                cells.extend((0..EDGE).flat_map(|u| self.column(&grid, key.lod, at(u, v))));
            } else {
                cells.extend(self.materials::<EDGE>(&grid, key.lod, at(0, v)));
            }
        }
        Some(FacePlane::from_cells(cells.into()))
    }

    fn surface_y(&self, _region: u8, x: f64, z: f64) -> f64 {
        let [x, z] = [x, z].map(|v| v.floor() as i32);
        let mut end = (self.bounds_m.hi / self.shape.voxel_m()).ceil() as i32 + 1;
        // Below its bounds all is solid.
        loop {
            let low = end - CHUNK_EDGE;
            let grid = self.grid_over(
                0,
                ivec3(x, low, z),
                ivec3(x + 1, end, z + 1),
                &CancelToken::never(),
            );
            let is_solid = |y: i32| {
                let mut is_solid = [false];
                if let Ok(grid) = &grid {
                    self.solid_row(grid, 0, ivec3(x, y, z), &mut is_solid);
                }
                is_solid[0]
            };
            if let Some(top) = (low..end).rev().find(|&y| is_solid(y)) {
                return f64::from(top + 1);
            }
            end = low;
        }
    }

    fn fingerprint(&self) -> String {
        let Interval { lo, hi } = self.bounds_m;
        let [MaterialId(surface), MaterialId(below)] = self.ground;
        format!(
            "noise-density-1 {} wavelength_m={} bounds_m={lo}..={hi} materials={surface},{below} voxel_m={}",
            self.name,
            self.wavelength_m,
            self.shape.voxel_m()
        )
    }
}
