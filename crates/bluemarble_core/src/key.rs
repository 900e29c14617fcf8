//! Names of places in the lattice: faces, boxes and chunk keys.

use std::fmt;

use glam::{IVec3, ivec3};
use serde::{Deserialize, Serialize};

use crate::{
    boxes::{CellBox, LatticeBox, VoxelBox},
    position::{CellPos, VoxelPos},
};

/// Cells along one edge of a chunk, at any lod.
pub const CHUNK_EDGE: i32 = 64;
/// Cells in a chunk.
pub const CHUNK_VOLUME: usize = 64 * 64 * 64;
/// The coarsest lod: one chunk spans a region of a planet.
pub const MAX_LOD: u8 = 20;
/// Voxels along one edge of a region of a planet.
pub const REGION_EDGE: i32 = CHUNK_EDGE << MAX_LOD;

/// One of the six sides of a cell or chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub enum Face {
    /// Towards smaller x.
    NegX,
    /// Towards larger x.
    PosX,
    /// Down.
    NegY,
    /// Up.
    PosY,
    /// Towards smaller z.
    NegZ,
    /// Towards larger z.
    PosZ,
}

impl Face {
    /// All faces, in the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::NegX, Self::PosX, Self::NegY, Self::PosY, Self::NegZ, Self::PosZ];

    /// The axis of the normal: 0 is x, 1 is y, 2 is z.
    #[inline]
    pub const fn axis(self) -> usize {
        self as usize >> 1
    }

    /// Whether the normal points towards larger coordinates.
    #[inline]
    pub const fn is_positive(self) -> bool {
        self as usize & 1 == 1
    }

    /// The unit normal, in cells.
    #[inline]
    pub const fn normal(self) -> IVec3 {
        match self {
            Self::NegX => IVec3::NEG_X,
            Self::PosX => IVec3::X,
            Self::NegY => IVec3::NEG_Y,
            Self::PosY => IVec3::Y,
            Self::NegZ => IVec3::NEG_Z,
            Self::PosZ => IVec3::Z,
        }
    }

    /// The face on the other side.
    #[inline]
    pub const fn opposite(self) -> Self {
        Self::ALL[self as usize ^ 1]
    }

    /// A short name such as `+x`.
    pub const fn name(self) -> &'static str {
        ["-x", "+x", "-y", "+y", "-z", "+z"][self as usize]
    }
}

/// Names one chunk and, at the same time, one octree node.
///
/// `pos` counts chunks of its own lod: the chunk covers lattice voxels `pos·64·2^lod ..
/// (pos+1)·64·2^lod`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub struct ChunkKey {
    /// Which cube of lattice: 0 in a flat world, 0..6 on a planet.
    pub region: u8,
    /// 0 is finest; a cell is `2^lod` voxels wide.
    pub lod: u8,
    /// Position in chunks of this lod.
    pub pos: IVec3,
}

impl ChunkKey {
    /// The chunk at `pos`, counted in chunks of `lod`.
    #[inline]
    pub const fn new(region: u8, lod: u8, pos: IVec3) -> Self {
        Self { region, lod, pos }
    }

    /// Width of one cell in voxels.
    #[inline]
    pub fn cell_voxels(self) -> i32 {
        1 << self.lod
    }

    /// Width of the chunk in voxels.
    #[inline]
    pub fn edge_voxels(self) -> i32 {
        CHUNK_EDGE << self.lod
    }

    /// The smallest voxel of the chunk.
    #[inline]
    pub fn min_voxel(self) -> IVec3 {
        self.pos << (6 + i32::from(self.lod))
    }

    /// The voxels that the chunk covers.
    #[inline]
    pub fn lattice_box(self) -> LatticeBox {
        let min = self.min_voxel();
        LatticeBox::new(min, min + IVec3::splat(self.edge_voxels()))
    }

    /// The voxels that the chunk covers, region and all.
    #[inline]
    pub fn voxel_box(self) -> VoxelBox {
        VoxelBox::new(self.region, self.lattice_box())
    }

    /// The cell of this chunk that holds a voxel, 0..64 along each axis; `None` if the voxel is elsewhere.
    #[inline]
    pub fn cell_of(self, pos: VoxelPos) -> Option<IVec3> {
        let pos = pos.cell(self.lod);
        (pos.chunk() == self).then_some(pos.cell & (CHUNK_EDGE - 1))
    }

