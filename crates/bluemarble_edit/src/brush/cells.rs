//! Which cells of which chunks a shape holds.

use bluemarble_core::{CHUNK_EDGE, ChunkKey, LatticeBox, Shape, VoxelPos, cell_position};
use bluemarble_world::plan;
use glam::{IVec3, ivec3};
use rustc_hash::FxHashMap;

use super::{mask::Mask, shape::BrushShape};
use crate::{EditError, MAX_CELLS};

/// The most chunks that a brush reaches: half a gigabyte of cells and masks, if all are as mixed as
/// ground is.
const MAX_CHUNKS: u64 = 4096;

/// Boxes of so few cells are not halved any more.
const CELLS_TRIED: i32 = 64;

/// The cells of a shape, by chunks that lie in their regions, sorted.
pub(super) fn of_shape(
    world: &Shape,
    region: u8,
    shape: &BrushShape,
) -> Result<Vec<(ChunkKey, Mask)>, EditError> {
    let too_large = |unit, max| EditError::TooLarge { what: "brush", unit, max };
    if shape.volume() > MAX_CELLS as f64 {
        return Err(too_large("cells", MAX_CELLS));
    }
    let bounds = shape.bounds();
    let mut chunks = Vec::new();
    // Boxes of chunk positions, halved until they are one chunk.
    let mut stack = vec![LatticeBox::new(bounds.min >> 6, ((bounds.max - 1) >> 6) + 1)];
    while let Some(part) = stack.pop() {
        // Chunks of an i32 lattice lie in it.
        let voxels = LatticeBox::new(part.min << 6, ((part.max - 1) << 6) | (CHUNK_EDGE - 1));
        if shape.misses(LatticeBox::new(voxels.min, voxels.max.saturating_add(IVec3::ONE))) {
            continue;
        }
        if part.size() != IVec3::ONE {
            stack.extend(halves(part));
            continue;
        }
        if chunks.len() as u64 == MAX_CHUNKS {
            return Err(too_large("chunks", MAX_CHUNKS));
        }
        chunks.push(ChunkKey::new(region, 0, part.min));
    }
    let mut masks: FxHashMap<ChunkKey, Mask> = FxHashMap::default();
    for key in chunks {
        let mut mask = Mask::empty();
        fill(shape, key.min_voxel(), &mut mask);
        if !mask.bounds().is_empty() {
            add(world, key, mask, &mut masks);
        }
    }
    let mut masks: Vec<_> = masks.into_iter().collect();
    masks.sort_unstable_by_key(|(key, _)| (key.region, key.pos.to_array()));
    Ok(masks)
}

/// The upper and the lower half of a box along its longest axis.
fn halves(part: LatticeBox) -> [LatticeBox; 2] {
    let axis = part.size().max_position();
    let middle = part.min[axis] + part.size()[axis] / 2;
    let (mut low, mut high) = (part, part);
    low.max[axis] = middle;
    high.min[axis] = middle;
    [high, low]
}

/// Adds the cells of a shape in the chunk at a corner, which may lie beyond a side.
fn fill(shape: &BrushShape, corner: IVec3, mask: &mut Mask) {
    let mut stack = vec![LatticeBox::new(IVec3::ZERO, IVec3::splat(CHUNK_EDGE))];
    while let Some(part) = stack.pop() {
        let high = corner.saturating_add(part.max);
        if shape.misses(LatticeBox::new(corner + part.min, high)) {
            continue;
        }
        // Shapes are convex: what holds the corners holds everything.
        let far = part.size() - 1;
        let mut ends = (0..8).map(|i| part.min + ivec3(i & 1, i >> 1 & 1, i >> 2) * far);
        let is_whole = ends.all(|cell| shape.contains(corner, cell));
        if !is_whole && part.size().element_product() > CELLS_TRIED {
            stack.extend(halves(part));
            continue;
        }
        for cell in crate::batch::voxels_of(part) {
            if is_whole || shape.contains(corner, cell) {
                mask.insert(cell);
            }
        }
    }
}

/// Adds the cells of a chunk where they lie: beyond a side that is the next region.
fn add(world: &Shape, key: ChunkKey, mask: Mask, masks: &mut FxHashMap<ChunkKey, Mask>) {
    let mut unite = |key: ChunkKey, mask: Mask| match masks.entry(key) {
        std::collections::hash_map::Entry::Occupied(mut entry) => entry.get_mut().unite(&mask),
        std::collections::hash_map::Entry::Vacant(entry) => drop(entry.insert(mask)),
    };
    let corner = key.min_voxel();
    if world.region_box().contains(corner) {
        unite(key, mask);
        return;
    }
    // The cells of a chunk all lie in one chunk of the next region.
    let mut target = None;
    let mut folded = Mask::empty();
    for cell in mask.cells() {
        if let Some((key, cell)) = plan::chunk_cell(world, VoxelPos::new(key.region, corner + cell))
        {
            folded.insert(cell_position(cell as usize));
            target = Some(key);
        }
    }
    if let Some(key) = target {
        unite(key, folded);
    }
}
