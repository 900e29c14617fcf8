//! Edits: applied in the background, visible before anything else is streamed, then carried into
//! every lod and onto disk.
//!
//! | file | what happens |
//! |---|---|
//! | `messages` | what a game asks for and is told |
//! | `editor` | batches, brushes, undo and redo, in the order in which they were asked for |
//! | `save` | edits are folded into the store now and then, and at the end |

mod editor;
mod messages;
mod save;

use std::time::{Duration, Instant};

use bevy::prelude::*;
use bluemarble_edit::{HistoryLimits, HistoryStatistics};
use bluemarble_world::{CheckpointReport, HybridWorld};
use crossbeam_channel::{Receiver, Sender};

pub(crate) use self::editor::Order;
use self::{editor::Editor, save::Saving};
pub use self::{
    messages::{
        BrushVoxels, EditApplied, EditRefused, EditVoxels, RedoEdit, SaveVoxelWorld, StepEdits,
        UndoEdit, VoxelWorldSaved,
    },
    save::{SaveInterval, save_on_exit},
};
use crate::{
    content::{ChunkChange, ChunkEvent},
    statistics::StreamingStatistics,
    streaming::Streamer,
    workers,
};

/// What the workers say of edits.
pub(crate) enum EditEvent {
    Applied(EditApplied),
    Refused(EditRefused),
    /// What an order was: done, whatever came of it.
    Done(HistoryStatistics),
    /// Coarser chunks that were brought up to date.
    Rebuilt(Vec<bluemarble_core::ChunkKey>),
    Saved(Result<CheckpointReport, String>),
}

/// Keeps what edits have replaced, so that they can be undone. Without this resource nothing is kept, and
/// an edit reads nothing. Insert it before the world.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct KeepHistory(pub HistoryLimits);

/// What can be undone and redone now.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct EditHistory(pub HistoryStatistics);

/// Edits on their way.
#[derive(Resource)]
pub struct Edits {
    events: Receiver<EditEvent>,
    sender: Sender<EditEvent>,
    editor: Editor,
    /// Orders that are not done.
    pending: usize,
    rebuilding: Rebuilding,
    saving: Saving,
}

/// Whether coarser lods are behind the edits.
#[derive(Debug)]
struct Rebuilding {
    needed: bool,
    runs: bool,
    last: Instant,
}

/// While edits keep coming, coarser lods are brought up to date no more often than this.
const REBUILD_EVERY: Duration = Duration::from_millis(250);

impl Default for Edits {
    fn default() -> Self {
        let (sender, events) = crossbeam_channel::unbounded();
        Self {
            events,
            editor: Editor::new(sender.clone()),
            sender,
            pending: 0,
            rebuilding: Rebuilding { needed: false, runs: false, last: Instant::now() },
            saving: Saving::default(),
        }
    }
}

/// Takes orders, in the order of a frame: steps begin, then batches, brushes, undo and redo; steps end.
pub fn take_orders(
    mut edits: ResMut<Edits>,
    streamer: Res<Streamer>,
    history: Option<Res<KeepHistory>>,
    mut batches: MessageReader<EditVoxels>,
    mut brushes: MessageReader<BrushVoxels>,
    mut steps: MessageReader<StepEdits>,
    mut undos: MessageReader<UndoEdit>,
    mut redos: MessageReader<RedoEdit>,
) {
    let steps: Vec<StepEdits> = steps.read().copied().collect();
    let of = |step: StepEdits| steps.iter().filter(move |&&other| other == step);
    let mut orders: Vec<Order> = of(StepEdits::Begin).map(|_| Order::Begin).collect();
    orders.extend(batches.read().map(|EditVoxels(batch)| Order::Apply(batch.clone())));
    orders.extend(brushes.read().map(|BrushVoxels(brush)| Order::Brush(*brush)));
    orders.extend(undos.read().map(|_| Order::Undo));
    orders.extend(redos.read().map(|_| Order::Redo));
    orders.extend(of(StepEdits::End).map(|_| Order::End));
    if orders.is_empty() {
        return;
    }
    edits.pending += orders.len();
    let limits = history.map(|history| history.0);
    edits.editor.take(orders, streamer.world(), limits);
}

/// Passes on what has become of edits, and starts what follows from them.
pub fn follow_up(
    mut edits: ResMut<Edits>,
    mut streamer: ResMut<Streamer>,
    mut history: ResMut<EditHistory>,
    mut statistics: ResMut<StreamingStatistics>,
    mut save_now: MessageReader<SaveVoxelWorld>,
    interval: Res<SaveInterval>,
    mut applied: MessageWriter<EditApplied>,
    mut refused: MessageWriter<EditRefused>,
    mut chunks: MessageWriter<ChunkEvent>,
    mut saved: MessageWriter<VoxelWorldSaved>,
) {
    let edits = &mut *edits;
    while let Ok(event) = edits.events.try_recv() {
        match event {
            EditEvent::Applied(event) => {
                for &key in &event.chunks {
                    streamer.edited(key);
                    chunks.write(ChunkEvent { key, change: ChunkChange::Edited });
                }
                edits.rebuilding.needed = true;
                edits.saving.note_edit(*interval);
                applied.write(event);
            }
            EditEvent::Refused(event) => {
                warn!("edit refused: {}", event.reason);
                refused.write(event);
            }
            EditEvent::Done(now) => {
                edits.pending -= 1;
                history.0 = now;
            }
            EditEvent::Rebuilt(changed) => {
                edits.rebuilding.runs = false;
                changed.into_iter().for_each(|key| streamer.edited(key));
            }
            EditEvent::Saved(result) => {
                if let Some(CheckpointReport { lsn, chunks, rebuilt }) = edits.saving.ended(result)
                {
                    rebuilt.into_iter().for_each(|key| streamer.edited(key));
                    saved.write(VoxelWorldSaved { lsn, chunks });
                }
            }
        }
    }
    let world = streamer.world();
    edits.rebuild_when_due(world);
    if save_now.read().last().is_some() {
        edits.saving.save_now();
    }
    edits.saving.start_when_due(world, &edits.sender);
    statistics.edits_pending = edits.pending
        + usize::from(edits.rebuilding.needed || edits.rebuilding.runs)
        + usize::from(edits.saving.is_pending());
}

impl Edits {
    /// Whether an order is being worked on.
    #[cfg(test)]
    pub(crate) fn is_busy(&self) -> bool {
        self.editor.is_busy()
    }

    /// Carries edits into coarser lods: as soon as no edit is on its way, or now and then.
    fn rebuild_when_due(&mut self, world: &HybridWorld) {
        let Rebuilding { needed, runs, last } = &mut self.rebuilding;
        let is_due = self.pending == 0 || last.elapsed() > REBUILD_EVERY;
        if !*needed || *runs || !is_due {
            return;
        }
        (*needed, *runs, *last) = (false, true, Instant::now());
        let (world, sender) = (world.clone(), self.sender.clone());
        workers::pool()
            .spawn(async move {
                let changed = world.rebuild_parents().await.unwrap_or_else(|error| {
                    error!("coarser lods do not show an edit yet: {error}");
                    Vec::new()
                });
                let _ = sender.send(EditEvent::Rebuilt(changed));
            })
            .detach();
    }
}
