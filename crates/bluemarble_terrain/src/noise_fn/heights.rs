//! [`NoiseHeights`]: ground as high as a function of noise says.

use std::{
    ops::RangeInclusive,
    sync::atomic::{AtomicBool, Ordering},
};

use bluemarble_core::{CancelToken, Cancelled, Flat, LatticeBox, MaterialId, Shape};
use noise::NoiseFn;

use super::sampled;
use crate::{
    closure::{Ground, check_bounds_m, columns_at_points},
    columns::{ColumnBaseline, ColumnBounds, ColumnSource, Columns, Layers, TileCache},
    error::TerrainError,
    interval::Interval,
    superflat::check_voxel,
};

/// Places at which [`HeightBounds::Sampled`] asks.
const PLACES: usize = 1 << 14;

/// How a function of noise becomes heights: `mean_m + amplitude_m * noise(place_m / wavelength_m)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeightScale {
    /// Metres for a step of 1 in what the function is asked for.
    pub wavelength_m: f64,
    /// Metres for a step of 1 in what it answers.
    pub amplitude_m: f64,
    /// Height in metres where it answers 0.
    pub mean_m: f64,
}

/// Between which heights the ground of [`NoiseHeights`] lies. Heights beyond are cut off there: the ground is level
/// at that bound. Then [`NoiseHeights::is_cut_off`] says so, and a warning is logged once.
#[derive(Clone, Debug, PartialEq)]
pub enum HeightBounds {
    /// In metres, as the caller knows them.
    Known(RangeInclusive<f64>),
    /// Estimated: from the function's values at 16,384 places, with a quarter of their range added on each side
    /// and rounded to whole metres. A function may have rare peaks that no sample met.
    Sampled,
}

/// A plane whose ground is as high as any [`NoiseFn`] of two dimensions says, with or without a sea.
///
/// The function is asked at the middle of each column, the same at every lod: what is smaller than the cells of
/// a coarse lod is not left out there. Where it answers no number the ground lies at its lower bound. Questions
/// about boxes go by [`HeightBounds`]; as heights are cut off there, answers are never wrong, and the wider
/// the bounds, the more often they are `Mixed`.
///
/// ```
/// use bluemarble_core::MaterialTable;
/// use bluemarble_terrain::{Ground, HeightBounds, HeightScale, NoiseHeights};
/// use noise::{Fbm, Perlin};
///
/// let materials = MaterialTable::standard();
/// let ground = [materials.id("grass")?, materials.id("granite")?];
/// let scale = HeightScale { wavelength_m: 300.0, amplitude_m: 40.0, mean_m: 10.0 };
/// let hills = NoiseHeights::new(0.5, "hills 1", Fbm::<Perlin>::new(7), scale, HeightBounds::Sampled, ground)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct NoiseHeights<N> {
    shape: Shape,
    name: String,
    noise: N,
    scale: HeightScale,
    bounds_m: Interval,
    /// Material of the topmost cell, and of what lies below it.
    ground: [MaterialId; 2],
    layers: Layers<[i32; 0]>,
    tiles: TileCache<[i32; 0]>,
    is_cut_off: AtomicBool,
}

impl<N: NoiseFn<f64, 2> + Send + Sync + 'static> NoiseHeights<N> {
    /// A plane of voxels of `voxel_m` metres. `name` is all that tells this noise from another one: change it
    /// whenever the function changes, so that edits are never laid over another ground. `ground`: the
    /// material of each column's topmost cell, and of what lies below that, which must be opaque.
    ///
    /// # Errors
    /// [`TerrainError::Parameter`] if `voxel_m` or the wavelength is no length, or the bounds are no range.
    pub fn new(
        voxel_m: f64,
        name: impl Into<String>,
        noise: N,
        scale: HeightScale,
        bounds: HeightBounds,
        ground: [MaterialId; 2],
    ) -> Result<Self, TerrainError> {
        check_voxel(voxel_m)?;
        check_wavelength(scale.wavelength_m)?;
        let bounds_m = match bounds {
            HeightBounds::Known(bounds_m) => check_bounds_m(&bounds_m)?,
            HeightBounds::Sampled => check_bounds_m(&sampled_bounds_m(&noise, &scale))?,
        };
        Ok(Self {
            shape: Shape::Flat(Flat { voxel_m }),
            name: name.into(),
            noise,
            scale,
            bounds_m,
            ground,
            layers: Layers { water: MaterialId::AIR, below: [] },
            tiles: TileCache::new(),
            is_cut_off: AtomicBool::new(false),
        })
    }

    /// The same with a sea: water up to y = 0 wherever the ground is lower, on a floor of what lies below.
    #[must_use]
    pub fn with_sea(self, water: MaterialId) -> Self {
        Self { layers: Layers { water, below: [] }, tiles: TileCache::new(), ..self }
    }

    /// The bounds of the ground in metres: known or estimated.
    pub fn bounds_m(&self) -> RangeInclusive<f64> {
        self.bounds_m.lo..=self.bounds_m.hi
    }

    /// Whether any ground that was made so far would have left its bounds, and was cut off there.
    pub fn is_cut_off(&self) -> bool {
        self.is_cut_off.load(Ordering::Relaxed)
    }

    /// The ground at a place in voxels.
    fn ground(&self, x: f64, z: f64) -> Ground {
        let voxel_m = self.shape.voxel_m();
        let asked_m = height_m(&self.noise, &self.scale, [x * voxel_m, z * voxel_m]);
        // What is no number lies at the bottom.
        let height_m = asked_m.max(self.bounds_m.lo).min(self.bounds_m.hi);
        if height_m != asked_m && !self.is_cut_off.swap(true, Ordering::Relaxed) {
            let (name, bounds_m) = (&self.name, self.bounds_m());
            tracing::warn!(name, asked_m, ?bounds_m, "ground leaves its bounds and is cut off");
        }
        let [surface, below] = self.ground;
        let is_sea_floor = self.layers.has_sea() && height_m < 0.0;
        Ground { height_m, surface: if is_sea_floor { below } else { surface }, below }
    }
}

