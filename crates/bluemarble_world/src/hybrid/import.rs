//! Imports: a volume becomes chunks of all lods at once, past the log.

use std::{
    collections::BTreeMap,
    sync::atomic::{
        AtomicBool, AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
};

use bluemarble_core::{
    CHUNK_EDGE, CHUNK_VOLUME, CancelToken, Chunk, ChunkKey, LatticeBox, MAX_LOD, MaterialId,
    VoxelBox, block_on, cell_index, parallel,
};
use bluemarble_store::{Import, SHARD_CELLS, ShardKey, StoreError};
use glam::{IVec3, ivec3};
use rustc_hash::FxHashSet;

use super::world::HybridWorld;
use crate::{
    WorldError,
    downsampled::{Child, carry_up},
    volume::{VolumeError, VoxelVolume},
};

/// Chunks that are published under one lock: readers wait no longer than for these.
const PUBLISHED_AT_ONCE: usize = 1024;
/// Shards of lod 0 that an import may reach into: some 40,000 voxels along each edge.
const MAX_SHARDS: usize = 1 << 22;

/// What [`HybridWorld::import`] has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Voxels of the volume.
    pub voxels: u64,
    /// Shards of any lod that were written.
    pub shards: u64,
    /// Voxels that an earlier import, which was interrupted, had done already.
    pub resumed_voxels: u64,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportProgress {
    /// The lod whose shards are made now; they are made from the finest one up.
    pub lod: u8,
    /// Shards of the lod that are made.
    pub done_shards: u64,
    /// Shards of the lod that are to be made, with those.
    pub shards: u64,
    /// Voxels of the volume that are read.
    pub done_voxels: u64,
    /// Voxels of the volume.
    pub voxels: u64,
}

/// An import, and what all of its threads need.
struct Importing<'a> {
    world: &'a HybridWorld,
    import: Import<'a>,
    volume: &'a dyn VoxelVolume,
    region: u8,
    voxels: LatticeBox,
    done_voxels: AtomicU64,
    resumed_voxels: AtomicU64,
    cancel: &'a CancelToken,
    progress: &'a (dyn Fn(ImportProgress) + Sync),
}

/// Cells that a thread uses for one shard after the other.
#[derive(Default)]
struct Scratch {
    part: Vec<MaterialId>,
    chunk: Vec<MaterialId>,
}

impl HybridWorld {
    /// Puts a volume into the world: whole shards of all lods, made beside the world on as many threads as there are cores, and
    /// moved in together. The world has all of it when this returns, and on an error or after a crash nothing; once
    /// moving has begun, opening the world finishes it. An import that was interrupted goes on when it is called again
    /// with a volume of the same fingerprint, unless the world was edited meanwhile. The volume may be larger than memory.
    ///
    /// For a program that works on a world: edits wait until it is over, and nobody who draws the world is told. While shards
    /// are moved in, chunks that are edited cannot be read, nor those of which nobody has asked before whether they are
    /// ([`StoreError::UnfinishedJob`]); they can be read again afterwards. Blocks.
    ///
    /// # Errors
    /// [`WorldError::NoStore`], [`WorldError::BoxOutside`], [`WorldError::UnknownRegion`]; [`WorldError::Volume`] and
    /// [`WorldError::UnknownMaterial`] if the volume cannot be read or holds what the world does not know;
    /// [`WorldError::Cancelled`]; [`WorldError::Store`].
    pub fn import(
        &self,
        volume: &dyn VoxelVolume,
        cancel: &CancelToken,
        progress: &(dyn Fn(ImportProgress) + Sync),
    ) -> Result<ImportReport, WorldError> {
        let voxels = volume.voxels();
        self.check_box(&voxels)?;
        let store = self.inner.store.as_ref().ok_or(WorldError::NoStore)?;
        block_on(self.checkpoint())?;
        let _no_edits = block_on(self.inner.editing.lock());
        block_on(self.checkpoint())?;
        // What is kept of the index names shards by their versions: until all of them are published.
        let _folding = block_on(self.inner.folding.lock());
        store.note_lsn(self.inner.last_batch.load(Acquire));
        let fingerprint = volume.fingerprint();
        let importing = Importing {
            world: self,
            import: block_on(store.begin_import(&self.import_name(&fingerprint, &voxels)))?,
            volume,
            region: voxels.region,
            voxels: voxels.voxels,
            done_voxels: AtomicU64::new(0),
            resumed_voxels: AtomicU64::new(0),
            cancel,
            progress,
        };
        let made = importing.make_all().and_then(|()| match volume.fingerprint() == fingerprint {
            true => Ok(block_on(importing.import.check())?),
            false => Err(WorldError::VolumeChanged),
        });
        let Importing { import, resumed_voxels, .. } = importing;
        let chunks = match made {
            Ok(chunks) => chunks,
            Err(error) => {
                if would_fail_again(&error)
                    && let Err(error) = block_on(import.abandon())
                {
                    tracing::warn!("what an import has made stays for now: {error}");
                }
                return Err(error);
            }
        };
        let shards = block_on(import.finish());
        if shards.is_err() {
            self.inner.must_reopen.store(true, Release);
        }
        let shards = shards?;
        for chunks in chunks.chunks(PUBLISHED_AT_ONCE) {
            let mut state = self.state_mut();
            let change = state.next_change();
            for &key in chunks {
                state.replaced(key, change);
                self.inner.cache.remove(&key);
            }
        }
        Ok(ImportReport {
            voxels: voxels.voxels.volume(),
            shards,
            resumed_voxels: resumed_voxels.into_inner(),
        })
    }

