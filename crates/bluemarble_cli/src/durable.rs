//! How edits are made to outlast the process: the one place that knows.

use bluemarble_core::MaterialId;
use bluemarble_world::{EditBatch, HybridWorld, WorldError};
use futures::executor::block_on;
use glam::IVec3;

/// Edits in memory are carried into the store when they take this much.
const MAX_OVERLAY_BYTES: usize = 128 << 20;

/// What a batch has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The number of the batch in the order in which batches became durable.
    pub lsn: u64,
    /// Voxels that have changed.
    pub voxels: u64,
    /// Chunks that have changed.
    pub chunks: u64,
}

/// Writes into a world.
pub struct Writer {
    world: HybridWorld,
    batches: u64,
    voxels: u64,
}

impl Writer {
    /// A writer into a world.
    pub fn new(world: HybridWorld) -> Self {
        Self { world, batches: 0, voxels: 0 }
    }

    /// Makes a batch, all of it or on an error nothing, and returns once it is durable.
    pub fn commit(&mut self, batch: &EditBatch) -> Result<Committed, WorldError> {
        let report = block_on(self.world.edit(batch))?;
        block_on(self.world.flush())?;
        self.batches += 1;
        self.voxels += report.voxels;
        let chunks = report.changed.len() as u64;
        Ok(Committed { lsn: self.batches, voxels: report.voxels, chunks })
    }

    /// Makes a batch that is durable after the next [`Writer::checkpoint`].
    pub fn stage(&mut self, batch: &EditBatch) -> Result<(), WorldError> {
        self.voxels += block_on(self.world.edit(batch))?.voxels;
        if self.world.statistics().overlay_bytes > MAX_OVERLAY_BYTES {
            self.checkpoint()?;
        }
        Ok(())
    }

    /// Carries everything into the store, all lods.
    pub fn checkpoint(&mut self) -> Result<(), WorldError> {
        block_on(self.world.flush()).map(|_| ())
    }

    /// Voxels that have changed since the writer was made.
    pub fn voxels(&self) -> u64 {
        self.voxels
    }

    /// The world.
    pub fn world(&self) -> &HybridWorld {
        &self.world
    }
}

/// The materials of many voxels at a lod, in their order.
pub fn read_many(
    world: &HybridWorld,
    lod: u8,
    voxels: &[(u8, IVec3)],
) -> Result<Vec<MaterialId>, WorldError> {
    let key =
        |&(region, voxel): &(u8, IVec3)| bluemarble_core::ChunkKey::of_voxel(region, lod, voxel);
    let mut order: Vec<usize> = (0..voxels.len()).collect();
    order.sort_by_key(|&at| {
        let key = key(&voxels[at]);
        (key.region, key.pos.to_array())
    });
    let mut materials = vec![MaterialId::AIR; voxels.len()];
    for group in order.chunk_by(|&one, &other| key(&voxels[one]) == key(&voxels[other])) {
        let Some(&first) = group.first() else { continue };
        let key = key(&voxels[first]);
        let chunk = block_on(world.read(key))?;
        for &at in group {
            // The key was made of the voxel, so it holds it.
            let cell = (voxels[at].1 >> i32::from(lod)) & (bluemarble_core::CHUNK_EDGE - 1);
            materials[at] = chunk.get(cell);
        }
    }
    Ok(materials)
}
