//! [`VoxelReader`]: voxels for systems, which cannot wait for a disk or for the ground to be generated.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use bevy::{ecs::system::SystemParam, prelude::*};
use bluemarble_core::{CancelToken, ChunkKey, LatticePos, MaterialId, VoxelPos};
use bluemarble_world::HybridWorld;
use glam::DVec3;

use super::{
    VoxelWorld, WorldUpkeep,
    work::{RETRY_AFTER, WorkError, WorkToken, guarded},
};
use crate::{gate::FrameGate, space::WorldFrame, workers};

/// The most chunks of a world that are read at once. What is asked for beyond is read when it is asked for again.
const MAX_READS: usize = 64;

/// Reads single voxels of worlds, drawn or not, without ever waiting: what is under a foot, whether a place is free.
///
/// ```
/// use bevy::prelude::*;
/// use bevy_bluemarble::prelude::*;
///
/// #[derive(Component)]
/// struct Drill(Entity);
///
/// fn drill(drills: Query<(&Drill, &WorldPosition)>, voxels: VoxelReader) {
///     for (drill, position) in &drills {
///         let Some(pos) = voxels.voxel_at(drill.0, position.0) else { continue };
///         match voxels.material(drill.0, pos) {
///             Some(material) => info!("{pos} is {material:?}"),
///             // Its chunk is being read: ask again in the next frame.
///             None => continue,
///         }
///     }
/// }
/// ```
///
/// For many voxels, boxes and rays take [`HybridWorld::reader`] on a worker.
#[derive(SystemParam)]
pub struct VoxelReader<'w, 's> {
    worlds: Query<
        'w,
        's,
        (&'static VoxelWorld, &'static WorldFrame, &'static WorldUpkeep, &'static ChunkReads),
    >,
    gate: Res<'w, FrameGate>,
}

impl VoxelReader<'_, '_> {
    /// The voxel of a world in which a point of world space lies, in metres; `None` without such a world, and outside
    /// of its lattice.
    pub fn voxel_at(&self, world: Entity, point: DVec3) -> Option<VoxelPos> {
        let (world, frame, ..) = self.worlds.get(world).ok()?;
        let shape = world.0.shape();
        let pos = shape.lattice_from_local(frame.local_from_world(point)).voxel();
        shape.region_box().contains(pos.voxel).then_some(pos)
    }

    /// The middle of a voxel of a world, in world space, in metres; `None` without such a world.
    pub fn centre_of(&self, world: Entity, pos: VoxelPos) -> Option<DVec3> {
        let (world, frame, ..) = self.worlds.get(world).ok()?;
        let middle = LatticePos::new(pos.region, pos.voxel.as_dvec3() + 0.5);
        Some(frame.world_from_local(world.0.shape().local_from_lattice(middle)))
    }

    /// What a voxel is made of now, with every edit that was applied. `None` while its chunk is not in memory: it is then
    /// read in the background, so ask again in a later frame. Always `None` without such a world, and outside of its
    /// lattice.
    pub fn material(&self, world: Entity, pos: VoxelPos) -> Option<MaterialId> {
        let (world, _, upkeep, reads) = self.worlds.get(world).ok()?;
        let known = world.0.known_material(pos);
        if known.is_none() {
            reads.start(&world.0, pos.chunk(0), &self.gate, upkeep.user_token());
        }
        known
    }
}

/// Chunks that are being read for [`VoxelReader`]s; with a time, those that could not be read and wait until then.
#[derive(Component, Default)]
pub(crate) struct ChunkReads(Arc<Mutex<HashMap<ChunkKey, Option<Instant>>>>);

impl ChunkReads {
    fn lock(&self) -> MutexGuard<'_, HashMap<ChunkKey, Option<Instant>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a chunk into the cache of its world, unless that is under way or it cannot be read.
    fn start(&self, world: &HybridWorld, key: ChunkKey, gate: &FrameGate, token: WorkToken) {
        let mut reads = self.lock();
        reads.retain(|_, again_at| again_at.is_none_or(|at| Instant::now() < at));
        if reads.len() >= MAX_READS || reads.contains_key(&key) || !world.has_chunk(key) {
            return;
        }
        reads.insert(key, None);
        let (world, gate, reads) = (world.clone(), gate.clone(), Self(self.0.clone()));
        workers::pool()
            .spawn(async move {
                let cancel = CancelToken::never().with_pause(move || gate.pass());
                let read = async {
                    world.prepare(key, &cancel).await?;
                    Ok::<_, WorkError>(world.read_both(key, &cancel).await?)
                };
                let result = guarded(read).await;
                let mut reads = reads.lock();
                reads.remove(&key);
                if let Err(error) = result {
                    error!("voxels of chunk {key} cannot be read, trying again: {error}");
                    reads.insert(key, Some(Instant::now() + RETRY_AFTER));
                }
                // The world first: it is closed when no token is held.
                drop((world, token));
            })
            .detach();
    }
}
