//! [`GroundClosure`]: a height for every place.

use bluemarble_core::{CancelToken, Cancelled, Flat, LatticeBox, MaterialId, Shape};

use super::{
    ground::Ground,
    points::{check_bounds_m, columns_at_points},
};
use crate::{
    columns::{ColumnBaseline, ColumnBounds, ColumnSource, Columns, Layers, TileCache},
    error::TerrainError,
    interval::Interval,
    superflat::check_voxel,
};

/// A plane whose ground a game's own function gives.
///
/// The function is called as `(x_m, z_m, cell_m)` with the middle of a column and the width of its
/// cells: a good one leaves out what is smaller than a cell, and must not depend on anything else. It
/// is called once a column of a lod, however many chunks lie above each other, and for the columns around
/// a chunk's.
///
/// ```
/// use bluemarble_core::MaterialTable;
/// use bluemarble_terrain::{Ground, GroundClosure};
///
/// let materials = MaterialTable::standard();
/// let (surface, below) = (materials.id("grass")?, materials.id("granite")?);
/// let waves = move |x_m: f64, z_m: f64, _cell_m: f64| Ground {
///     height_m: 8.0 * (x_m * 0.02).sin() + 8.0 * (z_m * 0.03).sin(),
///     surface,
///     below,
/// };
/// let baseline = GroundClosure::new(0.5, "waves 1", -16.0..=16.0, waves)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct GroundClosure<F> {
    shape: Shape,
    name: String,
    bounds_m: Interval,
    ground: F,
    layers: Layers<[i32; 0]>,
    tiles: TileCache<[i32; 0]>,
}

impl<F: Fn(f64, f64, f64) -> Ground + Send + Sync + 'static> GroundClosure<F> {
    /// A plane of voxels of `voxel_m` metres whose ground lies within `bounds_m` everywhere and at every
    /// width of cells; heights beyond are cut off. `name` is all that tells this ground from another
    /// one: change it whenever the function changes, so that edits are never laid over another ground.
    ///
    /// # Errors
    /// [`TerrainError::Parameter`] if `voxel_m` is no length or the bounds are no range.
    pub fn new(
        voxel_m: f64,
        name: impl Into<String>,
        bounds_m: std::ops::RangeInclusive<f64>,
        ground: F,
    ) -> Result<Self, TerrainError> {
        check_voxel(voxel_m)?;
        let bounds_m = check_bounds_m(&bounds_m)?;
        Ok(Self {
            shape: Shape::Flat(Flat { voxel_m }),
            name: name.into(),
            bounds_m,
            ground,
            // The subsoil of each column reaches down for ever, and there is no sea.
            layers: Layers { water: MaterialId::AIR, below: [] },
            tiles: TileCache::new(),
        })
    }

    fn ground(&self, x: f64, z: f64, cell: f64) -> Ground {
        let voxel_m = self.shape.voxel_m();
        let ground = (self.ground)(x * voxel_m, z * voxel_m, cell * voxel_m);
        // What is no number lies at the bottom.
        let height_m = ground.height_m.max(self.bounds_m.lo).min(self.bounds_m.hi);
        Ground { height_m, ..ground }
    }
}

impl<F: Fn(f64, f64, f64) -> Ground + Send + Sync + 'static> ColumnSource for GroundClosure<F> {
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
        let cell = f64::from(1u32 << lod);
        let ground = |x: f64, z: f64| self.ground(x, z, cell);
        columns_at_points(&self.levels(lod), first, size, cancel, out, ground)
    }
}

impl<F: Fn(f64, f64, f64) -> Ground + Send + Sync + 'static> ColumnBaseline for GroundClosure<F> {
    fn tiles(&self) -> &TileCache<[i32; 0]> {
        &self.tiles
    }

    fn bounds(&self, _: u8, _: LatticeBox, _: [i64; 4], _: u8) -> ColumnBounds<[i32; 0]> {
        ColumnBounds { ground_m: self.bounds_m, floors_m: [] }
    }

    fn finest_ground_m(&self, _region: u8, x: f64, z: f64) -> f64 {
        self.ground(x, z, 1.0).height_m
    }

    fn fingerprint(&self) -> String {
        let Interval { lo, hi } = self.bounds_m;
        format!("ground {} bounds_m={lo}..={hi} voxel_m={}", self.name, self.shape.voxel_m())
    }
}
