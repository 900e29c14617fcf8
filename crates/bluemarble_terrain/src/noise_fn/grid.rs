//! [`DensityGrid`]: a function at every fourth corner of cells, and what lies between.
//!
//! Corners are counted from the lattice's origin, in cells of the lod, so that what comes out does not depend on
//! which chunk asks.

use bluemarble_core::{CancelToken, Cancelled};
use glam::IVec3;

/// Cells between corners.
const STRIDE: i32 = 4;
/// Densities are held within this, so that what lies between two of them is a number.
const MOST: f32 = 1e30;

/// Densities at corners over a box of cells.
pub(super) struct DensityGrid {
    /// The lowest corner, in strides.
    first: IVec3,
    /// Corners along x, y and z.
    size: [usize; 3],
    /// x fastest, then z.
    densities: Box<[f32]>,
}

/// Which stride a cell lies in, and which part of the way through it its middle does.
fn place(cell: i32) -> (i32, f32) {
    let part = (cell.rem_euclid(STRIDE) as f32 + 0.5) / STRIDE as f32;
    (cell.div_euclid(STRIDE), part)
}

/// Between two densities of one sign it has that sign.
fn lerp(t: f32, a: f32, b: f32) -> f32 {
    a + t * (b - a)
}

impl DensityGrid {
    /// Over the cells from `min` up to but without `max`; `density` is asked at corners, in cells. `cancel` is
    /// checked before each layer of corners.
    pub fn over(
        min: IVec3,
        max: IVec3,
        density: impl Fn(IVec3) -> f64,
        cancel: &CancelToken,
    ) -> Result<Self, Cancelled> {
        let strides = |cells: IVec3| cells.map(|cell| cell.div_euclid(STRIDE));
        let (first, last) = (strides(min), strides(max - 1) + 1);
        let size = (last - first + 1).to_array().map(|v| v as usize);
        let mut densities = Vec::with_capacity(size.iter().product());
        for y in first.y..=last.y {
            cancel.check()?;
            for z in first.z..=last.z {
                for x in first.x..=last.x {
                    let density = density(IVec3::new(x, y, z) * STRIDE) as f32;
                    // What is no number is as empty as can be.
                    let is_number = !density.is_nan();
                    densities.push(if is_number { density.clamp(-MOST, MOST) } else { -MOST });
                }
            }
        }
        Ok(Self { first, size, densities: densities.into() })
    }

    /// Whether all corners are above 0 or none is; `None` if they differ.
    pub fn all_solid(&self) -> Option<bool> {
        let is_solid = self.densities[0] > 0.0;
        self.densities.iter().all(|&density| (density > 0.0) == is_solid).then_some(is_solid)
    }

    /// Densities of cells in a row, from the one at `x` on, as many as `out` has room for.
    pub fn row(&self, [x, y, z]: [i32; 3], out: &mut [f32]) {
        let ((row, v), (layer, w)) = (place(z), place(y));
        let corner = [layer - self.first.y, row - self.first.z].map(|v| v as usize);
        // Along y first, then along z: a cell is the same whichever chunk it is asked for.
        let between = |stride: i32| {
            let column = (stride - self.first.x) as usize;
            let at = |up: usize, south: usize| {
                let line = (corner[0] + up) * self.size[2] + corner[1] + south;
                self.densities[line * self.size[0] + column]
            };
            lerp(v, lerp(w, at(0, 0), at(1, 0)), lerp(w, at(0, 1), at(1, 1)))
        };
        let (mut west, _) = place(x);
        let mut ends = [between(west), between(west + 1)];
        for (x, density) in (x..).zip(out) {
            let (stride, u) = place(x);
            if stride != west {
                (west, ends) = (stride, [ends[1], between(stride + 1)]);
            }
            *density = lerp(u, ends[0], ends[1]);
        }
    }
}
