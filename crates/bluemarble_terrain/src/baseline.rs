//! [`Baseline`]: what a world is made of where it is not edited.

use std::sync::Arc;

use bluemarble_core::{
    CancelToken, Cancelled, Chunk, ChunkKey, Face, FacePlane, MaterialId, Shape, VoxelBox,
};

use crate::relief::Relief;

/// What a baseline knows about a box without filling it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Classification {
    /// Every cell, at the lod asked about and at all finer ones, has this material, and there is
    /// nothing to draw: if the material is not air, the cells beside the box have it too.
    Uniform(MaterialId),
    /// Every cell of the box and every cell beside it is opaque, at the lod asked about and at all
    /// finer ones, but of several materials: nothing to draw.
    Solid,
    /// Anything else, or too close to tell.
    Mixed,
}

/// What the cells of one chunk are, told without filling it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survey {
    /// Every cell has this material.
    Uniform(MaterialId),
    /// Every cell is opaque, of several materials.
    Opaque,
    /// Anything else, or too close to tell.
    Mixed,
}

/// The procedural source of a world: a pure function of its parameters and the key.
pub trait Baseline: Send + Sync + 'static {
    /// How the lattice lies in local space.
    fn shape(&self) -> Shape;

    /// Makes the chunk of any lod directly.
    fn fill(&self, key: ChunkKey, chunk: &mut Chunk);

    /// What a box of voxels of one region holds, seen at `lod` and at every finer lod. Much cheaper
    /// than [`Baseline::fill`], and never wrong: in doubt it answers [`Classification::Mixed`].
    fn classify(&self, voxels: VoxelBox, lod: u8) -> Classification;

    /// Does the long part of [`Baseline::survey`] and [`Baseline::fill`] in steps of at most a
    /// millisecond. A source whose answers come quickly has nothing to do.
    ///
    /// # Errors
    /// [`Cancelled`] if `cancel`, which is checked before each step, says so.
    fn prepare(&self, _key: ChunkKey, _cancel: &CancelToken) -> Result<(), Cancelled> {
        Ok(())
    }

    /// What the cells of a chunk are, at its own lod only: what [`Baseline::classify`] must leave open
    /// because of finer lods, or because its bounds are loose, is told here. May cost as much as a chunk
    /// of the surface does, shared by all chunks above and below it; call it on a worker. Never wrong.
    fn survey(&self, key: ChunkKey) -> Survey {
        match self.classify(key.voxel_box(), key.lod) {
            Classification::Uniform(material) => Survey::Uniform(material),
            Classification::Solid => Survey::Opaque,
            Classification::Mixed => Survey::Mixed,
        }
    }

    /// The cells of a chunk next to one of its faces, if there is a quicker way to them than to fill it.
    fn face_plane(&self, _key: ChunkKey, _face: Face) -> Option<FacePlane> {
        None
    }

    /// Heights of the ground in metres above lattice sea level, more exact than cells are: those at the middles of `size` cells
    /// of a lod along x and z from a cell position, x fastest, three each way at least. `None` if the source has no ground. Call
    /// it on a worker.
    fn ground_m(
        &self,
        _region: u8,
        _lod: u8,
        _first: [i32; 2],
        _size: [usize; 2],
    ) -> Option<Vec<f32>> {
        None
    }

    /// How the ground of a chunk's columns lies, for a renderer that lights slopes and casts shadows; `None` if
    /// the source has no ground. Call it on a worker.
    ///
    /// # Errors
    /// [`Cancelled`] if `cancel`, which is checked after every step of a millisecond, says so.
    fn relief(
        &self,
        _key: ChunkKey,
        _cancel: &CancelToken,
    ) -> Result<Option<Arc<Relief>>, Cancelled> {
        Ok(None)
    }

    /// The lattice y, in voxels, of the top of the ground or of the water on it, whichever is higher,
    /// in the column at lattice x and z.
    fn surface_y(&self, region: u8, x: f64, z: f64) -> f64;

    /// One line that names the source and every parameter it depends on. A world records it, so that
    /// edits are never laid over another ground than the one they were made on.
    fn fingerprint(&self) -> String;
}
