//! Smoothing: cells become what most of the 27 cells around them are.

use std::{collections::hash_map::Entry, sync::Arc};

use bluemarble_core::{Chunk, ChunkKey, LatticeBox, MaterialId, Shape, VoxelPos};
use bluemarble_world::{HybridWorld, plan, uniform_box};
use glam::IVec3;
use rustc_hash::FxHashMap;

use super::{mask::Mask, solid::Solid};
use crate::{
    EditError,
    batch::{Steps, voxels_of},
};

/// What stands for a cell that has no place in the lattice.
const NOWHERE: MaterialId = MaterialId::UNSTORED;

type Chunks = FxHashMap<ChunkKey, Arc<Chunk>>;

pub(super) async fn smooth(
    world: &HybridWorld,
    cells: &[(ChunkKey, Mask)],
    strength: u8,
    steps: &mut Steps,
) -> Result<(), EditError> {
    let shape = world.shape();
    let mut chunks = Chunks::default();
    for (key, mask) in cells {
        for key in keys_around(&shape, *key, mask.bounds()) {
            if let Entry::Vacant(entry) = chunks.entry(key) {
                entry.insert(Arc::new(world.read(key).await?));
            }
        }
    }
    let solid = Solid::new(world.materials());
    let before: Vec<_> = cells.iter().map(|(key, _)| chunks.get(key).cloned()).collect();
    for _ in 0..strength {
        let now = cells.iter().map(|(key, mask)| smoothed(&shape, &chunks, &solid, *key, mask));
        let now: Vec<_> = now.collect();
        let changed = cells.iter().zip(now).filter_map(|((key, _), now)| Some((*key, now?)));
        let changed: Vec<_> = changed.collect();
        if changed.is_empty() {
            break;
        }
        chunks.extend(changed);
    }
    for ((key, _), before) in cells.iter().zip(before) {
        let (Some(before), Some(after)) = (before, chunks.get(key)) else { continue };
        if !Arc::ptr_eq(&before, after) {
            let changes = uniform_box::diff(&before, after);
            steps.add(*key, changes.into_iter().map(|change| change.map(|(_, after)| after)))?;
        }
    }
    Ok(())
}

/// The chunks that hold the cells of a box and those around it.
fn keys_around(shape: &Shape, key: ChunkKey, cells: LatticeBox) -> Vec<ChunkKey> {
    let around = grown(cells);
    let mut keys = vec![key];
    for at in voxels_of(around).filter(|&at| !Chunk::is_cell(at)) {
        if let Some((key, _)) =
            plan::chunk_cell(shape, VoxelPos::new(key.region, key.min_voxel() + at))
            && !keys.contains(&key)
        {
            keys.push(key);
        }
    }
    keys
}

fn grown(cells: LatticeBox) -> LatticeBox {
    LatticeBox::new(cells.min - 1, cells.max + 1)
}

/// A box of cells of a chunk and those around it, as they are now.
struct Around {
    cells: LatticeBox,
    /// x fastest, then z, then y.
    materials: Vec<MaterialId>,
}

impl Around {
    fn new(
        shape: &Shape,
        chunks: &Chunks,
        key: ChunkKey,
        chunk: &Chunk,
        inner: LatticeBox,
    ) -> Self {
        let cells = grown(inner);
        let at = |at: IVec3| {
            if Chunk::is_cell(at) {
                return chunk.get(at);
            }
            let cell = plan::chunk_cell(shape, VoxelPos::new(key.region, key.min_voxel() + at));
            let found =
                cell.and_then(|(key, cell)| Some(chunks.get(&key)?.get_index(cell as usize)));
            found.unwrap_or(NOWHERE)
        };
        Self { cells, materials: voxels_of(cells).map(at).collect() }
    }

    /// From one cell to the next along x, y and z.
    fn strides(&self) -> [usize; 3] {
        let size = self.cells.size();
        [1, (size.x * size.z) as usize, size.x as usize]
    }

    fn index(&self, cell: IVec3) -> usize {
        let (at, [_, y, z]) = ((cell - self.cells.min).as_usizevec3(), self.strides());
        at.y * y + at.z * z + at.x
    }

    /// Of the 27 cells around each one: how many are solid, and 256 times how many there are. Wrong at the
    /// sides of the box.
    fn counts(&self, solid: &Solid) -> Vec<u16> {
        let one = |&material: &MaterialId| {
            u16::from(solid.contains(material)) + (u16::from(material != NOWHERE) << 8)
        };
        let mut counts: Vec<u16> = self.materials.iter().map(one).collect();
        for stride in self.strides() {
            let last = counts.len().saturating_sub(stride);
            let ones = counts.clone();
            for at in stride..last {
                counts[at] = ones[at - stride] + ones[at] + ones[at + stride];
            }
        }
        counts
    }

    /// The most frequent material around a cell, of those that are solid or of those that are not; of
    /// equally frequent ones the smallest.
    fn vote(&self, at: usize, solid: &Solid, is_solid: bool) -> Option<MaterialId> {
        let mut votes: Vec<(MaterialId, u32)> = Vec::with_capacity(26);
        let [x, y, z] = self.strides();
        for dy in [at - y, at, at + y] {
            for dz in [dy - z, dy, dy + z] {
                for beside in [dz - x, dz, dz + x] {
                    let material = self.materials[beside];
                    if material == NOWHERE || solid.contains(material) != is_solid {
                        continue;
                    }
                    match votes.iter_mut().find(|(voted, _)| *voted == material) {
                        Some((_, count)) => *count += 1,
                        None => votes.push((material, 1)),
                    }
                }
            }
        }
        let most = votes.iter().max_by_key(|&&(id, count)| (count, std::cmp::Reverse(id)));
        most.map(|&(material, _)| material)
    }
}

/// A chunk with its cells smoothed once; `None` if that changes nothing.
fn smoothed(
    shape: &Shape,
    chunks: &Chunks,
    solid: &Solid,
    key: ChunkKey,
    mask: &Mask,
) -> Option<Arc<Chunk>> {
    let before = chunks.get(&key)?;
    let around = Around::new(shape, chunks, key, before, mask.bounds());
    let counts = around.counts(solid);
    let mut after: Option<Chunk> = None;
    for cell in mask.cells() {
        let at = around.index(cell);
        let (solids, all) = (counts[at] & 0xff, counts[at] >> 8);
        let is_solid = solid.contains(around.materials[at]);
        let becomes_solid = if is_solid { solids * 2 >= all } else { solids * 2 > all };
        if becomes_solid != is_solid
            && let Some(material) = around.vote(at, solid, becomes_solid)
        {
            after.get_or_insert_with(|| Chunk::clone(before)).set(cell, material);
        }
    }
    after.map(Arc::new)
}
