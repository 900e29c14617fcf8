//! [`ColumnBaseline`]: a source of columns is a baseline.

use std::sync::Arc;

use bluemarble_core::{
    CancelToken, Cancelled, Chunk, ChunkKey, Face, FacePlane, LatticeBox, MaterialId, Shape,
    VoxelBox,
};

use super::{
    bounds::{ColumnBounds, Span, classify},
    cache::TileCache,
    chunk, plane,
    source::ColumnSource,
};
use crate::{
    baseline::{Baseline, Classification, Survey},
    relief::Relief,
};

/// A source of columns, and what it must tell to be a [`Baseline`].
pub(crate) trait ColumnBaseline: ColumnSource {
    /// The tiles of its columns.
    fn tiles(&self) -> &TileCache<Self::Floors>;

    /// Bounds of the columns of a box, at a lod and all finer ones. `columns`: those that count, in voxels (min x,
    /// min z, max x, max z), which are some more than those of the box.
    fn bounds(
        &self,
        region: u8,
        voxels: LatticeBox,
        columns: [i64; 4],
        lod: u8,
    ) -> ColumnBounds<Self::Floors>;

    /// Whether a box is known to be above all ground and water by other means than [`ColumnBaseline::bounds`].
    fn is_known_air(&self, _voxels: LatticeBox, _columns: [i64; 4], _lod: u8) -> bool {
        false
    }

    /// Height of the ground in metres above sea level, at the finest lod, in the column at lattice x and z.
    fn finest_ground_m(&self, region: u8, x: f64, z: f64) -> f64;

    /// See [`Baseline::fingerprint`].
    fn fingerprint(&self) -> String;
}

impl<T: ColumnBaseline> Baseline for T {
    fn shape(&self) -> Shape {
        ColumnSource::shape(self)
    }

    fn fill(&self, key: ChunkKey, chunk: &mut Chunk) {
        *chunk = chunk::fill(self, self.tiles(), key);
    }

    fn classify(&self, voxels: VoxelBox, lod: u8) -> Classification {
        let VoxelBox { region, voxels } = voxels;
        let span = Span::new(voxels, lod);
        if self.is_known_air(voxels, span.columns, lod) {
            return Classification::Uniform(MaterialId::AIR);
        }
        let bounds = self.bounds(region, voxels, span.columns, lod);
        classify(&span, &self.levels(lod), &bounds, self.layers())
    }

    fn prepare(&self, key: ChunkKey, cancel: &CancelToken) -> Result<(), Cancelled> {
        chunk::prepare(self, self.tiles(), key, cancel)
    }

    fn survey(&self, key: ChunkKey) -> Survey {
        chunk::survey(self, self.tiles(), key)
    }

    fn face_plane(&self, key: ChunkKey, face: Face) -> Option<FacePlane> {
        Some(plane::face_plane(self, self.tiles(), key, face))
    }

    fn ground_m(&self, region: u8, lod: u8, first: [i32; 2], size: [usize; 2]) -> Option<Vec<f32>> {
        self.heights(region, lod, first, size, &CancelToken::never()).ok()
    }

    fn relief(
        &self,
        key: ChunkKey,
        cancel: &CancelToken,
    ) -> Result<Option<Arc<Relief>>, Cancelled> {
        chunk::relief(self, self.tiles(), key, cancel).map(Some)
    }

    fn surface_y(&self, region: u8, x: f64, z: f64) -> f64 {
        let ground_m = self.finest_ground_m(region, x, z);
        let top_m = if self.layers().has_sea() { ground_m.max(0.0) } else { ground_m };
        ColumnSource::shape(self).lattice_y(top_m)
    }

    fn fingerprint(&self) -> String {
        ColumnBaseline::fingerprint(self)
    }
}
