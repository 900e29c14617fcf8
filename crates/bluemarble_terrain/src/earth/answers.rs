//! What the Earth answers as a [`Baseline`](crate::Baseline).

use bluemarble_core::{ChunkKey, LatticeBox};
use glam::{IVec3, ivec3};

use super::{baseline::EarthBaseline, cap::Cap, spot};
use crate::{
    columns::{ColumnBaseline, ColumnBounds, TileCache},
    interval::Interval,
    strata,
};

/// How many lods up `classify` looks for what is known of the ground.
const KNOWN_LODS: u8 = 3;
/// In cells of a lod: how far the ground of a chunk column, as finer lods show it, leaves the range in which
/// this one shows it, at full strength of erosion and where there is none. Measured, see the tests: in the
/// steepest places it is less than half of that.
pub(super) const KNOWN_CELLS: [f64; 2] = [8.0, 3.0];

impl EarthBaseline {
    /// Bounds of the ground of a box at a lod and all finer ones, from what is known of the chunk column
    /// that holds the box at this lod or a coarser one.
    fn known_m(&self, region: u8, voxels: LatticeBox, lod: u8, strength: f64) -> Option<Interval> {
        let last = voxels.max - 1;
        (lod..=(lod + KNOWN_LODS).min(20)).find_map(|lod| {
            // Means of wide areas say nothing of what is in them.
            if self.field.mean_level(lod).is_some() {
                return None;
            }
            let chunk = |voxel: IVec3| ivec3(voxel.x, 0, voxel.z) >> (i32::from(lod) + 6);
            if chunk(voxels.min) != chunk(last) {
                return None;
            }
            let [low, high] = self.tiles.known_ground(ChunkKey::new(region, lod, chunk(last)))?;
            let cell_m = self.field.cell_m(lod);
            let metres = |cell: i32| {
                f64::from(cell) * cell_m - f64::from(self.shape.sea_level_y()) * self.field.voxel_m
            };
            let margin_m = (KNOWN_CELLS[1] + KNOWN_CELLS[0] * strength) * cell_m;
            Some(Interval::new(metres(low), metres(high + 2)).grown(margin_m))
        })
    }
}

impl ColumnBaseline for EarthBaseline {
    fn tiles(&self) -> &TileCache<strata::Floors> {
        &self.tiles
    }

    /// The bounds of what is not made yet are wide; those of a chunk column are narrow once its columns, or
    /// those of one of the next coarser lods, were made. So an answer may become sharper, never another one.
    fn bounds(
        &self,
        region: u8,
        voxels: LatticeBox,
        columns: [i64; 4],
        lod: u8,
    ) -> ColumnBounds<strata::Floors> {
        // Columns are interpolated between places up to a stride away.
        let reach = spot::MAX_STRIDE << lod;
        let cap = Cap::around(self.sphere(), region, columns, reach);
        let ground = self.field.bounds(cap.middle, cap.radius, lod);
        let known_m = self.known_m(region, voxels, lod, ground.strength.hi);
        let height_m = known_m.map_or(ground.height_m, |known_m| ground.height_m.meet(known_m));
        strata::column_bounds(height_m, ground.base_m, self.field.cell_m(lod))
    }

    fn finest_ground_m(&self, region: u8, x: f64, z: f64) -> f64 {
        self.ground_m(region, x, z, 0)
    }

    fn fingerprint(&self) -> String {
        format!("{} seed={} {}", self.algorithm, self.seed, self.contents)
    }
}
