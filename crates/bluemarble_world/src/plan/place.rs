//! [`place`]: which cell of which chunk a voxel is, also beyond a side of its region.

use bluemarble_core::{CHUNK_EDGE, ChunkKey, Shape, chunk::cell_index};
use glam::IVec3;

/// The chunk and the index of the cell that hold a voxel, which may lie beyond a side of the region; `None`
/// where there is no lattice.
pub fn place(shape: &Shape, region: u8, voxel: IVec3) -> Option<(ChunkKey, u32)> {
    let around = shape.region_box();
    if around.contains(voxel) {
        return Some(key_and_cell(region, voxel));
    }
    // Nothing folds from further away than a region; beyond that, sums would overflow.
    let (size, voxel_64) = (around.size().as_i64vec3(), voxel.as_i64vec3());
    if voxel_64.cmplt(around.min.as_i64vec3() - size).any()
        || voxel_64.cmpge(around.max.as_i64vec3() + size).any()
    {
        return None;
    }
    let place = shape.place(region, 0, voxel)?;
    Some(key_and_cell(place.region, place.cell))
}

fn key_and_cell(region: u8, voxel: IVec3) -> (ChunkKey, u32) {
    let cell = voxel & (CHUNK_EDGE - 1);
    let index = cell_index(cell.x as usize, cell.y as usize, cell.z as usize) as u32;
    (ChunkKey::of_voxel(region, 0, voxel), index)
}