    /// Says what an import depends on, beside the world itself: one of another name does not go on with what it has made.
    fn import_name(&self, fingerprint: &str, voxels: &VoxelBox) -> String {
        let name = format!("{fingerprint} at {voxels:?}");
        match &self.inner.base {
            Some(base) => format!("{name} over {} {}", base.location(), base.generation()),
            None => name,
        }
    }

    /// Refuses to go on after an import that failed while it was moved in.
    pub(super) fn check_usable(&self) -> Result<(), WorldError> {
        match self.inner.must_reopen.load(Acquire) {
            true => Err(WorldError::MustReopen),
            false => Ok(()),
        }
    }

    /// A chunk before an import. What nobody has edited is not kept in the cache.
    fn before_import(&self, key: ChunkKey) -> Result<Chunk, WorldError> {
        block_on(self.look_up(key))?;
        // The lock is let go: reading takes it again.
        let is_edited = self.state().octree.is_edited(key);
        match is_edited {
            true => block_on(self.read(key)),
            false => Ok(self.fill_from_baseline(key)),
        }
    }
}

impl Importing<'_> {
    /// Makes the shards of all lods.
    fn make_all(&self) -> Result<(), WorldError> {
        self.make_leaves()?;
        for lod in 1..=MAX_LOD {
            if !self.make_parents(lod)? {
                break;
            }
        }
        Ok(())
    }

    /// Makes the shards of lod 0 that the volume reaches into.
    fn make_leaves(&self) -> Result<(), WorldError> {
        let shape = self.world.shape();
        let edge = IVec3::splat(SHARD_CELLS);
        // In the order in which most files have their numbers, each once.
        let mut tiles = BTreeMap::new();
        for part in self.volume.parts() {
            for tile in part.intersection(&self.voxels).tiles(edge) {
                let at = tile.min.div_euclid(edge);
                tiles.insert([at.y, at.z, at.x], at * edge);
                if tiles.len() > MAX_SHARDS {
                    return Err(WorldError::VolumeTooLarge { max: MAX_SHARDS });
                }
            }
        }
        let located = tiles.into_values().map(|min| {
            let part = LatticeBox::new(min, min.saturating_add(edge)).intersection(&self.voxels);
            let key = ChunkKey::new(self.region, 0, min >> 6i32);
            let located = ShardKey::locate(&shape, key).ok_or(StoreError::OutsideLattice { key });
            Ok((located?.0, part))
        });
        let shards: Vec<(ShardKey, LatticeBox)> = located.collect::<Result<_, WorldError>>()?;
        let there: FxHashSet<ShardKey> = self.import.shards(0).into_iter().collect();
        self.each(0, &shards, |scratch, &(shard, part)| {
            if there.contains(&shard) {
                self.resumed_voxels.fetch_add(part.volume(), Relaxed);
            } else {
                self.make_leaf(scratch, shard, part)?;
            }
            self.done_voxels.fetch_add(part.volume(), Relaxed);
            Ok(())
        })
    }

    /// Makes a shard of lod 0 of which the volume fills a part.
    fn make_leaf(
        &self,
        scratch: &mut Scratch,
        shard: ShardKey,
        part: LatticeBox,
    ) -> Result<(), WorldError> {
        scratch.part.clear();
        scratch.part.resize(part.volume() as usize, MaterialId::UNSTORED);
        self.volume
            .read(part, &mut scratch.part)
            .map_err(|source| WorldError::Volume { part, source })?;
        let known = self.world.materials().rows().len();
        let is_unknown = |material: &&MaterialId| {
            usize::from(material.0) >= known && **material != MaterialId::UNSTORED
        };
        if let Some(&material) = scratch.part.iter().find(is_unknown) {
            return Err(WorldError::UnknownMaterial { material, known });
        }
        scratch.chunk.resize(CHUNK_VOLUME, MaterialId::AIR);
        let mut changed = Vec::new();
        for piece in part.tiles(IVec3::splat(CHUNK_EDGE)) {
            let key = ChunkKey::new(self.region, 0, piece.min >> 6i32);
            let before = self.world.before_import(key)?;
            before.write_cells(&mut scratch.chunk);
            lay_over(&scratch.part, part, piece, &mut scratch.chunk);
            let after = Chunk::from_cells(&scratch.chunk);
            if after != before {
                changed.push((key, after));
            }
        }
        if !changed.is_empty() {
            block_on(self.import.make(shard, &changed))?;
        }
        Ok(())
    }

    /// Makes the shards of a lod that lie over those made of the lod below. False if there is none.
    fn make_parents(&self, lod: u8) -> Result<bool, WorldError> {
        let shape = self.world.shape();
        let mut parents: BTreeMap<[i32; 3], (ShardKey, Vec<ShardKey>)> = BTreeMap::new();
        for child in self.import.shards(lod - 1) {
            let parent = child.chunk(&shape, IVec3::ZERO).parent();
            if let Some((shard, _)) = parent.and_then(|key| ShardKey::locate(&shape, key)) {
                let (_, children) =
                    parents.entry(shard.pos.to_array()).or_insert((shard, Vec::new()));
                children.push(child);
            }
        }
        let there: FxHashSet<ShardKey> = self.import.shards(lod).into_iter().collect();
        let parents: Vec<_> = parents.into_values().collect();
        self.each(lod, &parents, |_, (shard, children)| match there.contains(shard) {
            true => Ok(()),
            false => self.make_parent(*shard, children),
        })?;
        Ok(!parents.is_empty())
    }

    /// Makes a shard over some that were made.
    fn make_parent(&self, shard: ShardKey, children: &[ShardKey]) -> Result<(), WorldError> {
        let mut changed = Vec::new();
        for &child in children {
            let mut by_parent: BTreeMap<[i32; 3], Vec<(ChunkKey, Chunk, Chunk)>> = BTreeMap::new();
            for (key, stored) in block_on(self.import.read(child))? {
                let baseline = self.world.fill_from_baseline(key);
                let now = self.world.lay_over_baseline(key, stored);
                let parent = (key.pos >> 1i32).to_array();
                by_parent.entry(parent).or_default().push((key, now, baseline));
            }
            for chunks in by_parent.into_values() {
                let Some(parent) = chunks.first().and_then(|(key, ..)| key.parent()) else {
                    continue;
                };
                let children: Vec<_> = (chunks.iter())
                    .map(|(key, now, baseline)| Child { octant: key.octant(), now, baseline })
                    .collect();
                let before = self.world.before_import(parent)?;
                let baseline = self.world.fill_from_baseline(parent);
                if let Some(after) = carry_up(&before, &baseline, &children) {
                    changed.push((parent, after));
                }
            }
        }
        if !changed.is_empty() {
            block_on(self.import.make(shard, &changed))?;
        }
        Ok(())
    }

    /// Does the work of all shards of a lod on all cores, until one fails; says how far it is.
    fn each<T: Sync>(
        &self,
        lod: u8,
        shards: &[T],
        work: impl Fn(&mut Scratch, &T) -> Result<(), WorldError> + Sync,
    ) -> Result<(), WorldError> {
        let (failed, done) = (AtomicBool::new(false), AtomicU64::new(0));
        let results =
            parallel::map_with(parallel::cores(), shards, Scratch::default, |scratch, shard| {
                if failed.load(Relaxed) {
                    return Ok(());
                }
                let cancelled = self.cancel.check().map_err(|_| WorldError::Cancelled);
                let result = cancelled.and_then(|()| work(scratch, shard));
                failed.fetch_or(result.is_err(), Relaxed);
                (self.progress)(ImportProgress {
                    lod,
                    done_shards: done.fetch_add(1, Relaxed) + 1,
                    shards: shards.len() as u64,
                    done_voxels: self.done_voxels.load(Relaxed),
                    voxels: self.voxels.volume(),
                });
                result
            });
        results.into_iter().collect()
    }
}

