//! Edits are folded into the store now and then, and at the end.

use std::time::{Duration, Instant};

use bevy::{prelude::*, tasks::block_on};
use bluemarble_world::{CheckpointReport, HybridWorld};
use crossbeam_channel::Sender;

use super::{EditEvent, Edits};
use crate::{indexing::WorldIndex, streaming::Streamer, workers};

/// When edits are folded into the store. They are durable before that, in the delta log: this decides how
/// soon other readers of the store see them, how long a start takes, and how often shards are written.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct SaveInterval(pub Duration);

impl SaveInterval {
    /// A second after the first edit that is not folded.
    pub const PROMPT: Self = Self(Duration::from_secs(1));
    /// Ten seconds after it.
    pub const BALANCED: Self = Self(Duration::from_secs(10));
    /// A minute after it: least writing.
    pub const LAZY: Self = Self(Duration::from_secs(60));
}

impl Default for SaveInterval {
    fn default() -> Self {
        Self::BALANCED
    }
}

/// How long a save that failed waits to be tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Nobody waits longer at the end for an edit that is on its way.
const LAST_PATIENCE: Duration = Duration::from_secs(60);

/// Whether there is something to save, and when.
#[derive(Debug)]
pub(super) struct Saving {
    unsaved: bool,
    runs: bool,
    at: Instant,
}

impl Default for Saving {
    fn default() -> Self {
        Self { unsaved: false, runs: false, at: Instant::now() }
    }
}

impl Saving {
    pub fn is_pending(&self) -> bool {
        self.unsaved || self.runs
    }

    pub fn note_edit(&mut self, interval: SaveInterval) {
        if !self.unsaved {
            self.unsaved = true;
            self.at = Instant::now() + interval.0;
        }
    }

    pub fn save_now(&mut self) {
        self.unsaved = true;
        self.at = Instant::now();
    }

    pub fn start_when_due(&mut self, world: &HybridWorld, sender: &Sender<EditEvent>) {
        if !self.unsaved || self.runs || Instant::now() < self.at {
            return;
        }
        (self.unsaved, self.runs) = (false, true);
        let (world, sender) = (world.clone(), sender.clone());
        workers::pool()
            .spawn(async move {
                let result = world.checkpoint().await.map_err(|error| error.to_string());
                let _ = sender.send(EditEvent::Saved(result));
            })
            .detach();
    }

    /// Notes how a save has ended; one that failed is tried again.
    pub fn ended(&mut self, result: Result<CheckpointReport, String>) -> Option<CheckpointReport> {
        self.runs = false;
        match result {
            Ok(report) => Some(report),
            Err(reason) => {
                error!("edits are not saved yet, trying again: {reason}");
                self.unsaved = true;
                self.at = Instant::now() + RETRY_AFTER;
                None
            }
        }
    }
}

/// Finishes and saves every edit before the app ends; nothing is drawn any more, so it may wait.
pub fn save_on_exit(
    mut exits: MessageReader<AppExit>,
    edits: ResMut<Edits>,
    streamer: Res<Streamer>,
    mut index: ResMut<WorldIndex>,
) {
    if exits.read().next().is_none() {
        return;
    }
    let mut pending = edits.pending;
    while pending > 0 {
        match edits.events.recv_timeout(LAST_PATIENCE) {
            Ok(EditEvent::Done(_)) => pending -= 1,
            Ok(_) => {}
            Err(_) => break,
        }
    }
    if let Err(error) = block_on(streamer.world().checkpoint()) {
        error!("the last edits could not be saved: {error}");
    }
    index.end();
}