/// Wavelengths divide places, so they must be lengths.
pub(super) fn check_wavelength(wavelength_m: f64) -> Result<(), TerrainError> {
    if wavelength_m.is_finite() && wavelength_m > 0.0 {
        return Ok(());
    }
    Err(TerrainError::Parameter {
        parameter: "wavelength_m",
        value: wavelength_m.to_string(),
        expected: "a length in metres, more than 0",
    })
}

fn height_m(noise: &impl NoiseFn<f64, 2>, scale: &HeightScale, place_m: [f64; 2]) -> f64 {
    let HeightScale { wavelength_m, amplitude_m, mean_m } = *scale;
    mean_m + amplitude_m * noise.get(place_m.map(|v| v / wavelength_m))
}

fn sampled_bounds_m(noise: &impl NoiseFn<f64, 2>, scale: &HeightScale) -> RangeInclusive<f64> {
    let places = sampled::places(PLACES).map(|place| place.map(|v| v * scale.wavelength_m));
    let found = sampled::range(places.map(|place_m| height_m(noise, scale, place_m)));
    let bounds_m = sampled::with_margin(found.unwrap_or(Interval::point(0.0)));
    // Whole metres, so that the last bits of the samples have no say in the fingerprint.
    (bounds_m.lo - 0.5).floor()..=(bounds_m.hi + 0.5).ceil()
}

impl<N: NoiseFn<f64, 2> + Send + Sync + 'static> ColumnSource for NoiseHeights<N> {
    type Floors = [i32; 0];

    fn shape(&self) -> Shape {
        self.shape
    }

    fn layers(&self) -> &Layers<[i32; 0]> {
        &self.layers
    }

    fn columns(
        &self,
        _region: u8,
        lod: u8,
        first: [i32; 2],
        size: [usize; 2],
        cancel: &CancelToken,
        out: &mut Columns<[i32; 0]>,
    ) -> Result<(), Cancelled> {
        columns_at_points(&self.levels(lod), first, size, cancel, out, |x, z| self.ground(x, z))
    }
}

impl<N: NoiseFn<f64, 2> + Send + Sync + 'static> ColumnBaseline for NoiseHeights<N> {
    fn tiles(&self) -> &TileCache<[i32; 0]> {
        &self.tiles
    }

    fn bounds(&self, _: u8, _: LatticeBox, _: [i64; 4], _: u8) -> ColumnBounds<[i32; 0]> {
        ColumnBounds { ground_m: self.bounds_m, floors_m: [] }
    }

    fn finest_ground_m(&self, _region: u8, x: f64, z: f64) -> f64 {
        self.ground(x, z).height_m
    }

    fn fingerprint(&self) -> String {
        let HeightScale { wavelength_m, amplitude_m, mean_m } = self.scale;
        let Interval { lo, hi } = self.bounds_m;
        let [MaterialId(surface), MaterialId(below)] = self.ground;
        let MaterialId(water) = self.layers.water;
        format!(
            "noise-heights-1 {} wavelength_m={wavelength_m} amplitude_m={amplitude_m} mean_m={mean_m} \
             bounds_m={lo}..={hi} materials={surface},{below},{water} voxel_m={}",
            self.name,
            self.shape.voxel_m()
        )
    }
}
