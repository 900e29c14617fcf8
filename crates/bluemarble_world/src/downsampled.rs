//! The exact rule that carries an edit from children to their parent.
//!
//! A baseline fills every lod by itself, so a parent is not what its children would downsample to, and
//! replacing all of it would show a seam around every edit. Each coarse cell is therefore decided by
//! itself: where the edit changes nothing of what the block of fine cells downsamples to, the cell is the
//! baseline's; elsewhere it is what the block downsamples to now. The rule looks at nothing but the
//! chunks as they are, so it can be applied again at any time, and undoing an edit undoes its parents.

use bluemarble_core::{
    CHUNK_EDGE, Chunk, MaterialId,
    chunk::cell_index,
    downsample::{block_at, downsample_block},
};
use glam::{IVec3, ivec3};

/// A child of the parent to be made: as it is, and as the baseline has it.
#[derive(Clone, Copy, Debug)]
pub struct Child<'a> {
    /// Which child ([`bluemarble_core::ChunkKey::octant`]).
    pub octant: usize,
    /// The child as it is.
    pub now: &'a Chunk,
    /// The child as the baseline fills it.
    pub baseline: &'a Chunk,
}

/// Brings the part of a parent up to date that one child stands for. True if a cell has changed.
pub fn carry_up(parent: &mut Chunk, parent_baseline: &Chunk, child: Child<'_>) -> bool {
    let half = CHUNK_EDGE / 2;
    let octant = child.octant as i32;
    let corner = ivec3(octant & 1, octant >> 1 & 1, octant >> 2) * half;
    let same =
        child.now.as_uniform().is_some() && child.now.as_uniform() == child.baseline.as_uniform();
    let mut changed = false;
    for y in 0..half {
        for z in 0..half {
            for x in 0..half {
                let cell = ivec3(x, y, z);
                let at: IVec3 = corner + cell;
                let at = cell_index(at.x as usize, at.y as usize, at.z as usize);
                let material = if same {
                    parent_baseline.get_index(at)
                } else {
                    let baseline = || parent_baseline.get_index(at);
                    decide(
                        block_at(child.now, cell * 2),
                        block_at(child.baseline, cell * 2),
                        baseline,
                    )
                };
                changed |= parent.set_index(at, material) != material;
            }
        }
    }
    changed
}

/// One coarse cell: the block of fine cells as it is, as the baseline has it, and the baseline's cell.
fn decide(
    now: [MaterialId; 8],
    baseline: [MaterialId; 8],
    parent_baseline: impl Fn() -> MaterialId,
) -> MaterialId {
    if now == baseline {
        return parent_baseline();
    }
    let shown = downsample_block(now);
    if shown == downsample_block(baseline) { parent_baseline() } else { shown }
}
