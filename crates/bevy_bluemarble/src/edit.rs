//! Edits: applied in the background, visible before anything else is streamed, then carried into
//! every lod and onto disk.

use std::time::{Duration, Instant};

use bevy::{
    prelude::*,
    tasks::{AsyncComputeTaskPool, block_on},
};
use bluemarble_core::ChunkKey;
use bluemarble_world::{CheckpointReport, EditBatch, HybridWorld};
use crossbeam_channel::{Receiver, Sender};

use crate::{statistics::StreamingStatistics, streaming::Streamer};

/// Ask for voxels to change. The batch is applied as a whole or, if any of it is refused, not at all.
#[derive(Message, Clone, Debug)]
pub struct EditWorld(pub EditBatch);

/// A batch was applied: the world holds it, it is as durable as the world's log makes it, and it is being
/// meshed.
#[derive(Message, Clone, Debug)]
pub struct EditApplied {
    /// The number of the batch in the world's delta log; 0 without one.
    pub lsn: u64,
    /// The chunks of lod 0 that it touches.
    pub chunks: Vec<ChunkKey>,
}

/// The store holds every edit that was made before the save began.
#[derive(Message, Clone, Debug)]
pub struct Saved {
    /// The last batch that the store holds for certain; 0 in a world without a log.
    pub lsn: u64,
    /// Chunks written.
    pub chunks: usize,
}

/// Ask for everything edited so far to be folded into the store now; [`Saved`] answers.
#[derive(Message, Clone, Copy, Debug, Default)]
pub struct SaveWorld;

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

enum Event {
    Applied(EditApplied),
    Refused(String),
    /// Coarser chunks that were brought up to date; one batch is done.
    Rebuilt(Vec<ChunkKey>),
    Saved(Result<CheckpointReport, String>),
}

/// Edits on their way.
#[derive(Resource)]
pub struct Edits {
    events: Receiver<Event>,
    sender: Sender<Event>,
    pending: usize,
    unsaved: bool,
    saving: bool,
    save_at: Instant,
}

/// How long a save that failed waits to be tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl Default for Edits {
    fn default() -> Self {
        let (sender, events) = crossbeam_channel::unbounded();
        Self { events, sender, pending: 0, unsaved: false, saving: false, save_at: Instant::now() }
    }
}

async fn apply(world: HybridWorld, batch: EditBatch, sender: Sender<Event>) {
    let report = match world.edit(&batch).await {
        Ok(report) => report,
        Err(error) => {
            let _ = sender.send(Event::Refused(error.to_string()));
            return;
        }
    };
    let applied = EditApplied { lsn: report.lsn, chunks: report.chunks };
    let _ = sender.send(Event::Applied(applied));
    let event = match world.rebuild_parents().await {
        Ok(changed) => Event::Rebuilt(changed),
        Err(error) => {
            error!("coarser lods do not show an edit yet: {error}");
            Event::Rebuilt(Vec::new())
        }
    };
    let _ = sender.send(event);
}

/// Hands edits to the workers and passes on what became of them.
pub fn apply_edits(
    mut edits: ResMut<Edits>,
    mut streamer: ResMut<Streamer>,
    mut statistics: ResMut<StreamingStatistics>,
    mut asked: MessageReader<EditWorld>,
    mut save_now: MessageReader<SaveWorld>,
    interval: Res<SaveInterval>,
    mut applied: MessageWriter<EditApplied>,
    mut saved: MessageWriter<Saved>,
) {
    let pool = AsyncComputeTaskPool::get();
    for EditWorld(batch) in asked.read() {
        let (world, sender) = (streamer.world().clone(), edits.sender.clone());
        edits.pending += 1;
        pool.spawn(apply(world, batch.clone(), sender)).detach();
    }
    while let Ok(event) = edits.events.try_recv() {
        match event {
            Event::Applied(event) => {
                event.chunks.iter().for_each(|&key| streamer.edited(key));
                if !edits.unsaved {
                    edits.unsaved = true;
                    edits.save_at = Instant::now() + interval.0;
                }
                applied.write(event);
            }
            Event::Refused(reason) => {
                warn!("edit refused: {reason}");
                edits.pending -= 1;
            }
            Event::Rebuilt(changed) => {
                changed.into_iter().for_each(|key| streamer.edited(key));
                edits.pending -= 1;
            }
            Event::Saved(result) => {
                edits.saving = false;
                match result {
                    Ok(CheckpointReport { lsn, chunks, rebuilt }) => {
                        rebuilt.into_iter().for_each(|key| streamer.edited(key));
                        saved.write(Saved { lsn, chunks });
                    }
                    Err(reason) => {
                        error!("edits are not saved yet, trying again: {reason}");
                        edits.unsaved = true;
                        edits.save_at = Instant::now() + RETRY_AFTER;
                    }
                }
            }
        }
    }
    if save_now.read().last().is_some() {
        edits.unsaved = true;
        edits.save_at = Instant::now();
    }
    if edits.unsaved && !edits.saving && Instant::now() >= edits.save_at {
        edits.unsaved = false;
        edits.saving = true;
        let (world, sender) = (streamer.world().clone(), edits.sender.clone());
        pool.spawn(async move {
            let result = world.checkpoint().await.map_err(|error| error.to_string());
            let _ = sender.send(Event::Saved(result));
        })
        .detach();
    }
    statistics.edits_pending = edits.pending + usize::from(edits.unsaved || edits.saving);
}

/// Finishes and saves every edit before the app ends; nothing is drawn any more, so it may wait.
pub fn save_on_exit(
    mut exits: MessageReader<AppExit>,
    edits: ResMut<Edits>,
    streamer: Res<Streamer>,
) {
    if exits.read().next().is_none() {
        return;
    }
    let mut pending = edits.pending;
    while pending > 0 {
        match edits.events.recv_timeout(Duration::from_secs(60)) {
            Ok(Event::Rebuilt(_) | Event::Refused(_)) => pending -= 1,
            Ok(_) => {}
            Err(_) => break,
        }
    }
    if let Err(error) = block_on(streamer.world().checkpoint()) {
        error!("the last edits could not be saved: {error}");
    }
}
