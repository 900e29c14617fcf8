//! What every mesher does.

use bluemarble_core::Chunk;

use crate::{quad::PackedQuad, surroundings::Surroundings};

/// How a chunk is meshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeshOptions {
    /// No quad crosses a multiple of this many cells along its width or height: where a planet is
    /// curved, longer quads would sag. A power of two, 1..=64.
    pub max_edge: u32,
    /// Whether to add skirts: see [`crate::blocky`].
    pub skirts: bool,
}

impl Default for MeshOptions {
    fn default() -> Self {
        Self { max_edge: 64, skirts: false }
    }
}

/// The quads of one chunk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChunkMesh {
    /// Faces of opaque cells, skirts included.
    pub opaque: Vec<PackedQuad>,
    /// Faces of liquid and translucent cells.
    pub see_through: Vec<PackedQuad>,
}

impl ChunkMesh {
    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.opaque.is_empty() && self.see_through.is_empty()
    }

    /// Bytes of all quads.
    pub fn size_bytes(&self) -> usize {
        (self.opaque.len() + self.see_through.len()) * size_of::<PackedQuad>()
    }

    /// Forgets all quads and keeps their memory.
    pub fn clear(&mut self) {
        self.opaque.clear();
        self.see_through.clear();
    }
}

/// Makes quads of chunks. A game may bring its own.
pub trait Mesher: Send + Sync {
    /// Appends the quads of a chunk to `out`.
    fn mesh(
        &self,
        chunk: &Chunk,
        around: &Surroundings,
        options: &MeshOptions,
        out: &mut ChunkMesh,
    );
}
