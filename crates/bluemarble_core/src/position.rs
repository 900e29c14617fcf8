//! Positions in the lattice that say which region they are in: of a voxel, of a cell, of a point.
//!
//! A bare `IVec3` or `DVec3` beside them is an offset, or a position within something whose region and lod
//! are known: the cells of a [`Chunk`](crate::Chunk), the voxels of a [`LatticeBox`](crate::LatticeBox).

use std::fmt;

use glam::{DVec3, IVec3};
use serde::{Deserialize, Serialize};

use crate::boxes::{LatticeBox, VoxelBox};

/// A voxel of a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub struct VoxelPos {
    /// 0 in a flat world, 0..6 on a planet.
    pub region: u8,
    /// Position in voxels.
    pub voxel: IVec3,
}

impl VoxelPos {
    /// The voxel of `region` at `voxel`.
    #[inline]
    pub const fn new(region: u8, voxel: IVec3) -> Self {
        Self { region, voxel }
    }

    /// This voxel and those above it, so many together.
    pub fn column(self, height: u32) -> VoxelBox {
        let Self { region, voxel } = self;
        let top = voxel.y.saturating_add_unsigned(height);
        VoxelBox::new(region, LatticeBox::new(voxel, (voxel + 1).with_y(top)))
    }

    /// The cell of `lod` that holds the voxel.
    #[inline]
    pub fn cell(self, lod: u8) -> CellPos {
        CellPos::new(self.region, lod, self.voxel >> i32::from(lod))
    }
}

impl fmt::Display for VoxelPos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let voxel = self.voxel;
        write!(f, "{},{},{},{}", self.region, voxel.x, voxel.y, voxel.z)
    }
}

/// A cell of a region: `2^lod` voxels wide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub struct CellPos {
    /// 0 in a flat world, 0..6 on a planet.
    pub region: u8,
    /// 0 is finest: there, cells are voxels.
    pub lod: u8,
    /// Position in cells of this lod.
    pub cell: IVec3,
}

impl CellPos {
    /// The cell of `region` at `cell`, counted in cells of `lod`.
    #[inline]
    pub const fn new(region: u8, lod: u8, cell: IVec3) -> Self {
        Self { region, lod, cell }
    }

    /// The smallest voxel of the cell.
    #[inline]
    pub fn min_voxel(self) -> VoxelPos {
        VoxelPos::new(self.region, self.cell << i32::from(self.lod))
    }
}

/// A point of a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub struct LatticePos {
    /// 0 in a flat world, 0..6 on a planet.
    pub region: u8,
    /// Position in voxels: voxel v fills v..v + 1.
    pub lattice: DVec3,
}

impl LatticePos {
    /// The point of `region` at `lattice`.
    #[inline]
    pub const fn new(region: u8, lattice: DVec3) -> Self {
        Self { region, lattice }
    }

    /// The point `offset` further on, in voxels; it may be outside of the region.
    #[inline]
    pub fn offset(self, offset: DVec3) -> Self {
        Self { lattice: self.lattice + offset, ..self }
    }

    /// The voxel that holds the point.
    #[inline]
    pub fn voxel(self) -> VoxelPos {
        VoxelPos::new(self.region, self.lattice.floor().as_ivec3())
    }
}
