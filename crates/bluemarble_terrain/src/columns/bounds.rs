//! What a box holds, told from bounds of the columns that it cuts.

use bluemarble_core::{LatticeBox, MaterialId};

use super::{column::Strata, levels::Levels};
use crate::{baseline::Classification, interval::Interval};

/// Bounds of all columns of a box, in metres above sea level, at a lod and all finer ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ColumnBounds {
    pub ground_m: Interval,
    /// Greatest depth below the ground at which sandstone ends.
    pub loose_depth_m: f64,
    pub granite_floor_m: Interval,
    pub basalt_floor_m: Interval,
}

/// A box, and the box of all cells that touch it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// The columns that count, in voxels: min x, min z, max x, max z.
    pub columns: [i64; 4],
    /// The cells that overlap the box, in voxels.
    inside_y: [i64; 2],
    /// Those and the cells beside them.
    touching_y: [i64; 2],
    cell: i64,
}

impl Span {
    /// Cells of a lod overlap a box that is not aligned to them, so it is rounded outwards first.
    pub fn new(voxels: LatticeBox, lod: u8) -> Self {
        let cell = 1i64 << lod;
        let down = |v: i32| i64::from(v).div_euclid(cell) * cell;
        let up = |v: i32| -(-i64::from(v)).div_euclid(cell) * cell;
        let inside_y = [down(voxels.min.y), up(voxels.max.y)];
        Self {
            columns: [
                down(voxels.min.x) - cell,
                down(voxels.min.z) - cell,
                up(voxels.max.x) + cell,
                up(voxels.max.z) + cell,
            ],
            inside_y,
            touching_y: [inside_y[0] - cell, inside_y[1] + cell],
            cell,
        }
    }

    /// What the box holds where there is nothing but ground within bounds in metres, its columns alike
    /// in nothing else.
    pub fn classify_ground(&self, levels: &Levels, ground_m: Interval) -> Classification {
        let metres = |y: i64| (y - i64::from(levels.sea_level_y)) as f64 * levels.voxel_m;
        if metres(self.inside_y[0]) >= ground_m.hi {
            Classification::Uniform(MaterialId::AIR)
        } else if metres(self.touching_y[1] + self.cell) < ground_m.lo {
            Classification::Solid
        } else {
            Classification::Mixed
        }
    }
}

/// What the box of a span holds.
pub(crate) fn classify(
    span: &Span,
    levels: &Levels,
    bounds: &ColumnBounds,
    strata: &Strata,
) -> Classification {
    let sea = i64::from(levels.sea_level_y);
    let metres = |y: i64| (y - sea) as f64 * levels.voxel_m;
    let ground = bounds.ground_m;
    if metres(span.inside_y[0]) >= ground.hi && (ground.lo >= 0.0 || span.inside_y[0] >= sea) {
        return Classification::Uniform(MaterialId::AIR);
    }
    let (low_m, high_m) = (metres(span.touching_y[0]), metres(span.touching_y[1]));
    if ground.hi < 0.0 && span.touching_y[1] <= sea && low_m >= ground.hi {
        return Classification::Uniform(strata.water);
    }
    // One cell more: the topmost solid cell shows the surface. That also clears the cell below sea level,
    // which is water over any ground below the sea: cells are aligned to the sea.
    let cover_m = metres(span.touching_y[1] + span.cell);
    if cover_m >= ground.lo {
        return Classification::Mixed;
    }
    let [_, _, granite, basalt] = strata.layers;
    let is_deep = high_m < ground.lo - bounds.loose_depth_m;
    if is_deep && low_m > bounds.granite_floor_m.hi {
        return Classification::Uniform(granite);
    }
    let below_granite = is_deep && high_m < bounds.granite_floor_m.lo;
    if below_granite && low_m > bounds.basalt_floor_m.hi {
        return Classification::Uniform(basalt);
    }
    if below_granite && high_m < bounds.basalt_floor_m.lo {
        return Classification::Uniform(strata.bottom);
    }
    Classification::Solid
}
