//! [`UniformBox`]: cells of a chunk that have something in common, as few and large boxes.

use bluemarble_core::{CHUNK_EDGE, Chunk, LatticeBox, MaterialId, cell_index};
use glam::{IVec3, ivec3};

/// Cells of a box, and what is said of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UniformBox<T> {
    min: [u8; 3],
    max: [u8; 3],
    /// What is said of each cell.
    pub value: T,
}

impl<T> UniformBox<T> {
    /// A box within 0..64.
    pub fn new(cells: LatticeBox, value: T) -> Self {
        let corner = |at: IVec3| at.to_array().map(|v| v as u8);
        Self { min: corner(cells.min), max: corner(cells.max), value }
    }

    /// The cells: coordinates are 0..=64.
    pub fn cells(&self) -> LatticeBox {
        let corner = |at: [u8; 3]| IVec3::from(at.map(i32::from));
        LatticeBox::new(corner(self.min), corner(self.max))
    }

    /// The same cells, and something else said of them.
    pub fn map<U>(self, how: impl FnOnce(T) -> U) -> UniformBox<U> {
        UniformBox { min: self.min, max: self.max, value: how(self.value) }
    }

    /// How many cells there are.
    pub fn count(&self) -> u64 {
        self.cells().size().as_u64vec3().element_product()
    }
}

/// All cells of a chunk.
pub const WHOLE: LatticeBox = LatticeBox::new(IVec3::ZERO, IVec3::splat(CHUNK_EDGE));

/// Boxes that hold every cell of a box within 0..64 of which `at` says something, each once, with all cells
/// of a box alike.
///
/// From the first cell that no box holds yet a box grows along x, then z, then y.
pub fn merge<T: Copy + PartialEq>(
    cells: LatticeBox,
    at: impl Fn(IVec3) -> Option<T>,
) -> Vec<UniformBox<T>> {
    let mut boxes = Vec::new();
    let LatticeBox { min, max } = cells;
    let size = cells.size();
    let slot =
        |x: i32, y: i32, z: i32| (((y - min.y) * size.z + z - min.z) * size.x + x - min.x) as usize;
    let mut taken = vec![false; size.element_product() as usize];
    for y in min.y..max.y {
        for z in min.z..max.z {
            let mut x = min.x;
            while x < max.x {
                let Some(value) = at(ivec3(x, y, z)).filter(|_| !taken[slot(x, y, z)]) else {
                    x += 1;
                    continue;
                };
                let free = |x, y, z| !taken[slot(x, y, z)] && at(ivec3(x, y, z)) == Some(value);
                let x1 = (x..max.x).find(|&x| !free(x, y, z)).unwrap_or(max.x);
                let row = |y, z| (x..x1).all(|x| free(x, y, z));
                let z1 = (z..max.z).find(|&z| !row(y, z)).unwrap_or(max.z);
                let layer = |y| (z..z1).all(|z| row(y, z));
                let y1 = (y..max.y).find(|&y| !layer(y)).unwrap_or(max.y);
                for y in y..y1 {
                    for z in z..z1 {
                        taken[slot(x, y, z)..][..(x1 - x) as usize].fill(true);
                    }
                }
                let cells = LatticeBox::new(ivec3(x, y, z), ivec3(x1, y1, z1));
                boxes.push(UniformBox::new(cells, value));
                x = x1;
            }
        }
    }
    boxes
}

/// The cells in which two chunks differ: what the first has, and the second.
pub fn diff(before: &Chunk, after: &Chunk) -> Vec<UniformBox<(MaterialId, MaterialId)>> {
    if let (Some(before), Some(after)) = (before.as_uniform(), after.as_uniform()) {
        let whole = UniformBox::new(WHOLE, (before, after));
        return if before == after { Vec::new() } else { vec![whole] };
    }
    diff_cells(&before.to_cells(), &after.to_cells())
}

/// The same of all cells of two chunks, in the order of their indices.
pub fn diff_cells(
    before: &[MaterialId],
    after: &[MaterialId],
) -> Vec<UniformBox<(MaterialId, MaterialId)>> {
    // Most edits are small: the box around all that differs is found by rows.
    let (mut low, mut high) = (IVec3::splat(CHUNK_EDGE), IVec3::ZERO);
    let rows = before.chunks_exact(64).zip(after.chunks_exact(64));
    for (row, (before, after)) in (0i32..).zip(rows) {
        if before == after {
            continue;
        }
        let differs = |x: &i32| before[*x as usize] != after[*x as usize];
        let first = (0..CHUNK_EDGE).find(differs).unwrap_or(0);
        let last = (0..CHUNK_EDGE).rfind(differs).unwrap_or(0);
        low = low.min(ivec3(first, row / 64, row % 64));
        high = high.max(ivec3(last, row / 64, row % 64) + 1);
    }
    if low.cmpge(high).any() {
        return Vec::new();
    }
    merge(LatticeBox::new(low, high), |cell| {
        let index = cell_index(cell.x as usize, cell.y as usize, cell.z as usize);
        let change = (before[index], after[index]);
        (change.0 != change.1).then_some(change)
    })
}
