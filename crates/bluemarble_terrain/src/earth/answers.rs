//! What the Earth answers as a [`Baseline`].

use std::sync::Arc;

use bluemarble_core::{Chunk, ChunkKey, Face, FacePlane, LatticeBox, Shape};
use glam::{IVec3, ivec3};

use super::{ALGORITHM, EarthBaseline, spot, strata};
use crate::{
    baseline::{Baseline, Classification, Survey},
    columns::{self, ColumnBounds, ColumnSource, Span},
    interval::Interval,
    relief::Relief,
};

/// So many lods up `classify` looks for what is known of the ground.
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

impl Baseline for EarthBaseline {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn fill(&self, key: ChunkKey, chunk: &mut Chunk) {
        *chunk = columns::fill(self, &self.tiles, key);
    }

    /// The bounds of what nobody has made yet are wide; those of a chunk column are narrow once its columns, or
    /// those of one of the next coarser lods, were made. So the answer may become sharper, never another one.
    fn classify(&self, region: u8, voxels: LatticeBox, lod: u8) -> Classification {
        let span = Span::new(voxels, lod);
        // Columns are interpolated between places up to a stride away.
        let reach = f64::from(spot::MOST_STRIDE << lod);
        let [x0, z0, x1, z1] = span.columns.map(|v| v as f64);
        let (x0, z0, x1, z1) = (x0 - reach, z0 - reach, x1 + reach, z1 + reach);
        let sphere = self.sphere();
        let direction = |x: f64, z: f64| sphere.direction(region, x, z);
        let middle = direction((x0 + x1) * 0.5, (z0 + z1) * 0.5);
        // Lattice lines are great circles, so no place of the box is farther than a corner.
        let corners = [(x0, z0), (x1, z0), (x0, z1), (x1, z1)];
        let radius =
            corners.into_iter().map(|(x, z)| direction(x, z).distance(middle)).fold(0.0, f64::max);
        let ground = self.field.bounds(middle, radius * 1.000_001 + 1e-12, lod);
        let known_m = self.known_m(region, voxels, lod, ground.strength.hi);
        let [granite_floor_m, basalt_floor_m] = strata::crust_bounds_m(ground.base_m);
        let bounds = ColumnBounds {
            ground_m: known_m.map_or(ground.height_m, |known_m| ground.height_m.meet(known_m)),
            loose_depth_m: strata::LOOSE_DEPTH_M,
            granite_floor_m: granite_floor_m.grown(0.02),
            basalt_floor_m: basalt_floor_m.grown(0.02),
        };
        columns::classify(&span, &self.levels(lod), &bounds, &self.strata)
    }

    fn prepare(&self, key: ChunkKey, go_on: &dyn Fn() -> bool) -> bool {
        columns::prepare(self, &self.tiles, key, go_on)
    }

    fn survey(&self, key: ChunkKey) -> Survey {
        columns::survey(self, &self.tiles, key)
    }

    fn relief(&self, key: ChunkKey, go_on: &dyn Fn() -> bool) -> Option<Arc<Relief>> {
        columns::relief(self, &self.tiles, key, go_on)
    }

    fn face_plane(&self, key: ChunkKey, face: Face) -> Option<FacePlane> {
        Some(columns::face_plane(self, &self.tiles, key, face))
    }

    fn surface_y(&self, region: u8, x: f64, z: f64) -> f64 {
        let ground_m = self.ground_m(region, x, z, 0);
        self.shape.lattice_y(ground_m.max(0.0))
    }

    fn fingerprint(&self) -> String {
        format!("{ALGORITHM} seed={} {}", self.seed, self.contents)
    }
}
