//! [`NodeSummary`]: what a node is made of, in short.

use bluemarble_core::{CHUNK_VOLUME, ChunkKey, CompactChunk, LatticeBox, MaterialId};
use glam::IVec3;

/// What the chunk of a node is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeSummary {
    /// Each material that occurs and in how many of the 64³ cells: the most frequent first, among equals the
    /// smallest id.
    distribution: Box<[(MaterialId, u32)]>,
    /// The smallest box of cells around everything but air, its end not included.
    solid: Option<[[u8; 3]; 2]>,
}

impl NodeSummary {
    /// The summary of a chunk.
    pub fn of(chunk: &CompactChunk) -> Self {
        let bounds = chunk.occupancy(|material| !material.is_air()).bounds();
        Self::new(chunk.to_chunk().counts_unsorted(), bounds)
    }

    /// A summary of counts that add up to 64³ and of a box of cells.
    pub fn new(mut counts: Vec<(MaterialId, u32)>, solid: Option<(IVec3, IVec3)>) -> Self {
        counts.sort_unstable_by_key(|&(material, count)| (std::cmp::Reverse(count), material));
        let bytes = |cell: IVec3| cell.to_array().map(|along| along as u8);
        Self {
            distribution: counts.into(),
            solid: solid.map(|(min, max)| [bytes(min), bytes(max)]),
        }
    }

    /// Each material and in how many cells, the most frequent first.
    pub fn distribution(&self) -> &[(MaterialId, u32)] {
        &self.distribution
    }

    /// The most frequent material.
    pub fn dominant(&self) -> MaterialId {
        self.distribution.first().map_or(MaterialId::AIR, |&(material, _)| material)
    }

    /// Its share of all cells, 0..=1.
    pub fn homogeneity(&self) -> f64 {
        let most = self.distribution.first().map_or(0, |&(_, count)| count);
        f64::from(most) / CHUNK_VOLUME as f64
    }

    /// The only material, if there is only one.
    pub fn uniform(&self) -> Option<MaterialId> {
        match *self.distribution {
            [(material, _)] => Some(material),
            _ => None,
        }
    }

    /// Cells that are not air.
    pub fn solid_cells(&self) -> u32 {
        let solid = self.distribution.iter().filter(|(material, _)| !material.is_air());
        solid.map(|(_, count)| count).sum()
    }

    /// The smallest box around everything but air, in cells of the chunk, its end not included.
    pub fn solid_bounds(&self) -> Option<(IVec3, IVec3)> {
        let cell = |along: [u8; 3]| IVec3::from_array(along.map(i32::from));
        self.solid.map(|[min, max]| (cell(min), cell(max)))
    }

    /// The voxels of that box, in the chunk with a key.
    pub fn solid_voxels(&self, key: ChunkKey) -> Option<LatticeBox> {
        self.solid_bounds().map(|(min, max)| {
            let voxel = |cell: IVec3| key.min_voxel() + cell * key.cell_voxels();
            LatticeBox::new(voxel(min), voxel(max))
        })
    }
}
