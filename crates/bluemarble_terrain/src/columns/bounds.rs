//! What a box holds, told from bounds of the columns that it cuts.

use bluemarble_core::{LatticeBox, MaterialId};

use super::{
    floors::{Floors, Layers},
    levels::Levels,
};
use crate::{baseline::Classification, interval::Interval};

/// Bounds of all columns of a box, in metres above sea level, at a lod and all finer ones.
pub(crate) struct ColumnBounds<F: Floors> {
    pub ground_m: Interval,
    /// Where the subsoil and the layers below it end. Unknown bounds may be infinite.
    pub floors_m: F::Each<Interval>,
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
}

/// What the box of a span holds.
pub(super) fn classify<F: Floors>(
    span: &Span,
    levels: &Levels,
    bounds: &ColumnBounds<F>,
    layers: &Layers<F>,
) -> Classification {
    let sea = i64::from(levels.sea_level_y);
    let metres = |y: i64| (y - sea) as f64 * levels.voxel_m;
    let ground = bounds.ground_m;
    let is_dry = !levels.has_sea || ground.lo >= 0.0 || span.inside_y[0] >= sea;
    if metres(span.inside_y[0]) >= ground.hi && is_dry {
        return Classification::Uniform(MaterialId::AIR);
    }
    let (low_m, high_m) = (metres(span.touching_y[0]), metres(span.touching_y[1]));
    let is_under_water = levels.has_sea && ground.hi < 0.0 && span.touching_y[1] <= sea;
    if is_under_water && low_m >= ground.hi {
        return Classification::Uniform(layers.water);
    }
    // One cell more: the topmost solid cell shows the surface. That also clears the cell below sea level,
    // which is water over any ground below the sea: cells are aligned to the sea.
    let cover_m = metres(span.touching_y[1] + span.cell);
    if cover_m >= ground.lo {
        return Classification::Mixed;
    }
    // The subsoil differs from column to column.
    let mut material = None;
    for (floor_m, &below) in bounds.floors_m.as_ref().iter().zip(layers.below.as_ref()) {
        if let Some(material) = material
            && low_m > floor_m.hi
        {
            return Classification::Uniform(material);
        }
        if high_m >= floor_m.lo {
            return Classification::Solid;
        }
        material = Some(below);
    }
    material.map_or(Classification::Solid, Classification::Uniform)
}
