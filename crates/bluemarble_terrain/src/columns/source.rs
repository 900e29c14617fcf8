//! [`ColumnSource`]: where columns come from.

use bluemarble_core::{CancelToken, Cancelled, Shape};

use super::{
    column::Columns,
    floors::{Floors, Layers},
    levels::Levels,
};

/// Rows of columns between two questions whether to go on: a quarter of a millisecond.
const ROWS_PER_STEP: usize = 4;

/// To be called before each row of columns.
pub(crate) fn begin_row(row: usize, cancel: &CancelToken) -> Result<(), Cancelled> {
    if row.is_multiple_of(ROWS_PER_STEP) { cancel.check() } else { Ok(()) }
}

/// Where columns come from.
pub(crate) trait ColumnSource: Send + Sync + 'static {
    /// An array as long as there are layers under the subsoil.
    type Floors: Floors;

    /// How the lattice lies in local space.
    fn shape(&self) -> Shape;

    /// What the ground is made of below its subsoil, and what lies on it.
    fn layers(&self) -> &Layers<Self::Floors>;

    /// The vertical lattice of a lod.
    fn levels(&self, lod: u8) -> Levels {
        let shape = self.shape();
        Levels {
            lod,
            voxel_m: shape.voxel_m(),
            sea_level_y: shape.sea_level_y(),
            has_sea: self.layers().has_sea(),
        }
    }

    /// Makes `size` columns along x and z from a cell position, x fastest, and the heights around them if
    /// `out` wants them. A column must not depend on which others are asked for. Checks `cancel` before every
    /// [`ROWS_PER_STEP`] rows.
    fn columns(
        &self,
        region: u8,
        lod: u8,
        first: [i32; 2],
        size: [usize; 2],
        cancel: &CancelToken,
        out: &mut Columns<Self::Floors>,
    ) -> Result<(), Cancelled>;

    /// Heights of the ground in metres, at least three along x and along z from a cell position, x fastest:
    /// those that [`ColumnSource::columns`] tells.
    fn heights(
        &self,
        region: u8,
        lod: u8,
        first: [i32; 2],
        size: [usize; 2],
        cancel: &CancelToken,
    ) -> Result<Vec<f32>, Cancelled> {
        // The ring around the columns asked for belongs to the heights.
        let inner = size.map(|v| v - 2);
        let mut columns = Columns::with_heights(inner[0] * inner[1]);
        let first = first.map(|v| v + 1);
        self.columns(region, lod, first, inner, cancel, &mut columns)?;
        Ok(columns.ring_m.unwrap_or_default())
    }
}
