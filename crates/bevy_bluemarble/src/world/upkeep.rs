//! [`WorldUpkeep`]: what follows from an edit. Coarser lods show it, then the store holds it.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use bevy::prelude::*;
use bluemarble_core::ChunkKey;
use bluemarble_world::{CheckpointReport, HybridWorld};
use crossbeam_channel::{Receiver, Sender, bounded};

use super::{
    KeepSnapshots, SaveDelay, SaveVoxelWorld, VoxelWorld, VoxelWorldSaveFailed, VoxelWorldSaved,
    VoxelsChanged,
    saving::Saving,
    work::{Done, RETRY_AFTER, WorkError, WorkToken, guarded},
};
use crate::workers;

/// While edits keep coming, coarser lods are brought up to date no more often than this.
const UPDATE_EVERY: Duration = Duration::from_millis(250);

/// Whether coarser lods are behind the edits.
#[derive(Debug)]
struct ParentUpdates {
    needed: bool,
    runs: bool,
    last: Instant,
    /// The last one failed.
    failed: bool,
}

/// What is still to be done after edits of a world. The plugin keeps it.
#[derive(Component, Reflect)]
#[reflect(Component, Default, from_reflect = false)]
pub struct WorldUpkeep {
    #[reflect(ignore)]
    ended: Receiver<Done>,
    #[reflect(ignore)]
    end: Sender<Done>,
    /// Held by whatever will still change or save the world.
    #[reflect(ignore)]
    work: WorkToken,
    /// Held by whatever else has a clone of the world in this crate.
    #[reflect(ignore)]
    users: WorkToken,
    edits_in_flight: usize,
    #[reflect(ignore)]
    parents: ParentUpdates,
    #[reflect(ignore)]
    saving: Saving,
}

impl Default for ParentUpdates {
    fn default() -> Self {
        Self { needed: false, runs: false, last: Instant::now(), failed: false }
    }
}

impl ParentUpdates {
    /// Notes how an update has ended; one that failed is tried again. What has changed, if it did not.
    fn ended(&mut self, result: Result<Vec<ChunkKey>, WorkError>) -> Option<Vec<ChunkKey>> {
        (self.runs, self.failed) = (false, result.is_err());
        result
            .inspect_err(|error| {
                error!("coarser lods do not show an edit yet, trying again: {error}");
                self.needed = true;
            })
            .ok()
    }
}

impl Default for WorldUpkeep {
    fn default() -> Self {
        // One update of parents and one save at a time.
        let (end, ended) = bounded(2);
        Self {
            ended,
            end,
            work: WorkToken::default(),
            users: WorkToken::default(),
            edits_in_flight: 0,
            parents: ParentUpdates::default(),
            saving: Saving::default(),
        }
    }
}

impl WorldUpkeep {
    /// Pieces of work between the edits that were asked for and a world that shows them at every lod and holds
    /// them in its store: edits on their way, and one each for lods and store that are behind.
    pub fn pending(&self) -> usize {
        self.edits_in_flight
            + usize::from(self.parents.needed || self.parents.runs)
            + usize::from(self.saving.is_pending())
    }

    /// To be held while something changes or saves the world, which is not closed before.
    pub(crate) fn work_token(&self) -> WorkToken {
        self.work.clone()
    }

    /// To be held beside any other clone of the world: it is not said to be closed before that is gone.
    pub(crate) fn user_token(&self) -> WorkToken {
        self.users.clone()
    }

    /// Notes that voxels were edited.
    pub(crate) fn note_edit(&mut self) {
        self.parents.needed = true;
        self.saving.note_edit();
    }

    /// Whether a [`VoxelWorldSaved`] was asked for and is still to come.
    pub(super) fn is_save_awaited(&self) -> bool {
        self.saving.is_awaited()
    }

    /// Says how many edits have been asked for and are not done.
    pub(crate) fn set_edits_in_flight(&mut self, count: usize) {
        self.edits_in_flight = count;
    }

    /// Carries edits into coarser lods: as soon as no edit is on its way, or now and then.
    fn update_parents_when_due(&mut self, world: &HybridWorld) {
        let ParentUpdates { needed, runs, last, failed } = &mut self.parents;
        let is_due = if *failed {
            last.elapsed() > RETRY_AFTER
        } else {
            self.edits_in_flight == 0 || last.elapsed() > UPDATE_EVERY
        };
        if !*needed || *runs || !is_due {
            return;
        }
        (*needed, *runs, *last) = (false, true, Instant::now());
        let (world, end, token) = (world.clone(), self.end.clone(), self.work.clone());
        workers::pool()
            .spawn(async move {
                let _ = end.send(Done::ParentsUpdated(guarded(world.update_parents()).await));
                drop(token);
            })
            .detach();
    }
}

/// Passes on what has ended, and starts what is due.
pub(crate) fn keep_up(
    mut worlds: Query<(Entity, &VoxelWorld, &SaveDelay, Option<&KeepSnapshots>, &mut WorldUpkeep)>,
    mut save_now: MessageReader<SaveVoxelWorld>,
    mut changed: MessageWriter<VoxelsChanged>,
    mut saved: MessageWriter<VoxelWorldSaved>,
    mut save_failed: MessageWriter<VoxelWorldSaveFailed>,
) {
    let mut asked: HashSet<Entity> = save_now.read().map(|save| save.world).collect();
    for (entity, world, delay, keep, mut upkeep) in &mut worlds {
        let upkeep = upkeep.bypass_change_detection();
        while let Ok(done) = upkeep.ended.try_recv() {
            match done {
                Done::ParentsUpdated(result) => {
                    if let Some(chunks) = upkeep.parents.ended(result) {
                        changed.write(VoxelsChanged { world: entity, chunks, is_edit: false });
                    }
                }
                Done::Saved(result) => match upkeep.saving.ended(result) {
                    Ok(CheckpointReport { lsn, chunks, updated_parents }) => {
                        changed.write(VoxelsChanged {
                            world: entity,
                            chunks: updated_parents,
                            is_edit: false,
                        });
                        saved.write(VoxelWorldSaved { world: entity, lsn, chunks });
                    }
                    Err(error) => {
                        let reason = Arc::new(error.into());
                        save_failed.write(VoxelWorldSaveFailed { world: entity, reason });
                    }
                },
            }
        }
        upkeep.update_parents_when_due(&world.0);
        if asked.remove(&entity) {
            upkeep.saving.save_now();
        }
        let keep = keep.copied();
        upkeep.saving.start_when_due(&world.0, *delay, keep, &upkeep.end, &upkeep.work);
    }
    for world in asked {
        warn!("nothing to save: entity {world} has no VoxelWorld");
    }
}