    /// The node one lod coarser, `None` at [`MAX_LOD`].
    #[inline]
    pub fn parent(self) -> Option<Self> {
        (self.lod < MAX_LOD).then(|| Self::new(self.region, self.lod + 1, self.pos >> 1))
    }

    /// Which of its parent's children this is: bit 0 is x, bit 1 is y, bit 2 is z.
    #[inline]
    pub fn octant(self) -> usize {
        let low = self.pos & 1;
        (low.x | low.y << 1 | low.z << 2) as usize
    }

    /// The eight nodes one lod finer, ordered by [`ChunkKey::octant`]; `None` at lod 0.
    pub fn children(self) -> Option<[Self; 8]> {
        (self.lod > 0).then(|| {
            std::array::from_fn(|octant| {
                let offset = ivec3(octant as i32 & 1, octant as i32 >> 1 & 1, octant as i32 >> 2);
                Self::new(self.region, self.lod - 1, (self.pos << 1) + offset)
            })
        })
    }

    /// Whether `self` is `other` or one of its ancestors.
    pub fn covers(self, other: Self) -> bool {
        self.region == other.region
            && self.lod >= other.lod
            && other.pos >> i32::from(self.lod - other.lod) == self.pos
    }
}

impl VoxelPos {
    /// The chunk of `lod` that holds the voxel.
    #[inline]
    pub fn chunk(self, lod: u8) -> ChunkKey {
        self.cell(lod).chunk()
    }
}

impl CellPos {
    /// The chunk that holds the cell.
    #[inline]
    pub fn chunk(self) -> ChunkKey {
        ChunkKey::new(self.region, self.lod, self.cell >> 6)
    }
}

impl CellBox {
    /// The chunks that the box meets: x fastest, then z, then y.
    pub fn chunks(self) -> impl Iterator<Item = ChunkKey> {
        let chunk = |cell| CellPos::new(self.region, self.lod, cell).chunk().pos;
        let (low, high) = (chunk(self.cells.min), chunk(self.cells.max - 1));
        (low.y..=high.y).flat_map(move |y| {
            (low.z..=high.z).flat_map(move |z| {
                (low.x..=high.x).map(move |x| ChunkKey::new(self.region, self.lod, ivec3(x, y, z)))
            })
        })
    }
}

impl fmt::Display for ChunkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pos = self.pos;
        write!(f, "r{}/l{}/{},{},{}", self.region, self.lod, pos.x, pos.y, pos.z)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_key() -> impl Strategy<Value = ChunkKey> {
        (0u8..6, 0u8..=MAX_LOD).prop_flat_map(|(region, lod)| {
            let end = 1 << (MAX_LOD - lod);
            (-end..end, -end..end, -end..end)
                .prop_map(move |(x, y, z)| ChunkKey::new(region, lod, ivec3(x, y, z)))
        })
    }

    proptest! {
        #[test]
        fn children_tile_their_parent(key in any_key()) {
            if let Some(children) = key.children() {
                let volume: f64 = children.iter().map(|child| {
                    prop_assert_eq!(child.parent(), Some(key));
                    prop_assert!(key.covers(*child));
                    Ok(f64::from(child.edge_voxels()).powi(3))
                }).sum::<Result<f64, TestCaseError>>()?;
                prop_assert_eq!(volume, f64::from(key.edge_voxels()).powi(3));
                for (octant, child) in children.iter().enumerate() {
                    prop_assert_eq!(child.octant(), octant);
                }
            }
        }

        #[test]
        fn a_voxel_is_in_the_chunk_that_claims_it(x in -(1<<26)..1<<26, y in -(1<<26)..1<<26, z in -(1<<26)..1<<26, lod in 0u8..=MAX_LOD) {
            let voxel = ivec3(x, y, z);
            let pos = VoxelPos::new(0, voxel);
            let key = pos.chunk(lod);
            prop_assert!(key.lattice_box().contains(voxel));
            let cell = key.cell_of(pos).expect("inside");
            prop_assert_eq!(key.cell_of(VoxelPos::new(1, voxel)), None, "the same voxel of another region");
            prop_assert!(cell.cmpge(IVec3::ZERO).all() && cell.cmplt(IVec3::splat(CHUNK_EDGE)).all());
        }
    }
}
