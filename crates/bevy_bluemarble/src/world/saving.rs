//! [`SaveDelay`]: edits are folded into the store some time after they were made.

use std::time::{Duration, Instant};

use bevy::prelude::*;
use bluemarble_world::{CheckpointReport, HybridWorld};
use crossbeam_channel::Sender;

use super::work::{Done, RETRY_AFTER, WorkError, WorkToken, guarded};
use crate::workers;

/// Ask for everything edited so far to be folded into a world's store now; [`VoxelWorldSaved`] answers, also when the
/// world is replaced or despawned meanwhile. An entity without a world is only warned about.
#[derive(Message, Clone, Copy, Debug, Reflect)]
pub struct SaveVoxelWorld {
    /// The world's entity.
    pub world: Entity,
}

/// The store holds every edit that was made before the save began.
#[derive(Message, Clone, Debug, Reflect)]
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
pub struct VoxelWorldSaveFailed {
    /// The world's entity.
    pub world: Entity,
    /// What went wrong, and where.
    pub reason: String,
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
    at: Instant,
}

impl Default for Saving {
    fn default() -> Self {
        Self { unsaved: false, runs: false, awaited: false, at: Instant::now() }
    }
}

impl Saving {
    pub fn is_pending(&self) -> bool {
        self.unsaved || self.runs
    }

    pub fn note_edit(&mut self, delay: SaveDelay) {
        if !self.unsaved {
            self.unsaved = true;
            self.at = Instant::now() + delay.0;
        }
    }

    /// A delay that has become shorter counts at once.
    pub fn follow(&mut self, delay: SaveDelay) {
        if self.unsaved {
            self.at = self.at.min(Instant::now() + delay.0);
        }
    }

    pub fn is_awaited(&self) -> bool {
        self.awaited
    }

    pub fn save_now(&mut self) {
        (self.unsaved, self.awaited) = (true, true);
        self.at = Instant::now();
    }

    pub fn start_when_due(&mut self, world: &HybridWorld, end: &Sender<Done>, token: &WorkToken) {
        if !self.unsaved || self.runs || Instant::now() < self.at {
            return;
        }
        (self.unsaved, self.runs) = (false, true);
        let (world, end, token) = (world.clone(), end.clone(), token.clone());
        workers::pool()
            .spawn(async move {
                let _ = end.send(Done::Saved(guarded(world.checkpoint()).await));
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
                self.at = Instant::now() + RETRY_AFTER;
            }
        }
        result
    }
}
