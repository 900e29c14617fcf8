//! [`OctreeBaseline`]: a linear octree as what a world is made of.

use std::{ops::ControlFlow, sync::Arc};

use bluemarble_core::{
    CHUNK_EDGE, Chunk, ChunkKey, LatticeBox, MaterialId, Shape, VoxelBox, VoxelPos, cell_index,
};
use glam::{IVec3, ivec3};

use super::linear::LinearOctree;
use crate::{
    baseline::{Baseline, Classification},
    error::TerrainError,
};

/// A box with more leaves than this is taken to be of several materials.
const MAX_LEAVES_OF_ONE: usize = 4096;

/// A linear octree laid over another baseline, which shows where the octree has no leaf.
///
/// A cell of a coarser lod is what its middle voxel is made of.
pub struct OctreeBaseline {
    octree: LinearOctree,
    below: Arc<dyn Baseline>,
    region: u8,
    min: IVec3,
    /// By the number of the octree; `None` leaves what lies below.
    materials: Vec<Option<MaterialId>>,
    name: String,
}

/// What the octree says of a box.
enum Said {
    Nothing,
    All(MaterialId),
    Mixed,
}

impl OctreeBaseline {
    /// Lays an octree over `below` with its lowest corner at the voxel `lowest`. `material` says what its
    /// numbers stand for; `None` leaves what lies below.
    ///
    /// # Errors
    /// [`TerrainError::NotOctree`] if it reaches out of the lattice.
    pub fn new(
        octree: LinearOctree,
        below: Arc<dyn Baseline>,
        lowest: VoxelPos,
        material: impl Fn(u16) -> Option<MaterialId>,
    ) -> Result<Self, TerrainError> {
        let VoxelPos { region, voxel: min } = lowest;
        let (lattice, bounds) = (below.shape().region_box(), octree.bounds());
        let (low, high) = (min.saturating_add(bounds.min), min.saturating_add(bounds.max));
        let is_inside = low.cmpge(lattice.min).all() && high.cmple(lattice.max).all();
        if region >= below.shape().regions() || !is_inside {
            let (path, regions) = (octree.path().to_owned(), below.shape().regions());
            let reason = format!(
                "from {low} to {high} of region {region} it reaches out of the lattice, regions \
                 0..{regions} with {} to {}; put it elsewhere",
                lattice.min, lattice.max
            );
            return Err(TerrainError::NotOctree { path, reason });
        }
        let materials: Vec<_> = (0..=u16::MAX).map(material).collect();
        let numbers = materials.iter().map(|of| of.map_or(u32::MAX, |material| material.0.into()));
        let bytes: Vec<u8> = numbers.flat_map(u32::to_le_bytes).collect();
        let name = format!(
            "octree-1 leaves={} crc={:08x} materials={:08x} region={region} at={min} over {}",
            octree.header.leaves,
            octree.header.leaves_crc,
            crc32c::crc32c(&bytes),
            below.fingerprint()
        );
        Ok(Self { octree, below, region, min, materials, name })
    }

    /// The octree.
    pub fn octree(&self) -> &LinearOctree {
        &self.octree
    }

    /// The region in which it lies.
    pub fn region(&self) -> u8 {
        self.region
    }

    /// The smallest box of voxels of the region that holds all its leaves.
    pub fn voxels(&self) -> LatticeBox {
        let bounds = self.octree.bounds();
        LatticeBox::new(self.min + bounds.min, self.min + bounds.max)
    }

    fn material(&self, number: u16) -> Option<MaterialId> {
        self.materials[usize::from(number)]
    }

    /// Whether a box lies at a side of its region.
    fn reaches_a_side(&self, voxels: LatticeBox) -> bool {
        let lattice = self.below.shape().region_box();
        let (low, high) = (voxels.min.cmple(lattice.min), voxels.max.cmpge(lattice.max));
        low.x || low.z || high.x || high.z
    }

    /// A box of the lattice in the octree's own voxels, as far as its leaves reach.
    fn own(&self, voxels: LatticeBox) -> LatticeBox {
        let reach = self.voxels();
        let (low, high) = (voxels.min.max(reach.min), voxels.max.min(reach.max));
        // An empty box stays one.
        LatticeBox::new(low - self.min, high.max(low) - self.min)
    }

    fn said(&self, voxels: LatticeBox) -> Said {
        let own = self.own(voxels);
        let (mut material, mut covered, mut seen) = (None, 0u64, 0);
        let are_alike = own.is_empty()
            || self.octree.leaves_in(own, |leaf| {
                seen += 1;
                if seen > MAX_LEAVES_OF_ONE {
                    return ControlFlow::Break(());
                }
                let Some(found) = self.material(leaf.material) else {
                    return ControlFlow::Continue(());
                };
                let part = leaf.voxels();
                covered += volume(part.min.max(own.min), part.max.min(own.max));
                match *material.get_or_insert(found) == found {
                    true => ControlFlow::Continue(()),
                    false => ControlFlow::Break(()),
                }
            });
        match material {
            _ if !are_alike => Said::Mixed,
            None => Said::Nothing,
            // The box itself may be of a size that no number of voxels can tell.
            Some(material)
                if own.size() == voxels.size() && covered == volume(own.min, own.max) =>
            {
                Said::All(material)
            }
            Some(_) => Said::Mixed,
        }
    }

