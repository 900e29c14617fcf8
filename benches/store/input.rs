//! What all contestants get: the flat world, the edits, and folders on the same disk.

use std::{collections::HashMap, path::Path, sync::Arc};

use bluemarble_benches::random::Random;
use bluemarble_core::{Chunk, ChunkKey, EditBatch, MaterialId, MaterialTable, VoxelPos};
use bluemarble_store::log::{Durability, LogOptions};
use bluemarble_terrain::{Baseline, Superflat};
use bluemarble_world::HybridWorld;
use glam::{IVec3, ivec3};
use tempfile::TempDir;

/// One voxel and what it becomes.
#[derive(Clone, Copy, Debug)]
pub struct Voxel {
    pub at: IVec3,
    pub material: MaterialId,
}

/// Chunks of 64³ cells over which edits are spread evenly; the surface goes through the middle.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    pub name: &'static str,
    pub chunks: IVec3,
}

/// Edits that hit each chunk hundreds of times.
pub const REGION: Area = Area { name: "region", chunks: ivec3(16, 4, 16) };
/// Edits that hit each chunk some thirty times.
pub const WIDE: Area = Area { name: "wide", chunks: ivec3(64, 8, 64) };

/// Edits anywhere in an area, always the same ones.
pub fn scattered(area: Area, count: usize) -> Vec<Voxel> {
    let mut random = Random(count as u64);
    let size = area.chunks * 64;
    let low = ivec3(-size.x / 2, -size.y / 2, -size.z / 2);
    (0..count)
        .map(|_| {
            let at = low + ivec3(random.below(size.x), random.below(size.y), random.below(size.z));
            Voxel { at, material: MaterialId(1 + random.below(6) as u16) }
        })
        .collect()
}

/// The last edits of some voxels, by chunk.
pub fn sample(edits: &[Voxel], count: usize) -> Vec<Voxel> {
    let last: HashMap<IVec3, MaterialId> =
        edits.iter().map(|edit| (edit.at, edit.material)).collect();
    let step = (edits.len() / count).max(1);
    let mut sample: Vec<Voxel> = (edits.iter().step_by(step))
        .map(|edit| Voxel { at: edit.at, material: last[&edit.at] })
        .collect();
    sample.sort_by_key(|voxel| (voxel.at >> 6i32).to_array());
    sample
}

pub fn batch(edits: &[Voxel]) -> EditBatch {
    let mut batch = EditBatch::new();
    edits.iter().for_each(|edit| _ = batch.set(VoxelPos::new(0, edit.at), edit.material));
    batch
}

pub fn superflat() -> Superflat {
    let layers = vec![(MaterialId(2), 1), (MaterialId(3), 4), (MaterialId(4), 1)];
    Superflat::new(0.5, layers).expect("half a metre is a length")
}

/// A chunk that nobody has edited.
pub fn flat_chunk(chunk_y: i32) -> Chunk {
    let mut chunk = Chunk::default();
    superflat().fill(ChunkKey::new(0, 0, ivec3(0, chunk_y, 0)), &mut chunk);
    chunk
}

/// Opens our world in a folder, or makes one there.
pub fn open_ours(dir: &Path, durability: Durability) -> HybridWorld {
    let options = LogOptions { durability, ..LogOptions::default() };
    HybridWorld::builder(Arc::new(superflat()), MaterialTable::standard())
        .log(options)
        .open(dir)
        .expect("our world opens")
}

/// A new folder below the build's: on the disk, where the system's own may be in memory.
pub fn folder() -> TempDir {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(parent).expect("the build's folder can be written");
    TempDir::new_in(parent).expect("the build's folder can be written")
}
