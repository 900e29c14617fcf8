//! [`Source`]: a box of cells at a lod, read piece by piece from what is stored and, if it is
//! known, the baseline.

use bluemarble_core::{
    CHUNK_EDGE, CellBox, CellPos, CompactChunk, MAX_LOD, MaterialId, Shape, VoxelBox, VoxelPos,
};
use bluemarble_world::WorldReader;
use futures::executor::block_on;
use glam::IVec3;

use crate::{failure::Failure, open::Looked};

/// Where cells come from.
pub enum Source {
    /// A world with its baseline: every cell is known.
    World(Box<WorldReader>),
    /// What is stored alone: other cells are [`MaterialId::UNSTORED`].
    Store(Box<Looked>),
}

/// The cells of a lod that hold a box of voxels.
pub fn cells_of(shape: &Shape, voxels: VoxelBox, lod: u8) -> Result<CellBox, Failure> {
    if lod > MAX_LOD {
        return Err(Failure::new(format!("lod {lod} does not exist; lods are 0 to {MAX_LOD}")));
    }
    check_inside(shape, voxels)?;
    Ok(voxels.cells(lod))
}

impl Source {
    /// Reads the cells of a box: x fastest, then z, then y.
    pub fn read(&mut self, part: CellBox) -> Result<Vec<MaterialId>, Failure> {
        let store = match self {
            Self::World(reader) => return Ok(reader.read_box(part)?),
            Self::Store(looked) => &looked.store,
        };
        let CellBox { region, lod, cells: part } = part;
        let size = part.size().as_usizevec3();
        let (row, layer) = (size.x, size.x * size.z);
        let mut cells = vec![MaterialId::UNSTORED; layer * size.y];
        for piece in part.tiles(IVec3::splat(CHUNK_EDGE)) {
            let key = CellPos::new(region, lod, piece.min).chunk();
            if let Some(chunk) = block_on(store.read(key))? {
                let (low, to) =
                    (piece.min & (CHUNK_EDGE - 1), (piece.min - part.min).as_usizevec3());
                let to = &mut cells[to.y * layer + to.z * row + to.x..];
                CompactChunk::new(&chunk).copy_box(low, low + piece.size(), to, row, layer);
            }
        }
        Ok(cells)
    }
}

/// Refuses a voxel that is not in the lattice.
pub fn check_voxel(shape: &Shape, pos: VoxelPos) -> Result<(), String> {
    let (VoxelPos { region, voxel }, lattice) = (pos, shape.region_box());
    if region < shape.regions() && lattice.contains(voxel) {
        return Ok(());
    }
    Err(format!(
        "voxel {voxel} of region {region} is outside of the lattice, regions 0..{} with {} to {}",
        shape.regions(),
        lattice.min,
        lattice.max
    ))
}

/// Refuses a box that is not all in the lattice.
pub fn check_inside(shape: &Shape, voxels: VoxelBox) -> Result<(), Failure> {
    let VoxelBox { region, voxels } = voxels;
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
