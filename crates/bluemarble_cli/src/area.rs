//! [`Source`] and [`Area`]: a box of cells at a lod, read piece by piece from what is stored and, if it is
//! known, the baseline.

use bluemarble_core::{CHUNK_EDGE, Chunk, ChunkKey, LatticeBox, MAX_LOD, MaterialId, Shape};
use bluemarble_edit::brick;
use bluemarble_world::HybridWorld;
use futures::executor::block_on;
use glam::IVec3;

use crate::{failure::Failure, lines::Place, open::Looked};

/// Where cells come from.
pub enum Source {
    /// A world with its baseline: every cell is known.
    World(HybridWorld),
    /// What is stored alone: other cells are [`MaterialId::UNSTORED`].
    Store(Box<Looked>),
}

impl Source {
    /// A chunk as it is.
    pub fn chunk(&self, key: ChunkKey) -> Result<Chunk, Failure> {
        Ok(match self {
            Self::World(world) => block_on(world.read(key))?,
            Self::Store(looked) => {
                let unknown = || Chunk::uniform(MaterialId::UNSTORED);
                block_on(looked.store.read(key))?.unwrap_or_else(unknown)
            }
        })
    }
}

/// A box of cells of one lod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// The region.
    pub region: u8,
    /// The lod.
    pub lod: u8,
    /// The cells, counted in cells of the lod.
    pub cells: LatticeBox,
}

impl Area {
    /// The cells of a lod that hold a box of voxels.
    pub fn new(shape: &Shape, place: Place, lod: u8) -> Result<Self, Failure> {
        if lod > MAX_LOD {
            return Err(Failure::new(format!("lod {lod} does not exist; lods are 0 to {MAX_LOD}")));
        }
        check_inside(shape, place.region, place.voxels)?;
        let shift = i32::from(lod);
        let cells =
            LatticeBox::new(place.voxels.min >> shift, ((place.voxels.max - 1) >> shift) + 1);
        Ok(Self { region: place.region, lod, cells })
    }

    /// How many cells there are.
    pub fn count(&self) -> u64 {
        let size = self.cells.size().as_u64vec3();
        // No more than 2^27 along an axis.
        size.x.saturating_mul(size.y).saturating_mul(size.z)
    }

    /// Reads a part of the area: its cells x fastest, then z, then y.
    pub fn read(&self, source: &Source, part: LatticeBox) -> Result<Vec<MaterialId>, Failure> {
        let size = part.size().as_usizevec3();
        let mut cells = vec![MaterialId::UNSTORED; size.x * size.y * size.z];
        for piece in brick::tiles(part, IVec3::splat(CHUNK_EDGE)) {
            let key = ChunkKey::new(self.region, self.lod, piece.min >> 6);
            let chunk = source.chunk(key)?;
            for y in piece.min.y..piece.max.y {
                for z in piece.min.z..piece.max.z {
                    let at = IVec3::new(piece.min.x, y, z);
                    let to = (at - part.min).as_usizevec3();
                    let to = (to.y * size.z + to.z) * size.x + to.x;
                    let count = (piece.max.x - piece.min.x) as usize;
                    for (cell, x) in cells[to..to + count].iter_mut().zip(piece.min.x..) {
                        *cell = chunk.get(IVec3::new(x, y, z) & (CHUNK_EDGE - 1));
                    }
                }
            }
        }
        Ok(cells)
    }
}

/// Refuses a box that is not all in the lattice.
pub fn check_inside(shape: &Shape, region: u8, voxels: LatticeBox) -> Result<(), Failure> {
    if region >= shape.regions() {
        let regions = shape.regions();
        return Err(Failure::new(format!(
            "region {region} does not exist; this world has regions 0..{regions}"
        )));
    }
    let lattice = shape.region_box();
    if voxels.min.cmplt(lattice.min).any() || voxels.max.cmpgt(lattice.max).any() {
        return Err(Failure::new(format!(
            "the box {} to {} reaches out of region {region}, {} to {}; move it inside",
            voxels.min, voxels.max, lattice.min, lattice.max
        )));
    }
    Ok(())
}
