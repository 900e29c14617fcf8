//! Ray casts: what a ray hits in the world as it is now, drawn or not.
//!
//! | module | what it holds |
//! |---|---|
//! | [`RayOptions`], [`RayHit`] | what is asked, and the answer |
//! | `cast` | [`RayCast`]: a ray on its way through nodes, chunks and regions |
//! | `position` | where it is: in which voxel of which region |
//!
//! A ray leaps over every node that is known to hold nothing for it, over free blocks and bricks in
//! chunks, and is still exactly where a walk from voxel to voxel would be
//! ([`bluemarble_core::shape::Crossings`]).

mod cast;
mod position;

use bluemarble_core::{ChunkKey, Face, GeoPosition, MaterialId, Phase, Shape, shape::Ray};
use glam::{DVec3, IVec3};

pub use cast::RayCast;

use crate::{HybridWorld, WorldError, WorldReader};

/// What stops a ray.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RayTarget {
    /// Everything but air.
    #[default]
    Visible = 0,
    /// Everything but air and liquids: the ground below the sea.
    Solid = 1,
}

impl RayTarget {
    /// Whether a ray ends at a material.
    #[inline]
    pub(crate) fn stops(self, world: &HybridWorld, material: MaterialId) -> bool {
        match self {
            Self::Visible => !material.is_air(),
            Self::Solid => {
                let phase = world.materials().get(material).map(|row| row.phase);
                !material.is_air() && phase != Some(Phase::Liquid)
            }
        }
    }
}

/// How a ray is cast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RayOptions {
    /// How far, in metres.
    pub max_m: f64,
    /// What stops it.
    pub target: RayTarget,
    /// How much wider the ray is for each metre that it has gone, in metres: a pixel's share of the view. It
    /// meets cells of the coarsest lod whose cells are not wider than it. 0 is a line, which meets voxels.
    pub spread: f64,
}

impl Default for RayOptions {
    fn default() -> Self {
        Self { max_m: 1e8, target: RayTarget::Visible, spread: 0.0 }
    }
}

/// Where a ray enters a cell that stops it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RayHit {
    /// Region of the lattice.
    pub region: u8,
    /// The smallest voxel of the cell.
    pub voxel: IVec3,
    /// The cell is `2^lod` voxels wide.
    pub lod: u8,
    /// The side through which the ray comes in; `None` if it starts in the cell.
    pub face: Option<Face>,
    /// What the cell is made of.
    pub material: MaterialId,
    /// Distance from the ray's origin in metres.
    pub distance_m: f64,
    /// Where in world space, in metres.
    pub point: DVec3,
}

impl RayHit {
    /// The chunk that the cell is one of.
    pub fn key(&self) -> ChunkKey {
        ChunkKey::of_voxel(self.region, self.lod, self.voxel)
    }

    /// Where on the globe.
    pub fn place(&self, shape: &Shape) -> GeoPosition {
        shape.place_of_world(self.point)
    }

    /// Unit direction in world space out of the side that was hit.
    pub fn normal(&self, shape: &Shape) -> Option<DVec3> {
        self.face.map(|face| shape.face_normal(self.region, self.point, face))
    }
}

impl WorldReader {
    /// The first cell that stops a ray.
    ///
    /// # Errors
    /// As [`crate::HybridWorld::read`].
    pub fn first_hit(
        &mut self,
        ray: &Ray,
        options: &RayOptions,
    ) -> Result<Option<RayHit>, WorldError> {
        let start = self.query_begins();
        let mut cast = RayCast::new(&self.shape(), ray, options);
        let hit = cast.next_hit(self)?;
        self.query_ends(start, !cast.has_looked());
        Ok(hit)
    }

    /// Every stretch of one material that would stop the ray, front to back, `most` at most.
    ///
    /// # Errors
    /// As [`crate::HybridWorld::read`].
    pub fn all_hits(
        &mut self,
        ray: &Ray,
        options: &RayOptions,
        most: usize,
    ) -> Result<Vec<RayHit>, WorldError> {
        let start = self.query_begins();
        let mut cast = RayCast::new(&self.shape(), ray, options);
        let mut hits = Vec::new();
        while hits.len() < most
            && let Some(hit) = cast.next_hit(self)?
        {
            hits.push(hit);
        }
        self.query_ends(start, !cast.has_looked());
        Ok(hits)
    }

    /// Whether anything stops a ray on its way from one place to another, both in metres.
    ///
    /// # Errors
    /// As [`crate::HybridWorld::read`].
    pub fn is_blocked(
        &mut self,
        from: DVec3,
        to: DVec3,
        target: RayTarget,
    ) -> Result<bool, WorldError> {
        let Some(direction) = (to - from).try_normalize() else { return Ok(false) };
        let options = RayOptions { max_m: from.distance(to), target, spread: 0.0 };
        Ok(self.first_hit(&Ray { origin: from, direction }, &options)?.is_some())
    }
}

#[cfg(test)]
mod tests;
