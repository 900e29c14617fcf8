//! [`WorldError`]: what a world can refuse or fail to do.

use bluemarble_core::{ChunkKey, LatticeBox, MaterialId, VoxelPos};
use bluemarble_index::SnapshotError;
use bluemarble_store::StoreError;
use glam::UVec3;
use thiserror::Error;

use crate::{document::DocumentError, volume::VolumeError};

/// Why a world refused or failed.
#[derive(Debug, Error)]
pub enum WorldError {
    /// The store refused or failed; it says what to do.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the index knows could not be kept.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The world cannot be opened by its recipe.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A key names no chunk of the world.
    #[error("chunk {key} is outside of the lattice; check its region, lod and position")]
    OutsideLattice {
        /// The key.
        key: ChunkKey,
    },
    /// A region that the world does not have.
    #[error("region {region} does not exist; this world has regions 0..{regions}")]
    UnknownRegion {
        /// The region asked for.
        region: u8,
        /// How many there are.
        regions: u8,
    },
    /// A voxel of an edit has no place in the lattice.
    #[error(
        "voxel {} of region {} is outside of the lattice, {lattice:?}; move the edit inside",
        pos.voxel, pos.region
    )]
    VoxelOutside {
        /// The voxel.
        pos: VoxelPos,
        /// The voxels of a region.
        lattice: LatticeBox,
    },
    /// A box or sphere does not meet the region it names, or a box that is asked about is not within it.
    #[error("the box {voxels:?} is outside of region {region}, {lattice:?}; move it inside")]
    BoxOutside {
        /// The region.
        region: u8,
        /// The box, or the box around the sphere.
        voxels: LatticeBox,
        /// The voxels of a region.
        lattice: LatticeBox,
    },
    /// A grid without samples, or with too many.
    #[error("a grid of {resolution} has no samples or more than {max}; take another resolution")]
    TooManySamples {
        /// Samples along x, y and z.
        resolution: UVec3,
        /// How many are allowed.
        max: u64,
    },
    /// A box has no voxels or a sphere no radius.
    #[error("operation {operation} of the edit holds no voxel: {reason}; leave it out")]
    EmptyShape {
        /// Which operation of the batch, from 0.
        operation: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A material that the table does not have.
    #[error("material {} is not in the material table, which has {known} rows; add it there first", material.0)]
    UnknownMaterial {
        /// The id.
        material: MaterialId,
        /// How many materials there are.
        known: usize,
    },
    /// The id that is reserved on disk.
    #[error("material 65535 means \"not stored\" on disk and cannot be set; use 0 for air")]
    ReservedMaterial,
    /// More chunks at once than fit in memory.
    #[error("the edit touches {chunks} chunks, at most {max} are allowed at once; split it")]
    TooLarge {
        /// How many chunks the edit touches, or may touch.
        chunks: u64,
        /// How many are allowed.
        max: u64,
    },
    /// The store lists a chunk and then does not have it.
    #[error("chunk {key} was edited, but the store has lost it; restore its shard from a backup")]
    Lost {
        /// The chunk.
        key: ChunkKey,
    },
    /// The world is in memory only.
    #[error("this world has no store to import into; open it in a directory")]
    NoStore,
    /// A volume cannot be read, or does not hold what it should.
    #[error("the voxels {part:?} of the volume: {source}")]
    Volume {
        /// The part that was to be read.
        part: LatticeBox,
        /// What is wrong.
        source: VolumeError,
    },
    /// A volume has changed while it was imported.
    #[error("the volume has changed while it was read; import it again")]
    VolumeChanged,
    /// A volume reaches into too many shards.
    #[error("the volume reaches into more than {max} shards of 256³ voxels; split it")]
    VolumeTooLarge {
        /// How many are allowed.
        max: usize,
    },
    /// Something failed half-way, and only opening the world anew tells what of it was done.
    #[error("an import has failed while it was moved in; close the world and open it again")]
    MustReopen,
    /// Whoever asked for it has cancelled it.
    #[error("cancelled")]
    Cancelled,
    /// The delta log holds a batch that this world refuses.
    #[error("batch {lsn} of the delta log: {source}")]
    Replay {
        /// The number of the batch.
        lsn: u64,
        /// Why it is refused.
        source: Box<WorldError>,
    },
    /// The world that another one is laid over is not one of the same ground.
    #[error(
        "the {field} of the world below is {found}, expected {expected}; lay a world over one that was \
         made with the same settings"
    )]
    OtherBase {
        /// What differs.
        field: &'static str,
        /// What this world has.
        expected: String,
        /// What the one below has.
        found: String,
    },
}
