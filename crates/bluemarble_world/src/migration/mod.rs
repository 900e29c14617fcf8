//! [`Migration`]: a pure octree becomes a part of a world while both are in use.
//!
//! ```text
//! begin    the octree is opened beside the world, as the baseline of a world of its own in DIR/octree
//! copy     chunk by chunk the world becomes what the octree is
//! switch   every chunk is compared; if all are alike, readers are sent to the world from then on
//! retire   DIR/octree is removed
//! ```
//!
//! Edits go to both from the first to the last. Nothing is ever written into the octree's file. Until it is retired
//! the octree with its edits is the truth within its box: whatever differs in the world is made like it, so that
//! all of this may be stopped or killed at any point and begun again, and copying again costs no more than
//! comparing. Outside of the box it is the other way round.

mod difference;
mod error;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bluemarble_core::{
    CHUNK_EDGE, CancelToken, Cells, Chunk, ChunkKey, LatticeBox, MAX_LOD, VoxelPos,
};
use bluemarble_store::{METADATA_NAME, StoreError, log::LogOptions};
use bluemarble_terrain::{Classification, octree::OctreeBaseline};
use futures::{executor::block_on, lock::Mutex};
use glam::IVec3;

use self::difference::{Pair, difference};
pub use self::error::MigrationError;
use crate::{EditBatch, EditReport, HybridWorld, WorldError, uniform_box};

/// The folder in a world's directory in which an octree and its edits are until the world has taken over.
pub const OCTREE_DIR: &str = "octree";
/// What it is called once the world has taken over, while it is removed.
const RETIRED_DIR: &str = "octree.retired";
/// A log that takes more is folded into the store.
const MAX_LOG_BYTES: u64 = 64 << 20;
/// Chunks between two looks at the log.
const CHUNKS_PER_LOOK: u64 = 64;

/// A pure octree that moves into a world.
///
/// Give edits to [`Migration::edit`] alone until the octree is retired, and read from
/// [`Migration::current`]: what readers of an older one of the two see is as true until then.
pub struct Migration {
    octree: HybridWorld,
    world: HybridWorld,
    dump: Arc<OctreeBaseline>,
    dir: PathBuf,
    /// Held while an edit goes to both, and while a chunk is copied.
    both: Mutex<()>,
    is_switched: AtomicBool,
    /// Whether a batch may be in one of them alone.
    may_differ: AtomicBool,
}

/// What was compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Voxels, of the smallest box that holds the octree's leaves.
    pub voxels: u64,
    /// All voxels of that box.
    pub all_voxels: u64,
    /// Chunks that were read for it; elsewhere both are known to be of the same one material.
    pub chunks: u64,
    /// Chunks of these that differed, and do not any more.
    pub copied: u64,
}

impl Migration {
    /// Begins to move an octree into a world, or goes on with it. `dir` is the world's directory; `options` are
    /// for the log of the octree's edits.
    ///
    /// The octree must have been laid over the world's own baseline. Blocks while both are opened.
    ///
    /// # Errors
    /// [`MigrationError::Occupied`] if the world has edits in the octree's box before it begins;
    /// [`MigrationError::OtherOctree`] if another one is under way; [`MigrationError::World`] if `DIR/octree` cannot be
    /// opened.
    pub fn begin(
        world: &HybridWorld,
        octree: OctreeBaseline,
        dir: &Path,
        options: LogOptions,
    ) -> Result<Self, MigrationError> {
        remove_retired(dir)?;
        let is_begun = Self::is_under_way(dir);
        let dir = dir.join(OCTREE_DIR);
        if !is_begun {
            check_unedited(world, octree.region(), octree.voxels())?;
        }
        let (dump, materials) = (Arc::new(octree), world.materials().clone());
        let octree =
            HybridWorld::builder(Arc::clone(&dump) as _, materials).log(options).open(&dir);
        let octree = octree.map_err(|error| match error {
            WorldError::Store(StoreError::Mismatch { .. }) => {
                MigrationError::OtherOctree { dir: dir.clone() }
            }
            error => error.into(),
        })?;
        let [is_switched, may_differ] = [false; 2].map(AtomicBool::new);
        let (world, both) = (world.clone(), Mutex::new(()));
        let migration = Self { octree, world, dump, dir, both, is_switched, may_differ };
        block_on(migration.copy_around())?;
        Ok(migration)
    }

