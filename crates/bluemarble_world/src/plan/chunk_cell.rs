//! [`chunk_cell`]: which cell of which chunk a voxel is, also beyond a side of its region.

use bluemarble_core::{CHUNK_EDGE, ChunkKey, Shape, VoxelPos, cell_index};

/// The chunk and the index of the cell that hold a voxel, which may lie beyond a side of the region; `None`
/// where there is no lattice.
pub fn chunk_cell(shape: &Shape, pos: VoxelPos) -> Option<(ChunkKey, u32)> {
    if shape.region_box().contains(pos.voxel) {
        return Some(key_and_cell(pos));
    }
    Some(key_and_cell(shape.fold(pos.cell(0))?.min_voxel()))
}

fn key_and_cell(pos: VoxelPos) -> (ChunkKey, u32) {
    let cell = pos.voxel & (CHUNK_EDGE - 1);
    let index = cell_index(cell.x as usize, cell.y as usize, cell.z as usize) as u32;
    (pos.chunk(0), index)
}
