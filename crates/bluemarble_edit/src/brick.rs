//! [`Brick`]: a dense box of cells on its way into a world, as few and large boxes of edits.

use bluemarble_core::{CHUNK_EDGE, LatticeBox, MaterialId, VoxelBox};
use bluemarble_world::{EditBatch, uniform_box};
use glam::{IVec3, ivec3};

/// Marks a cell that stays what it is.
pub const KEEP: MaterialId = MaterialId::UNSTORED;

/// A dense box of materials.
#[derive(Clone, Debug)]
pub struct Brick {
    voxels: LatticeBox,
    /// x fastest, then z, then y.
    cells: Vec<MaterialId>,
}

impl Brick {
    /// A box in which every cell is [`KEEP`].
    pub fn new(voxels: LatticeBox) -> Self {
        let size = voxels.size().as_u64vec3();
        Self { voxels, cells: vec![KEEP; (size.x * size.y * size.z) as usize] }
    }

    /// Sets a cell; `cell` counts from the lower corner of the box.
    pub fn set(&mut self, cell: IVec3, material: MaterialId) {
        let index = self.index(cell);
        self.cells[index] = material;
    }

    fn index(&self, cell: IVec3) -> usize {
        let size = self.voxels.size();
        (cell.y as usize * size.z as usize + cell.z as usize) * size.x as usize + cell.x as usize
    }

    /// The edits that make a world hold the box: one batch a chunk, with nothing to do left out.
    pub fn batches(&self, region: u8) -> impl Iterator<Item = EditBatch> + '_ {
        chunk_pieces(self.voxels)
            .map(move |piece| self.batch(region, piece))
            .filter(|b| !b.is_empty())
    }

    fn batch(&self, region: u8, piece: LatticeBox) -> EditBatch {
        let low = piece.min - self.voxels.min;
        let boxes = uniform_box::merge(LatticeBox::new(IVec3::ZERO, piece.size()), |cell| {
            let material = self.cells[self.index(low + cell)];
            (material != KEEP).then_some(material)
        });
        let mut batch = EditBatch::new();
        for uniform in boxes {
            let cells = uniform.cells();
            let voxels = LatticeBox::new(piece.min + cells.min, piece.min + cells.max);
            batch.fill_box(VoxelBox::new(region, voxels), uniform.value);
        }
        batch
    }
}

/// The parts of a box by the chunks of lod 0 that hold them.
fn chunk_pieces(voxels: LatticeBox) -> impl Iterator<Item = LatticeBox> {
    tiles(voxels, IVec3::splat(CHUNK_EDGE))
}

/// The parts of a box by the cubes of a grid that hold them; `edge` is a power of two along each axis.
pub fn tiles(voxels: LatticeBox, edge: IVec3) -> impl Iterator<Item = LatticeBox> {
    let first = voxels.min.div_euclid(edge);
    let last = (voxels.max - 1).div_euclid(edge);
    let tile = move |x, y, z| {
        let min = ivec3(x, y, z) * edge;
        // The last cube of a lattice may end just beyond what an i32 holds.
        let max = ivec3(
            min.x.saturating_add(edge.x),
            min.y.saturating_add(edge.y),
            min.z.saturating_add(edge.z),
        );
        LatticeBox::new(min.max(voxels.min), max.min(voxels.max))
    };
    (first.y..=last.y).flat_map(move |y| {
        (first.z..=last.z).flat_map(move |z| (first.x..=last.x).map(move |x| tile(x, y, z)))
    })
}

#[cfg(test)]
mod tests {
    use bluemarble_world::EditOp;

    use super::*;

    #[test]
    fn the_boxes_of_a_brick_are_its_cells_each_once() {
        let voxels = LatticeBox::new(ivec3(-3, 60, -70), ivec3(9, 70, 5));
        let mut brick = Brick::new(voxels);
        let material = |at: IVec3| {
            let mixed = (at.x * 7 + at.y * 13 + at.z * 31).rem_euclid(5);
            [KEEP, MaterialId(0), MaterialId(3), MaterialId(3), MaterialId(4)]
                [mixed as usize / 2 * 2]
        };
        let all = || tiles(voxels, IVec3::ONE).map(|cell| cell.min);
        for at in all() {
            brick.set(at - voxels.min, material(at));
        }
        let mut seen = std::collections::HashMap::new();
        for batch in brick.batches(2) {
            for op in batch.ops() {
                let EditOp::Box { region: 2, voxels, material } = op else { panic!("{op:?}") };
                for cell in tiles(*voxels, IVec3::ONE) {
                    assert_eq!(seen.insert(cell.min, *material), None, "{} twice", cell.min);
                }
            }
        }
        for at in all() {
            let expected = (material(at) != KEEP).then(|| material(at));
            assert_eq!(seen.get(&at).copied(), expected, "{at}");
        }
    }

    #[test]
    fn a_uniform_brick_is_one_box_a_chunk() {
        let mut brick = Brick::new(LatticeBox::new(IVec3::ZERO, ivec3(128, 64, 10)));
        brick.cells.fill(MaterialId(9));
        let ops: usize = brick.batches(0).map(|batch| batch.ops().len()).sum();
        assert_eq!(ops, 2);
    }
}
