//! Boxes of the lattice: [`VoxelBox`] and [`CellBox`] say which region they are in, [`LatticeBox`] does not.

use glam::{IVec3, ivec3};
use serde::{Deserialize, Serialize};

/// A box of voxels, or of cells of one lod, in a region that is known: `min` is inside, `max` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub struct LatticeBox {
    /// The smallest voxel.
    pub min: IVec3,
    /// One past the largest voxel.
    pub max: IVec3,
}

impl LatticeBox {
    /// A box from its smallest voxel to one past its largest.
    pub const fn new(min: IVec3, max: IVec3) -> Self {
        Self { min, max }
    }

    /// Edge lengths in voxels.
    pub fn size(&self) -> IVec3 {
        self.max - self.min
    }

    /// Whether the box holds no voxel.
    pub fn is_empty(&self) -> bool {
        self.min.cmpge(self.max).any()
    }

    /// Whether a voxel lies inside.
    pub fn contains(&self, voxel: IVec3) -> bool {
        voxel.cmpge(self.min).all() && voxel.cmplt(self.max).all()
    }

    /// How many voxels it holds, up to `u64::MAX`.
    pub fn volume(&self) -> u64 {
        if self.is_empty() {
            return 0;
        }
        let size = self.max.as_i64vec3() - self.min.as_i64vec3();
        let [x, y, z] = size.as_u64vec3().to_array();
        x.saturating_mul(y).saturating_mul(z)
    }

    /// The voxels that the two boxes share; empty if they share none.
    pub fn intersection(&self, other: &Self) -> Self {
        Self::new(self.min.max(other.min), self.max.min(other.max))
    }

    /// The parts of the box by the cubes of a grid that hold them, x fastest, then z, then y; `edge` is a power of two
    /// along each axis. None of an empty box.
    pub fn tiles(self, edge: IVec3) -> impl Iterator<Item = Self> {
        let first = self.min.div_euclid(edge);
        let last = if self.is_empty() { first - 1 } else { (self.max - 1).div_euclid(edge) };
        let tile = move |x, y, z| {
            let min = ivec3(x, y, z) * edge;
            // The last cube of a lattice may end just beyond what an i32 holds.
            let max = min.saturating_add(edge);
            Self::new(min.max(self.min), max.min(self.max))
        };
        (first.y..=last.y).flat_map(move |y| {
            (first.z..=last.z).flat_map(move |z| (first.x..=last.x).map(move |x| tile(x, y, z)))
        })
    }

    /// Whether the two boxes share a voxel.
    pub fn intersects(&self, other: &Self) -> bool {
        self.min.cmplt(other.max).all() && other.min.cmplt(self.max).all()
    }
}

/// A box of voxels of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub struct VoxelBox {
    /// 0 in a flat world, 0..6 on a planet.
    pub region: u8,
    /// The voxels.
    pub voxels: LatticeBox,
}

impl VoxelBox {
    /// The voxels of `region` in a box.
    #[inline]
    pub const fn new(region: u8, voxels: LatticeBox) -> Self {
        Self { region, voxels }
    }

    /// The cells of `lod` that the box meets.
    pub fn cells(self, lod: u8) -> CellBox {
        let (LatticeBox { min, max }, shift) = (self.voxels, i32::from(lod));
        CellBox::new(self.region, lod, LatticeBox::new(min >> shift, ((max - 1) >> shift) + 1))
    }
}

/// A box of cells of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub struct CellBox {
    /// 0 in a flat world, 0..6 on a planet.
    pub region: u8,
    /// 0 is finest: there, cells are voxels.
    pub lod: u8,
    /// The cells, counted in cells of this lod.
    pub cells: LatticeBox,
}

impl CellBox {
    /// The cells of `region` in a box that is counted in cells of `lod`.
    #[inline]
    pub const fn new(region: u8, lod: u8, cells: LatticeBox) -> Self {
        Self { region, lod, cells }
    }

    /// The voxels that the cells cover. Numbers beyond every lattice stay beyond it.
    pub fn voxel_box(self) -> VoxelBox {
        let voxels = |cell: IVec3| cell.saturating_mul(IVec3::splat(1 << self.lod));
        let LatticeBox { min, max } = self.cells;
        VoxelBox::new(self.region, LatticeBox::new(voxels(min), voxels(max)))
    }
}

#[cfg(test)]
mod tests {
    use glam::ivec3;

    use super::*;

    #[test]
    fn the_cells_of_a_box_are_those_that_its_voxels_are_in() {
        let voxels = VoxelBox::new(2, LatticeBox::new(ivec3(-5, 0, 7), ivec3(-4, 8, 9)));
        let cells = voxels.cells(2);
        assert_eq!(cells, CellBox::new(2, 2, LatticeBox::new(ivec3(-2, 0, 1), ivec3(-1, 2, 3))));
        let covered = LatticeBox::new(ivec3(-8, 0, 4), ivec3(-4, 8, 12));
        assert_eq!(cells.voxel_box(), VoxelBox::new(2, covered));
        assert_eq!(voxels.cells(0).voxel_box(), voxels);
    }

    #[test]
    fn a_box_meets_each_chunk_of_its_cells_once() {
        let cells = CellBox::new(4, 3, LatticeBox::new(ivec3(-1, 63, 0), ivec3(65, 64, 65)));
        let met: Vec<_> = cells.chunks().map(|key| (key.region, key.lod, key.pos)).collect();
        let expected = [-1, 0, 1].map(|x| ivec3(x, 0, 0)).into_iter();
        let expected: Vec<_> = expected.chain([-1, 0, 1].map(|x| ivec3(x, 0, 1))).collect();
        assert_eq!(met, expected.into_iter().map(|pos| (4, 3, pos)).collect::<Vec<_>>());
    }

    #[test]
    fn cells_beyond_every_lattice_do_not_come_back_as_voxels_within() {
        let beyond = CellBox::new(0, 4, LatticeBox::new(IVec3::ZERO, IVec3::splat(1 << 28)));
        assert_eq!(beyond.voxel_box().voxels.max, IVec3::MAX);
    }
}
