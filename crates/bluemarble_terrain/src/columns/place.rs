//! Where the columns of a chunk lie, and which of their cells are its own.

use std::ops::RangeInclusive;

use bluemarble_core::{CHUNK_EDGE, ChunkKey};

/// Columns along an edge of a chunk.
pub(super) const EDGE: usize = CHUNK_EDGE as usize;

/// Region, lod, x and z of a chunk.
pub(super) type Place = (u8, u8, i32, i32);

pub(super) fn place(key: ChunkKey) -> Place {
    (key.region, key.lod, key.pos.x, key.pos.z)
}

/// The layers of cells of a chunk.
pub(super) fn layers(key: ChunkKey) -> RangeInclusive<i32> {
    let low = key.pos.y * CHUNK_EDGE;
    low..=low + CHUNK_EDGE - 1
}
