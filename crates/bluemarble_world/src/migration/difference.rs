//! [`difference`]: the edits that make a chunk of the world like the octree's.

use bluemarble_core::{Cause, Cells, ChunkKey, CompactChunk, EditBatch, LatticeBox, VoxelBox};
use glam::IVec3;

use crate::uniform_box;

/// A chunk of both.
pub(super) struct Pair {
    pub octree: CompactChunk,
    pub world: CompactChunk,
}

/// The edits that make the chunk of the world like the octree's in a box, where a voxel counts.
pub(super) fn difference(
    key: ChunkKey,
    part: LatticeBox,
    pair: &Pair,
    counts: impl Fn(IVec3) -> bool,
) -> EditBatch {
    let mut batch = EditBatch::new().caused_by(Cause::Tool);
    if pair.octree.is_same(&pair.world) {
        return batch;
    }
    let low = key.min_voxel();
    let cells = LatticeBox::new(part.min - low, part.max - low);
    let boxes = uniform_box::merge(cells, |cell| {
        let material = pair.octree.get(cell);
        (material != pair.world.get(cell) && counts(low + cell)).then_some(material)
    });
    for uniform in boxes {
        let cells = uniform.cells();
        let voxels = LatticeBox::new(low + cells.min, low + cells.max);
        batch.fill_box(VoxelBox::new(key.region, voxels), uniform.value);
    }
    batch
}
