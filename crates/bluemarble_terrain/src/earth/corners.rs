//! [`Corners`]: where what varies slowly is found, to be interpolated at the places between.

use super::axes::{DirectionRows, FaceAxes};

/// A grid of corners some cells apart, counted from the region's corner, around places a cell apart.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Corners {
    /// Cells from corner to corner.
    stride: f64,
    /// The first corner along x and z, in strides.
    first: [f64; 2],
    /// Corners along x.
    pub columns: usize,
    /// Corners along z.
    pub rows: usize,
}

impl Corners {
    /// The corners around `size` places along x and z, of which `place` is the first, in cells.
    pub fn around(place: [f64; 2], size: [usize; 2], stride: i32) -> Self {
        let stride = f64::from(stride);
        let corner = |v: f64| (v / stride).floor();
        let first = place.map(corner);
        let [columns, rows] = [0, 1]
            .map(|axis| (corner(place[axis] + (size[axis] - 1) as f64) - first[axis]) as usize + 2);
        Self { stride, first, columns, rows }
    }

    /// The directions of all corners, where cells are `cell` voxels wide.
    pub fn directions(&self, axes: &FaceAxes, cell: f64) -> DirectionRows {
        axes.rows(self.first, self.columns, self.stride * cell)
    }

    /// The last corner before a place along x (axis 0) or z (axis 1), and how far the place lies on the way
    /// from that corner to the next one: 0..1.
    #[inline]
    pub fn before(&self, axis: usize, place: f64) -> (usize, f64) {
        let at = place / self.stride;
        ((at.floor() - self.first[axis]) as usize, at - at.floor())
    }
}
