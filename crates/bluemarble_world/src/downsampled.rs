//! The exact rule that carries an edit from children to their parent.
//!
//! A baseline fills every lod by itself, so a parent is not what its children would downsample to, and
//! replacing all of it would show a seam around every edit. Each coarse cell is therefore decided by
//! itself: where the edit changes nothing of what the block of fine cells downsamples to, the cell is the
//! baseline's; elsewhere it is what the block downsamples to now. The rule looks at nothing but the
//! chunks as they are, so it can be applied again at any time, and undoing an edit undoes its parents.

use std::cell::RefCell;

use bluemarble_core::{CHUNK_EDGE, CHUNK_VOLUME, Chunk, MaterialId, downsample::downsample_block};

/// Cells along an edge of the part of a parent that one child stands for.
const HALF: usize = CHUNK_EDGE as usize / 2;
/// From one cell to the next along z and along y.
const STEP_Z: usize = CHUNK_EDGE as usize;
const STEP_Y: usize = STEP_Z * STEP_Z;

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

/// The parent with those parts brought up to date that the children stand for; `None` if it is.
pub fn carry_up(parent: &Chunk, parent_baseline: &Chunk, children: &[Child<'_>]) -> Option<Chunk> {
    thread_local! {
        static CELLS: RefCell<CarryUp> = RefCell::default();
    }
    CELLS.with_borrow_mut(|cells| cells.carry(parent, parent_baseline, children))
}

/// The cells of the chunks at hand, unpacked; used for one parent after the other.
struct CarryUp {
    parent: Vec<MaterialId>,
    parent_baseline: Vec<MaterialId>,
    now: Vec<MaterialId>,
    baseline: Vec<MaterialId>,
}

impl Default for CarryUp {
    fn default() -> Self {
        let cells = || vec![MaterialId::AIR; CHUNK_VOLUME];
        Self { parent: cells(), parent_baseline: cells(), now: cells(), baseline: cells() }
    }
}

impl CarryUp {
    fn carry(
        &mut self,
        parent: &Chunk,
        parent_baseline: &Chunk,
        children: &[Child<'_>],
    ) -> Option<Chunk> {
        parent.write_cells(&mut self.parent);
        parent_baseline.write_cells(&mut self.parent_baseline);
        let mut changed = false;
        for child in children {
            changed |= self.carry_child(child);
        }
        changed.then(|| Chunk::from_cells(&self.parent))
    }

    /// True if a cell of the parent has changed.
    fn carry_child(&mut self, child: &Child<'_>) -> bool {
        child.now.write_cells(&mut self.now);
        child.baseline.write_cells(&mut self.baseline);
        let [x, y, z] = [0, 1, 2].map(|axis| (child.octant >> axis & 1) * HALF);
        let mut changed = false;
        for y_z in 0..HALF * HALF {
            let [fine_y, fine_z] = [y_z / HALF, y_z % HALF];
            let at = x + (z + fine_z) * STEP_Z + (y + fine_y) * STEP_Y;
            let rows = BlockRows { start: 2 * (fine_z * STEP_Z + fine_y * STEP_Y) };
            let mut row: [MaterialId; HALF] = [MaterialId::AIR; HALF];
            row.copy_from_slice(&self.parent_baseline[at..at + HALF]);
            if !rows.are_equal(&self.now, &self.baseline) {
                for (x, cell) in row.iter_mut().enumerate() {
                    let blocks = [&self.now, &self.baseline].map(|cells| rows.block(cells, x));
                    *cell = decide(blocks, *cell);
                }
            }
            let parent = &mut self.parent[at..at + HALF];
            changed |= !are_equal(parent, &row);
            parent.copy_from_slice(&row);
        }
        changed
    }
}

/// The four rows along x, of all fine cells of a child, that one row of coarse cells stands for.
struct BlockRows {
    /// The first cell of the lowest row.
    start: usize,
}

impl BlockRows {
    fn are_equal(&self, one: &[MaterialId], two: &[MaterialId]) -> bool {
        // Rows that follow each other along z lie together.
        [self.start, self.start + STEP_Y].into_iter().all(|start| {
            let rows = start..start + 2 * STEP_Z;
            are_equal(&one[rows.clone()], &two[rows])
        })
    }

    /// The block that a coarse cell of the row stands for, ordered as octants.
    fn block(&self, cells: &[MaterialId], coarse_x: usize) -> [MaterialId; 8] {
        let at = self.start + 2 * coarse_x;
        std::array::from_fn(|octant| {
            cells[at + (octant & 1) + (octant >> 1 & 1) * STEP_Y + (octant >> 2) * STEP_Z]
        })
    }
}

/// Whether cells are the same; as numbers, since those are compared many at once.
fn are_equal(one: &[MaterialId], two: &[MaterialId]) -> bool {
    bytemuck::cast_slice::<MaterialId, u16>(one) == bytemuck::cast_slice::<MaterialId, u16>(two)
}

/// One coarse cell: the block of fine cells as it is and as the baseline has it, and the baseline's cell.
fn decide([now, baseline]: [[MaterialId; 8]; 2], parent_baseline: MaterialId) -> MaterialId {
    if now == baseline {
        return parent_baseline;
    }
    let shown = downsample_block(now);
    if shown == downsample_block(baseline) { parent_baseline } else { shown }
}
