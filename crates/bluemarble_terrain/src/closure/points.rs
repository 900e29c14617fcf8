//! Columns whose ground is found place by place.

use bluemarble_core::{CancelToken, Cancelled};
use std::ops::RangeInclusive;

use super::ground::Ground;
use crate::{
    columns::{Column, Columns, Levels, begin_row},
    error::TerrainError,
    interval::Interval,
};

/// Makes columns for a [`ColumnSource`](crate::columns::ColumnSource) without layers. `ground` is called with the
/// middle of a column in voxels along x and z.
pub(crate) fn columns_at_points(
    levels: &Levels,
    [x, z]: [i32; 2],
    [width, depth]: [usize; 2],
    cancel: &CancelToken,
    out: &mut Columns<[i32; 0]>,
    ground: impl Fn(f64, f64) -> Ground,
) -> Result<(), Cancelled> {
    let cell = f64::from(1u32 << levels.lod);
    let margin = usize::from(out.ring_m.is_some());
    let middle = |first: i32, k: usize| (f64::from(first) + k as f64 - margin as f64 + 0.5) * cell;
    let is_inside = |k: usize, count: usize| (margin..count + margin).contains(&k);
    for j in 0..depth + 2 * margin {
        begin_row(j, cancel)?;
        for i in 0..width + 2 * margin {
            let ground = ground(middle(x, i), middle(z, j));
            if let Some(ring_m) = &mut out.ring_m {
                ring_m.push(ground.height_m as f32);
            }
            if !is_inside(i, width) || !is_inside(j, depth) {
                continue;
            }
            out.cells.push(levels.cells(&Column {
                ground_m: ground.height_m,
                surface: ground.surface,
                subsoil: ground.below,
                floors_m: [],
            }));
        }
    }
    Ok(())
}

/// Bounds of heights must be a range of numbers.
pub(crate) fn check_bounds_m(bounds_m: &RangeInclusive<f64>) -> Result<Interval, TerrainError> {
    let (lo, hi) = (*bounds_m.start(), *bounds_m.end());
    if lo <= hi && lo.is_finite() && hi.is_finite() {
        return Ok(Interval { lo, hi });
    }
    Err(TerrainError::Parameter {
        parameter: "bounds_m",
        value: format!("{lo}..={hi}"),
        expected: "a range of heights, the lower first",
    })
}
