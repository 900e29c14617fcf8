//! Worlds that were replaced, removed or despawned are saved and closed in the background.

use std::time::{Duration, Instant};

use bevy::{prelude::*, tasks::block_on};
use bluemarble_world::{CheckpointReport, HybridWorld};
use crossbeam_channel::{Receiver, bounded};

use super::{
    VoxelWorld, VoxelWorldSaved, WorldIndex, WorldUpkeep,
    work::{RETRY_AFTER, WorkError, WorkToken, guarded},
};
use crate::workers;

/// A world that was replaced, removed or despawned is closed: its directory may be opened again, unless the game still
/// holds a clone of its own.
#[derive(Message, Clone, Copy, Debug, Reflect)]
#[reflect(Message)]
pub struct VoxelWorldClosed {
    /// The entity that had it.
    pub world: Entity,
    /// Its store holds all its edits. If it could not be written, the delta log has them, and the next opening finds them.
    pub is_saved: bool,
}

/// How long the end of the app waits for work that is on its way.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// The last save of a world is tried so often.
const TRIES: u32 = 5;

/// Worlds that are being closed.
#[derive(Resource, Default, Reflect)]
#[reflect(Resource, Default)]
pub struct ClosingWorlds(#[reflect(ignore)] Vec<Closing>);

impl ClosingWorlds {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

struct Closing {
    entity: Entity,
    world: HybridWorld,
    /// No one else holds it when nothing works on the world any more.
    work: WorkToken,
    /// No one else holds it when all clones of this crate are gone.
    users: WorkToken,
    /// Whether a [`VoxelWorldSaved`] was asked for and is still to come.
    is_save_awaited: bool,
    /// Whether all is saved; `None` as long as that is tried.
    is_saved: Option<bool>,
    index: Option<WorldIndex>,
    saving: Option<Receiver<Result<CheckpointReport, WorkError>>>,
    tries: u32,
    not_before: Instant,
}

/// A world is taken away: what belongs to it begins anew for its successor, and it is closed.
pub(super) fn begin(
    taken: On<Discard, VoxelWorld>,
    mut worlds: Query<(&VoxelWorld, &mut WorldUpkeep, &mut WorldIndex)>,
    mut closing: ResMut<ClosingWorlds>,
) {
    let Ok((world, mut upkeep, mut index)) = worlds.get_mut(taken.entity) else { return };
    let upkeep = std::mem::take(&mut *upkeep);
    closing.0.push(Closing {
        entity: taken.entity,
        world: world.0.clone(),
        work: upkeep.work_token(),
        users: upkeep.user_token(),
        is_save_awaited: upkeep.is_save_awaited(),
        is_saved: None,
        index: Some(std::mem::take(&mut *index)),
        saving: None,
        tries: 0,
        not_before: Instant::now(),
    });
    drop(upkeep);
}

/// Saves worlds on which nothing works any more, and forgets them then.
pub(super) fn advance(
    mut closing: ResMut<ClosingWorlds>,
    mut saved: MessageWriter<VoxelWorldSaved>,
    mut closed: MessageWriter<VoxelWorldClosed>,
) {
    if closing.0.is_empty() {
        return;
    }
    closing.0.retain_mut(|closing| {
        if let Some(saving) = &closing.saving {
            let Ok(result) = saving.try_recv() else { return true };
            closing.saving = None;
            match result {
                Ok(CheckpointReport { lsn, chunks, .. }) => {
                    closing.is_saved = Some(true);
                    if closing.is_save_awaited {
                        saved.write(VoxelWorldSaved { world: closing.entity, lsn, chunks });
                    }
                }
                Err(error) if closing.tries < TRIES => {
                    error!("a world that is closed is not saved yet, trying again: {error}");
                    closing.not_before = Instant::now() + RETRY_AFTER;
                }
                Err(error) => {
                    error!(
                        "a world is closed without its last save, its log has the edits: {error}"
                    );
                    closing.is_saved = Some(false);
                }
            }
        }
        if let Some(is_saved) = closing.is_saved {
            let is_gone = closing.users.is_held_by(1);
            if is_gone {
                closed.write(VoxelWorldClosed { world: closing.entity, is_saved });
            }
            return !is_gone;
        }
        if closing.work.is_held_by(1) && Instant::now() >= closing.not_before {
            closing.start_saving();
        }
        true
    });
}

impl Closing {
    fn start_saving(&mut self) {
        let (end, saving) = bounded(1);
        self.saving = Some(saving);
        self.tries += 1;
        let (world, index) = (self.world.clone(), self.index.take());
        workers::pool()
            .spawn(async move {
                // It may wait for its thread, and keeps what is known for the next time.
                drop(index);
                let result = guarded(world.checkpoint()).await;
                drop(world);
                let _ = end.send(result);
            })
            .detach();
    }
}

/// Finishes and saves every edit of every world before the app ends; nothing is drawn any more, so it may wait.
pub(super) fn close_all_on_exit(
    mut exits: MessageReader<AppExit>,
    mut worlds: Query<(&VoxelWorld, &WorldUpkeep, &mut WorldIndex)>,
    closing: Res<ClosingWorlds>,
) {
    if exits.read().next().is_none() {
        return;
    }
    let until = Instant::now() + MAX_WAIT;
    let wait_for = |token: &WorkToken, holders: usize| {
        while !token.is_held_by(holders) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    let save = |world: &HybridWorld| {
        if let Err(error) = block_on(world.checkpoint()) {
            error!("the last edits could not be saved: {error}");
        }
    };
    for (world, upkeep, mut index) in &mut worlds {
        wait_for(&upkeep.work_token(), 2);
        save(&world.0);
        index.end();
    }
    for closing in &closing.0 {
        wait_for(&closing.work, 1);
        save(&closing.world);
    }
}