    /// Whether an octree moves into the world of a directory: it has begun, and is not retired.
    pub fn is_under_way(dir: &Path) -> bool {
        dir.join(OCTREE_DIR).join(METADATA_NAME).exists()
    }

    /// The one to read from: the octree and all that lies around it until the switch, then the world.
    pub fn current(&self) -> &HybridWorld {
        if self.is_switched() { &self.world } else { &self.octree }
    }

    /// Whether the world has taken over.
    pub fn is_switched(&self) -> bool {
        self.is_switched.load(Ordering::Acquire)
    }

    /// Makes a batch in both. The report is the world's. When this returns the batch is as durable as the logs of
    /// both make it.
    ///
    /// # Errors
    /// As [`HybridWorld::edit`]. If the octree's log is what has failed, one comparison more takes back what the
    /// world has of the batch.
    pub async fn edit(&self, batch: &EditBatch) -> Result<EditReport, WorldError> {
        self.keep_logs_short().await?;
        let _both = self.both.lock().await;
        // Stays so if this ends between the two.
        let differed = self.may_differ.swap(true, Ordering::AcqRel);
        let report = self.world.edit(batch).await?;
        self.octree.edit(batch).await?;
        self.may_differ.store(differed, Ordering::Release);
        Ok(report)
    }

    /// Makes the world like the octree, chunk by chunk. `progress` hears how far it has come after each.
    ///
    /// # Errors
    /// [`MigrationError::Octree`] or [`MigrationError::World`] if either cannot be read or written;
    /// [`MigrationError::Cancelled`]. What was copied until then stays.
    pub async fn copy(
        &self,
        cancel: &CancelToken,
        mut progress: impl FnMut(&Compared),
    ) -> Result<Compared, MigrationError> {
        let (region, voxels) = (self.dump.region(), self.dump.voxels());
        let all_voxels = voxels.size().as_u64vec3().element_product();
        let mut compared = Compared { all_voxels, ..Compared::default() };
        let mut nodes = roots(region, voxels);
        while let Some(key) = nodes.pop() {
            let part = key.lattice_box();
            let part = LatticeBox::new(part.min.max(voxels.min), part.max.min(voxels.max));
            if part.is_empty() {
                continue;
            }
            let is_known = match (self.octree.classify(key), self.world.classify(key)) {
                (Classification::Uniform(one), Classification::Uniform(other)) => one == other,
                _ => false,
            };
            match key.children().filter(|_| !is_known) {
                // In the order of the octree's leaves.
                Some(children) => nodes.extend(children.into_iter().rev()),
                None => {
                    if !is_known {
                        compared.chunks += 1;
                        compared.copied += u64::from(self.copy_chunk(key, part).await?);
                        if compared.chunks.is_multiple_of(CHUNKS_PER_LOOK) {
                            self.keep_logs_short().await?;
                        }
                    }
                    compared.voxels += part.size().as_u64vec3().element_product();
                    progress(&compared);
                    cancel.check()?;
                }
            }
        }
        self.dump.octree().check()?;
        Ok(compared)
    }

    /// Compares everything; where all is alike, the world takes over. If it does not, what differed was copied:
    /// try again.
    ///
    /// # Errors
    /// As [`Migration::copy`].
    pub async fn switch(
        &self,
        cancel: &CancelToken,
        progress: impl FnMut(&Compared),
    ) -> Result<Compared, MigrationError> {
        {
            // Not while a batch is made in one and not yet in the other.
            let _both = self.both.lock().await;
            self.may_differ.store(false, Ordering::Release);
        }
        let compared = self.copy(cancel, progress).await?;
        if compared.copied == 0 {
            let _both = self.both.lock().await;
            // Edits since then went to both, if nothing came between.
            let are_alike = !self.may_differ.load(Ordering::Acquire);
            self.is_switched.store(are_alike, Ordering::Release);
        }
        Ok(compared)
    }

    /// Removes what is left of the octree beside the world, if the world has taken over; until then it only
    /// closes both, to go on later. The octree's own file stays.
    ///
    /// # Errors
    /// [`MigrationError::World`] if the world cannot be made durable first; [`MigrationError::Remove`].
    pub fn retire(self) -> Result<(), MigrationError> {
        block_on(self.world.checkpoint())?;
        let Self { octree, dir, is_switched, .. } = self;
        drop(octree);
        if !is_switched.into_inner() {
            return Ok(());
        }
        // The name goes first: half a folder must not look like a migration that is under way.
        let retired = dir.with_file_name(RETIRED_DIR);
        fs::rename(&dir, &retired)
            .and_then(|()| fs::remove_dir_all(&retired))
            .map_err(|source| MigrationError::Remove { path: dir.clone(), source })
    }