    /// Fills a box of cells of a chunk that counts from the chunk's lowest one.
    fn fill_cells(&self, key: ChunkKey, cells: LatticeBox, out: &mut [MaterialId]) {
        let (low, lod) = (key.min_voxel(), i32::from(key.lod));
        let voxels = LatticeBox::new(low + (cells.min << lod), low + (cells.max << lod));
        let size = cells.size();
        match self.said(voxels) {
            Said::Nothing => {}
            Said::All(material) => put(out, cells, material),
            Said::Mixed if size == IVec3::ONE => {
                let middle = voxels.min + key.cell_voxels() / 2 - self.min;
                let found =
                    self.octree.leaf_at(middle).and_then(|leaf| self.material(leaf.material));
                if let Some(material) = found {
                    put(out, cells, material);
                }
            }
            Said::Mixed => {
                let half = size.x / 2;
                for octant in 0..8 {
                    let min = cells.min + ivec3(octant & 1, octant >> 1 & 1, octant >> 2) * half;
                    self.fill_cells(key, LatticeBox::new(min, min + half), out);
                }
            }
        }
    }

    /// Fills the voxels of a chunk of lod 0.
    fn fill_voxels(&self, key: ChunkKey, out: &mut [MaterialId]) {
        let low = key.min_voxel() - self.min;
        let chunk = LatticeBox::new(low, low + CHUNK_EDGE);
        self.octree.leaves_in(chunk, |leaf| {
            if let Some(material) = self.material(leaf.material) {
                let part = leaf.voxels();
                let (min, max) = (part.min.max(chunk.min) - low, part.max.min(chunk.max) - low);
                put(out, LatticeBox::new(min, max), material);
            }
            ControlFlow::Continue(())
        });
    }
}

impl Baseline for OctreeBaseline {
    fn shape(&self) -> Shape {
        self.below.shape()
    }

    fn fill(&self, key: ChunkKey, chunk: &mut Chunk) {
        let said = match key.region == self.region {
            true => self.said(key.lattice_box()),
            false => Said::Nothing,
        };
        match said {
            Said::Nothing => self.below.fill(key, chunk),
            Said::All(material) => *chunk = Chunk::uniform(material),
            Said::Mixed => {
                self.below.fill(key, chunk);
                let mut cells = chunk.to_cells();
                if key.lod == 0 {
                    self.fill_voxels(key, &mut cells);
                } else {
                    let all = LatticeBox::new(IVec3::ZERO, IVec3::splat(CHUNK_EDGE));
                    self.fill_cells(key, all, &mut cells);
                }
                *chunk = Chunk::from_cells(&cells);
            }
        }
    }

    fn classify(&self, asked: VoxelBox, lod: u8) -> Classification {
        let VoxelBox { region, voxels } = asked;
        // Whole cells count, and those beside them.
        let (cell, shift) = (1 << lod, i32::from(lod));
        let low = voxels.min >> shift << shift;
        let high = ((voxels.max - 1) >> shift << shift) + cell;
        let around = LatticeBox::new(low - cell, high + cell);
        if region != self.region {
            let below = self.below.classify(asked, lod);
            // What the octree has on the other side of the border shows the ground on this one.
            let may_show = self.reaches_a_side(self.voxels()) && self.reaches_a_side(around);
            return match below {
                Classification::Uniform(MaterialId::AIR) => below,
                _ if may_show => Classification::Mixed,
                _ => below,
            };
        }
        match self.said(around) {
            Said::Nothing => self.below.classify(asked, lod),
            Said::All(material) => Classification::Uniform(material),
            Said::Mixed => match self.said(LatticeBox::new(low, high)) {
                // Air is nothing to draw, whatever lies beside it.
                Said::All(MaterialId::AIR) => Classification::Uniform(MaterialId::AIR),
                _ => Classification::Mixed,
            },
        }
    }

    fn surface_y(&self, region: u8, x: f64, z: f64) -> f64 {
        let below = self.below.surface_y(region, x, z);
        let reach = self.voxels();
        let (x, z) = (x.floor() as i32, z.floor() as i32);
        let mut y = reach.max.y - 1;
        let is_in_reach = region == self.region && reach.contains(ivec3(x, reach.min.y, z));
        if !is_in_reach || below > f64::from(reach.max.y) {
            return below;
        }
        while y >= reach.min.y {
            let own = ivec3(x, y, z) - self.min;
            let (found, material) = match self.octree.leaf_at(own) {
                Some(leaf) => (leaf.voxels(), self.material(leaf.material)),
                None => (self.octree.empty_around(own), None),
            };
            let bottom = self.min.y + found.min.y;
            match material {
                Some(MaterialId::AIR) => {}
                Some(_) => return f64::from(y + 1),
                // What lies below shows here.
                None if f64::from(bottom) < below => return below.min(f64::from(y + 1)),
                None => {}
            }
            y = bottom - 1;
        }
        below.min(f64::from(reach.min.y))
    }

    fn fingerprint(&self) -> String {
        self.name.clone()
    }
}

fn volume(min: IVec3, max: IVec3) -> u64 {
    let size = (max.as_i64vec3() - min.as_i64vec3()).max(glam::I64Vec3::ZERO).as_u64vec3();
    size.x * size.y * size.z
}

fn put(out: &mut [MaterialId], cells: LatticeBox, material: MaterialId) {
    let (min, max) = (cells.min.as_usizevec3(), cells.max.as_usizevec3());
    for y in min.y..max.y {
        for z in min.z..max.z {
            let row = cell_index(min.x, y, z);
            out[row..row + max.x - min.x].fill(material);
        }
    }
}
