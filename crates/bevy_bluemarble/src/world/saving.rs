//! [`SaveDelay`]: edits are folded into the store some time after they were made.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bevy::prelude::*;
use bluemarble_world::{CheckpointReport, HybridWorld, WorldError};
use crossbeam_channel::Sender;

use super::{
    snapshots::{self, KeepSnapshots},
    work::{Done, RETRY_AFTER, WorkError, WorkToken, guarded},
};
use crate::workers;

/// Ask for everything edited so far to be folded into a world's store now; [`VoxelWorldSaved`] answers, also when the
/// world is replaced or despawned meanwhile. An entity without a world is only warned about.
#[derive(Message, Clone, Copy, Debug, Reflect)]
#[reflect(Message)]
pub struct SaveVoxelWorld {
    /// The world's entity.
    pub world: Entity,
}

/// The store holds every edit that was made before the save began.
#[derive(Message, Clone, Debug, Reflect)]
#[reflect(Message)]
pub struct VoxelWorldSaved {
    /// The world's entity.
    pub world: Entity,
    /// The last batch that the store holds for certain; 0 in a world without a log.
    pub lsn: u64,
    /// Chunks written.
    pub chunks: usize,
}

/// A save of a world failed. Its edits are in the delta log, and the save is tried again every few seconds; in a world
/// without a log they are in memory only: tell the player.
#[derive(Message, Clone, Debug, Reflect)]
#[reflect(from_reflect = false)]
pub struct VoxelWorldSaveFailed {
    /// The world's entity.
    pub world: Entity,
    /// What went wrong, and where.
    #[reflect(ignore)]
    pub reason: Arc<SaveError>,
}

/// Why a save failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// The world could not be written.
    #[error(transparent)]
    World(#[from] WorldError),
    /// A panic on a worker, in a baseline of the game perhaps.
    #[error("{0}")]
    Panicked(String),
}

impl From<WorkError> for SaveError {
    fn from(error: WorkError) -> Self {
        match error {
            WorkError::World(error) => Self::World(error),
            other => Self::Panicked(other.to_string()),
        }
    }
}

/// How long after an edit the edits of a world are folded into its store. They are durable before that, in the delta
/// log: this decides how soon other readers of the store see them, how long a start takes, and how often shards are
/// written.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Reflect)]
#[reflect(Component, Default)]
pub struct SaveDelay(pub Duration);

impl SaveDelay {
    /// A second after the first edit that is not folded.
    pub const PROMPT: Self = Self(Duration::from_secs(1));
    /// Ten seconds after it.
    pub const BALANCED: Self = Self(Duration::from_secs(10));
    /// A minute after it: least writing.
    pub const LAZY: Self = Self(Duration::from_secs(60));
}

impl Default for SaveDelay {
    fn default() -> Self {
        Self::BALANCED
    }
}

/// Whether there is something to save, and when.
#[derive(Debug)]
pub(super) struct Saving {
    unsaved: bool,
    runs: bool,
    /// It was asked for, and has not been answered.
    awaited: bool,
    /// When the first edit was made that is not saved.
    since: Instant,
    /// The last one failed, and is tried again then.
    not_before: Option<Instant>,
}

impl Default for Saving {
    fn default() -> Self {
        let since = Instant::now();
        Self { unsaved: false, runs: false, awaited: false, since, not_before: None }
    }
}

impl Saving {
    pub fn is_pending(&self) -> bool {
        self.unsaved || self.runs
    }

    pub fn note_edit(&mut self) {
        if !self.unsaved {
            self.unsaved = true;
            self.since = Instant::now();
        }
    }

    pub fn is_awaited(&self) -> bool {
        self.awaited
    }

    pub fn save_now(&mut self) {
        (self.unsaved, self.awaited, self.not_before) = (true, true, None);
    }

    fn is_due(&self, delay: SaveDelay) -> bool {
        match self.not_before {
            Some(then) => Instant::now() >= then,
            None => self.awaited || self.since.elapsed() >= delay.0,
        }
    }

    pub fn start_when_due(
        &mut self,
        world: &HybridWorld,
        delay: SaveDelay,
        keep: Option<KeepSnapshots>,
        end: &Sender<Done>,
        token: &WorkToken,
    ) {
        if !self.unsaved || self.runs || !self.is_due(delay) {
            return;
        }
        (self.unsaved, self.runs, self.not_before) = (false, true, None);
        let (world, end, token) = (world.clone(), end.clone(), token.clone());
        workers::pool()
            .spawn(async move {
                let _ = end.send(Done::Saved(guarded(snapshots::save(&world, keep)).await));
                drop(token);
            })
            .detach();
    }

    /// Notes how a save has ended; one that failed is tried again.
    pub fn ended(
        &mut self,
        result: Result<CheckpointReport, WorkError>,
    ) -> Result<CheckpointReport, WorkError> {
        self.runs = false;
        match &result {
            // One that was asked for while this one ran is still to come.
            Ok(_) => self.awaited &= self.unsaved,
            Err(reason) => {
                error!("edits are not saved yet, trying again: {reason}");
                self.unsaved = true;
                self.not_before = Some(Instant::now() + RETRY_AFTER);
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_that_becomes_shorter_or_longer_counts_from_the_first_edit() {
        let minutes = |minutes: u64| SaveDelay(Duration::from_secs(60 * minutes));
        let mut saving = Saving::default();
        saving.note_edit();
        saving.since -= Duration::from_secs(90);
        saving.note_edit();
        assert!(saving.is_due(minutes(1)) && !saving.is_due(minutes(2)));
        saving.save_now();
        assert!(saving.is_due(minutes(2)), "asked for");
        let failed = saving.ended(Err(WorkError::Panicked("a disk".to_owned())));
        assert!(failed.is_err() && !saving.is_due(minutes(0)), "a failed save waits");
        saving.save_now();
        assert!(saving.is_due(minutes(2)), "asked for again");
    }
}
