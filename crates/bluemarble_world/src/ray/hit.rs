//! [`RayHit`]: where a ray enters a cell that stops it.

use bluemarble_core::{ChunkKey, Face, GeoPosition, MaterialId, Shape, VoxelPos};
use glam::DVec3;

/// Where a ray enters a cell that stops it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RayHit {
    /// The smallest voxel of the cell.
    pub pos: VoxelPos,
    /// The cell is `2^lod` voxels wide.
    pub lod: u8,
    /// The side through which the ray comes in; `None` if it starts in the cell.
    pub face: Option<Face>,
    /// What the cell is made of.
    pub material: MaterialId,
    /// Distance from the ray's origin in metres.
    pub distance_m: f64,
    /// Where in local space, in metres.
    pub point: DVec3,
}

impl RayHit {
    /// The chunk that the cell is one of.
    pub fn key(&self) -> ChunkKey {
        self.pos.chunk(self.lod)
    }

    /// Where on the globe.
    pub fn geo(&self, shape: &Shape) -> GeoPosition {
        shape.geo_from_local(self.point)
    }

    /// Unit direction in local space out of the side that was hit.
    pub fn normal(&self, shape: &Shape) -> Option<DVec3> {
        self.face.map(|face| shape.face_normal(self.pos.region, self.point, face))
    }
}
