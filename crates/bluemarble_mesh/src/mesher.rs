//! What every mesher does.

use bluemarble_core::{Chunk, MaterialId};
use glam::Vec3;

use crate::{quad::PackedQuad, surroundings::Surroundings};

/// How a chunk is meshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeshOptions {
    /// No quad crosses a multiple of this many cells along its width or height: where a planet is
    /// curved, longer quads would sag. A power of two, 1..=64.
    pub max_edge: u32,
    /// Whether to add skirts: walls that hang from the edges of the chunk and close the gap to neighbours of another lod.
    pub skirts: bool,
    /// Whether the corners of opaque faces are darkened where cells beside them take the light (see
    /// [`PackedQuad::light`]). It makes up to twice as many quads. Diagonally beyond the edges of a chunk,
    /// where no plane tells, a cell is taken as opaque if one of the nearest cells that are known is.
    pub ambient_occlusion: bool,
}

impl Default for MeshOptions {
    fn default() -> Self {
        Self { max_edge: 64, skirts: false, ambient_occlusion: false }
    }
}

/// A corner of a rounded surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SmoothVertex {
    /// Where it lies, in cells of the chunk.
    pub position: Vec3,
    /// Unit normal, in axes of the chunk.
    pub normal: Vec3,
    /// The two materials that count most around it; twice the same where there is but one.
    pub materials: [MaterialId; 2],
    /// How much the second counts: 0..=0.5.
    pub blend: f32,
}

/// A rounded surface: triangles over shared corners.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SmoothMesh {
    /// The corners.
    pub vertices: Vec<SmoothVertex>,
    /// Three a triangle, counter-clockwise seen from outside.
    pub indices: Vec<u32>,
}

/// What is drawn of one chunk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChunkMesh {
    /// Faces of opaque cells, skirts included.
    pub opaque: Vec<PackedQuad>,
    /// Faces of liquid and translucent cells.
    pub see_through: Vec<PackedQuad>,
    /// Rounded surfaces of opaque cells, skirts included.
    pub smooth: SmoothMesh,
}

impl ChunkMesh {
    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.opaque.is_empty() && self.see_through.is_empty() && self.smooth.indices.is_empty()
    }

    /// Bytes of all quads, corners and triangles.
    pub fn size_bytes(&self) -> usize {
        (self.opaque.len() + self.see_through.len()) * size_of::<PackedQuad>()
            + size_of_val(&self.smooth.vertices[..])
            + size_of_val(&self.smooth.indices[..])
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.opaque.clear();
        self.see_through.clear();
        self.smooth.vertices.clear();
        self.smooth.indices.clear();
    }
}

/// How far beyond a chunk a mesher looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// At the cells beyond the six faces.
    #[default]
    Faces,
    /// At the shell of cells all around, edges and corners included.
    Shell,
}

/// Makes meshes of chunks. A game may bring its own.
pub trait Mesher: Send + Sync {
    /// How far it looks: decides what its surroundings hold.
    fn reach(&self) -> Reach {
        Reach::Faces
    }

    /// Appends what is drawn of a chunk to `out`.
    fn mesh(
        &self,
        chunk: &Chunk,
        around: &Surroundings,
        options: &MeshOptions,
        out: &mut ChunkMesh,
    );
}
