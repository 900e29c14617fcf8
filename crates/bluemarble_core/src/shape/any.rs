//! [`Shape`]: any of the shapes, and what all of them answer.

use glam::DVec3;
use serde::{Deserialize, Serialize};

use super::{
    bounds::NodeBounds,
    cube_sphere::{self, CubeSphere, EARTH_RADIUS_M},
    flat::Flat,
};
use crate::{
    boxes::{LatticeBox, VoxelBox},
    key::{CHUNK_EDGE, ChunkKey, Face, REGION_EDGE},
    position::{CellPos, LatticePos},
};

/// The shape of a world: leads from the lattice to local space and back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Shape {
    /// One region, a plane without curvature.
    Flat(Flat),
    /// Six regions, one for each face of an equi-angular cube-sphere.
    CubeSphere(CubeSphere),
}

macro_rules! each_shape {
    ($self:ident, $shape:ident => $body:expr) => {
        match $self {
            Self::Flat($shape) => $body,
            Self::CubeSphere($shape) => $body,
        }
    };
}

impl Shape {
    /// The Earth: a cube-sphere of mean radius 6,371,008.8 m.
    pub const fn earth() -> Self {
        Self::CubeSphere(CubeSphere { radius_m: EARTH_RADIUS_M })
    }

    /// How many regions there are.
    pub fn regions(&self) -> u8 {
        match self {
            Self::Flat(_) => 1,
            Self::CubeSphere(_) => 6,
        }
    }

    /// The voxels of a region.
    pub fn region_box(&self) -> LatticeBox {
        each_shape!(self, shape => shape.region_box())
    }

    /// The coarsest nodes, which together cover everything.
    pub fn roots(&self) -> Vec<ChunkKey> {
        each_shape!(self, shape => shape.roots())
    }

    /// Edge of a voxel in metres: vertical everywhere; horizontal at a face's centre at sea level.
    pub fn voxel_m(&self) -> f64 {
        each_shape!(self, shape => shape.voxel_m())
    }

    /// Local position in metres of a lattice position.
    #[inline]
    pub fn local_from_lattice(&self, pos: LatticePos) -> DVec3 {
        each_shape!(self, shape => shape.local_from_lattice(pos.region, pos.lattice))
    }

    /// The lattice position of a local position, in the region that it belongs to.
    #[inline]
    pub fn lattice_from_local(&self, local: DVec3) -> LatticePos {
        each_shape!(self, shape => shape.lattice_from_local(local))
    }

    /// The lattice position of a local position as `region` counts, even outside of it.
    ///
    /// On a planet it has a meaning only on the region's side of the globe.
    #[inline]
    pub fn lattice_from_local_in(&self, region: u8, local: DVec3) -> LatticePos {
        LatticePos::new(
            region,
            each_shape!(self, shape => shape.lattice_from_local_in(region, local)),
        )
    }

    /// The unit direction that points up at a local position.
    pub fn up(&self, local: DVec3) -> DVec3 {
        match self {
            Self::Flat(_) => DVec3::Y,
            Self::CubeSphere(_) => local.normalize_or(DVec3::Y),
        }
    }

    /// Unit direction in local space in which x grows in a region: at the middle of a planet's face, anywhere
    /// on a plane.
    pub fn x_axis(&self, region: u8) -> DVec3 {
        let middle = self.region_box().min.as_dvec3().midpoint(self.region_box().max.as_dvec3());
        let middle = DVec3::new(middle.x, f64::from(self.sea_level_y()), middle.z);
        let at = |lattice| self.local_from_lattice(LatticePos::new(region, lattice));
        let step = at(middle + DVec3::X) - at(middle);
        step.normalize_or(DVec3::X)
    }

    /// Unit direction in local space out of the faces of the cells at a local position, as a region names
    /// them.
    pub fn face_normal(&self, region: u8, local: DVec3, face: Face) -> DVec3 {
        let lattice = self.lattice_from_local_in(region, local).lattice;
        let at = |lattice| self.local_from_lattice(LatticePos::new(region, lattice));
        (at(lattice + face.normal().as_dvec3()) - at(lattice)).normalize_or(self.up(local))
    }

    /// Height of a local position above lattice sea level, in metres.
    pub fn altitude_m(&self, local: DVec3) -> f64 {
        match self {
            Self::Flat(_) => local.y,
            Self::CubeSphere(shape) => local.length() - shape.radius_m,
        }
    }

    /// The lattice height (y, in voxels) of an altitude in metres.
    pub fn lattice_y(&self, altitude_m: f64) -> f64 {
        f64::from(self.sea_level_y()) + altitude_m / self.voxel_m()
    }

    /// The lowest voxel layer above sea level.
    pub fn sea_level_y(&self) -> i32 {
        match self {
            Self::Flat(_) => 0,
            Self::CubeSphere(_) => cube_sphere::SEA_LEVEL_Y,
        }
    }

    /// Folds a cell position that may have left its region over a side onto the region it lands in.
    ///
    /// `None` where there is no lattice: above, below and, in a flat world, beyond the sides. Positions
    /// that left over two sides at once are folded over x first.
    pub fn fold(&self, pos: CellPos) -> Option<CellPos> {
        let (region, cell) =
            each_shape!(self, shape => shape.fold(pos.region, pos.cell, REGION_EDGE >> pos.lod))?;
        Some(CellPos::new(region, pos.lod, cell))
    }

    /// The chunk beyond a face; `None` where the lattice ends.
    pub fn neighbour(&self, key: ChunkKey, face: Face) -> Option<ChunkKey> {
        // Chunks fold as cells of 64 times the width do.
        let (pos, count) = (key.pos + face.normal(), (REGION_EDGE / CHUNK_EDGE) >> key.lod);
        let (region, pos) = each_shape!(self, shape => shape.fold(key.region, pos, count))?;
        Some(ChunkKey::new(region, key.lod, pos))
    }

    /// A box in local space around all that a node covers.
    pub fn node_bounds(&self, key: ChunkKey) -> NodeBounds {
        self.box_bounds(&key.voxel_box())
    }

    /// A box in local space around a box of voxels.
    pub fn box_bounds(&self, voxels: &VoxelBox) -> NodeBounds {
        each_shape!(self, shape => shape.box_bounds(voxels))
    }

    /// The longest quad edge, in cells of `lod`, whose chord stays within 1/16 cell of the lattice's
    /// curve: a power of two, at most 64.
    pub fn max_straight_cells(&self, lod: u8) -> u32 {
        match self {
            Self::Flat(_) => 64,
            Self::CubeSphere(shape) => shape.max_straight_cells(lod),
        }
    }
}
