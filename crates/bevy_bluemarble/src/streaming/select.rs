//! The cut of each world is selected and jobs are started.

use std::time::Instant;

use bevy::prelude::*;
use bluemarble_core::ChunkKey;

use super::{
    StreamingSettings, Swap, Views, WorldStreaming,
    cut::{CutChange, View},
    jobs::JobBoard,
};
use crate::{gate::FrameGate, space::WorldFrame, world::VoxelWorld};

/// What is drawn gets so much coarser a frame while it does not fit into memory.
const COARSER_PER_FRAME: f64 = 1.02;
/// Nothing gets coarser than this, whatever the budget.
const MAX_COARSENESS: f64 = 64.0;
/// Below this share of the memory budget what was made coarser gets finer again.
const ROOMY_SHARE: f64 = 0.7;

/// Selects the cuts and hands out jobs.
pub(super) fn select(
    mut worlds: Query<(&VoxelWorld, &WorldFrame, &mut WorldStreaming)>,
    settings: Res<StreamingSettings>,
    views: Res<Views>,
    board: Res<JobBoard>,
    gate: Res<FrameGate>,
) {
    let held: usize = worlds.iter().map(|(.., streaming)| streaming.held.bytes()).sum();
    for (world, frame, mut streaming) in &mut worlds {
        let streaming = &mut *streaming;
        streaming.retry();
        streaming.fit_into(held, settings.memory_budget_bytes);
        let local: Vec<View> = views.0.iter().map(|view| view.seen_from(frame)).collect();
        if streaming.changed || streaming.views != local {
            streaming.changed = false;
            streaming.views = local;
            let change = streaming.cut.update(&streaming.views, |key| world.0.classify(key));
            streaming.apply(change);
        }
    }
    board.hand_out(&settings, |jobs| gate.tell_backlog(jobs));
}

impl WorldStreaming {
    /// What has failed some time ago is asked for again.
    fn retry(&mut self) {
        if self.failed.is_empty() {
            return;
        }
        let now = Instant::now();
        let due: Vec<ChunkKey> =
            self.failed.iter().filter(|(_, at)| **at <= now).map(|(&key, _)| key).collect();
        for key in due {
            self.failed.remove(&key);
            self.cut.unanswered(key);
            self.changed = true;
        }
    }

    /// Draws everything coarser while memory is short, and finer again when there is much.
    fn fit_into(&mut self, held_bytes: usize, budget_bytes: usize) {
        let before = self.coarseness;
        if held_bytes > budget_bytes {
            self.coarseness = (before * COARSER_PER_FRAME).min(MAX_COARSENESS);
        } else if (held_bytes as f64) < budget_bytes as f64 * ROOMY_SHARE {
            self.coarseness = (before / COARSER_PER_FRAME).max(1.0);
        }
        self.coarseness_changes = self.coarseness != before;
        if self.coarseness_changes {
            self.cut.set_coarseness(self.coarseness);
            self.changed = true;
        }
    }

    /// Takes note of what the cut has changed, and puts what it asks for into the queue.
    fn apply(&mut self, mut change: CutChange) {
        for &key in &change.hidden {
            if let Some(resident) = self.residents.get(&key) {
                self.held.hide(key, resident);
            }
            self.drawn.remove(key);
        }
        for &key in &change.shown {
            if let Some(resident) = self.residents.get(&key) {
                self.held.show(key, resident);
            }
            self.index_drawn(key);
        }
        for &key in &change.dropped {
            self.forget(key);
        }
        change.requests_unsorted.retain(|request| !self.failed.contains_key(&request.key));
        {
            let (cut, mut queue) = (&self.cut, self.jobs.queue());
            if change.replaces_requests {
                queue.replace(change.requests_unsorted, |key| cut.wants(key));
            } else {
                queue.withdraw(&change.withdrawn);
                queue.add(change.requests_unsorted);
            }
        }
        let Swap { shown, hidden, dropped } = &mut self.swap;
        // The last ones may not have been taken.
        shown.extend(change.shown);
        hidden.extend(change.hidden);
        dropped.extend(change.dropped);
    }
}
