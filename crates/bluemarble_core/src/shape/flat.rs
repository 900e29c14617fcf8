//! A flat world: one region centred on the origin.

use glam::{DMat3, DVec3, IVec3};
use serde::{Deserialize, Serialize};

use super::bounds::NodeBounds;
use crate::{
    boxes::{LatticeBox, VoxelBox},
    key::{ChunkKey, MAX_LOD, REGION_EDGE},
    position::LatticePos,
};

/// A plane of cubes: `-2^26 .. 2^26` voxels along each axis.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flat {
    /// Edge of a voxel in metres.
    pub voxel_m: f64,
}

impl Flat {
    pub(super) fn voxel_m(&self) -> f64 {
        self.voxel_m
    }

    pub(super) fn region_box(&self) -> LatticeBox {
        LatticeBox::new(IVec3::splat(-REGION_EDGE), IVec3::splat(REGION_EDGE))
    }

    pub(super) fn roots(&self) -> Vec<ChunkKey> {
        let octant = |i: i32| IVec3::new(i & 1, i >> 1 & 1, i >> 2) - 1;
        (0..8).map(|i| ChunkKey::new(0, MAX_LOD, octant(i))).collect()
    }

    pub(super) fn local_from_lattice(&self, _region: u8, lattice: DVec3) -> DVec3 {
        lattice * self.voxel_m
    }

    pub(super) fn lattice_from_local(&self, local: DVec3) -> LatticePos {
        LatticePos::new(0, local / self.voxel_m)
    }

    pub(super) fn lattice_from_local_in(&self, _region: u8, local: DVec3) -> DVec3 {
        local / self.voxel_m
    }

    /// Nothing folds on a plane: what is within `count` cells of the origin stays, the rest is outside.
    pub(super) fn fold(&self, _region: u8, cell: IVec3, count: i32) -> Option<(u8, IVec3)> {
        let is_inside =
            cell.cmpge(IVec3::splat(-count)).all() && cell.cmplt(IVec3::splat(count)).all();
        is_inside.then_some((0, cell))
    }

    pub(super) fn box_bounds(&self, voxels: &VoxelBox) -> NodeBounds {
        let VoxelBox { voxels, .. } = voxels;
        let (min, max) = (voxels.min.as_dvec3(), voxels.max.as_dvec3());
        NodeBounds {
            centre: (min + max) * (0.5 * self.voxel_m),
            axes: DMat3::IDENTITY,
            half_extent_m: (max - min) * (0.5 * self.voxel_m),
        }
    }
}