/// Whether the same import would fail in the same way, so that what it has made is of no use.
fn would_fail_again(error: &WorldError) -> bool {
    matches!(
        error,
        WorldError::Volume { source: VolumeError::Contents(_), .. }
            | WorldError::UnknownMaterial { .. }
            | WorldError::VolumeTooLarge { .. }
            | WorldError::VolumeChanged
    )
}

/// Lays the cells of a piece, which is a part of those of `part`, over those of the chunk that holds it;
/// [`MaterialId::UNSTORED`] leaves them as they are.
fn lay_over(cells: &[MaterialId], part: LatticeBox, piece: LatticeBox, chunk: &mut [MaterialId]) {
    let (size, width) = (part.size().as_usizevec3(), piece.size().x as usize);
    for y in piece.min.y..piece.max.y {
        for z in piece.min.z..piece.max.z {
            let start = ivec3(piece.min.x, y, z);
            let from = (start - part.min).as_usizevec3();
            let from = (from.y * size.z + from.z) * size.x + from.x;
            let to = (start & (CHUNK_EDGE - 1)).as_usizevec3();
            let to = cell_index(to.x, to.y, to.z);
            for (cell, over) in chunk[to..to + width].iter_mut().zip(&cells[from..from + width]) {
                *cell = if *over == MaterialId::UNSTORED { *cell } else { *over };
            }
        }
    }
}