    /// Makes the octree's world like the world outside of the octree's box.
    async fn copy_around(&self) -> Result<(), MigrationError> {
        let (region, voxels) = (self.dump.region(), self.dump.voxels());
        let edited = self.world.edited_unsorted().await?;
        for key in edited.into_iter().filter(|key| key.lod == 0) {
            let own = key.lattice_box();
            let is_outside = |voxel| key.region != region || !voxels.contains(voxel);
            if is_outside(own.min) || is_outside(own.max - 1) {
                let Pair { octree, world } = self.read(key).await?;
                let pair = Pair { octree: world, world: octree };
                let batch = difference(key, own, &pair, is_outside);
                if !batch.is_empty() {
                    self.octree.edit(&batch).await?;
                    self.octree.keep_log_short(MAX_LOG_BYTES).await?;
                }
            }
        }
        Ok(())
    }

    /// Makes the chunk of the world like the octree's in a box; false if it is already.
    async fn copy_chunk(&self, key: ChunkKey, part: LatticeBox) -> Result<bool, MigrationError> {
        // What takes long is done before edits must wait.
        let seen = self.read(key).await?;
        let mut batch = difference(key, part, &seen, |_| true);
        let _both = self.both.lock().await;
        let now = self.read(key).await?;
        if !(now.octree.is_same(&seen.octree) && now.world.is_same(&seen.world)) {
            batch = difference(key, part, &now, |_| true);
        }
        self.dump.octree().check()?;
        if batch.is_empty() {
            return Ok(false);
        }
        self.world.edit(&batch).await?;
        Ok(true)
    }

    async fn read(&self, key: ChunkKey) -> Result<Pair, WorldError> {
        let octree = self.octree.read_compact(key).await?;
        Ok(Pair { octree, world: self.world.read_compact(key).await? })
    }

    async fn keep_logs_short(&self) -> Result<(), WorldError> {
        for world in [&self.world, &self.octree] {
            world.keep_log_short(MAX_LOG_BYTES).await?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Migration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let octree = self.dump.octree();
        f.debug_struct("Migration")
            .field("octree", octree)
            .field("dir", &self.dir)
            .finish_non_exhaustive()
    }
}

/// The fewest nodes of one lod that hold a box, the last one first.
fn roots(region: u8, voxels: LatticeBox) -> Vec<ChunkKey> {
    let edge = voxels.size().max_element();
    let lod = (0..MAX_LOD).find(|&lod| CHUNK_EDGE << lod >= edge).unwrap_or(MAX_LOD);
    let first = VoxelPos::new(region, voxels.min).chunk(lod).pos;
    let last = VoxelPos::new(region, voxels.max - 1).chunk(lod).pos;
    let mut nodes = Vec::new();
    for y in first.y..=last.y {
        for z in first.z..=last.z {
            nodes.extend(
                (first.x..=last.x).map(|x| ChunkKey::new(region, lod, IVec3::new(x, y, z))),
            );
        }
    }
    nodes.reverse();
    nodes
}

/// Removes what a migration that was killed at its very end has left.
fn remove_retired(dir: &Path) -> Result<(), MigrationError> {
    let path = dir.join(RETIRED_DIR);
    match fs::remove_dir_all(&path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(MigrationError::Remove { path, source })
        }
        _ => Ok(()),
    }
}

/// Refuses a box in which something of a world is edited.
fn check_unedited(
    world: &HybridWorld,
    region: u8,
    voxels: LatticeBox,
) -> Result<(), MigrationError> {
    let edited = block_on(world.edited_unsorted())?.into_iter().filter(|key| {
        key.lod == 0 && key.region == region && key.lattice_box().intersects(&voxels)
    });
    for key in edited {
        let now = block_on(world.read_compact(key))?;
        let mut unedited = Chunk::default();
        world.baseline().fill(key, &mut unedited);
        let low = key.min_voxel();
        let cells =
            LatticeBox::new(voxels.min.max(low) - low, voxels.max.min(low + CHUNK_EDGE) - low);
        let differs = |cell| (now.get(cell) != unedited.get(cell)).then_some(());
        if let Some(found) = uniform_box::merge(cells, differs).first() {
            return Err(MigrationError::Occupied {
                pos: VoxelPos::new(region, low + found.cells().min),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
