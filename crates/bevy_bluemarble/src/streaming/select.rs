//! The cut is selected, entities are shown and hidden, jobs are started.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use bevy::{mesh::MeshTag, prelude::*, tasks::IoTaskPool};
use bluemarble_core::ChunkKey;

use super::{
    RESULTS_WAITING, Retired, Streamer, StreamingSettings,
    fade::{LONGEST, Phase, Step, clock_ms},
    index_drawn, lock,
    pool::{Drawing, tag},
};
use crate::{
    content::{ChunkChange, ChunkEvent},
    cut::CutChange,
    material::{ChunkMaterials, FadeClock, Look},
    viewer::Views,
    workers,
};

/// Selects the cut, swaps what is drawn and hands out jobs.
pub fn select(
    mut commands: Commands,
    mut streamer: ResMut<Streamer>,
    settings: Res<StreamingSettings>,
    materials: Res<ChunkMaterials>,
    views: Res<Views>,
    time: Res<Time<Real>>,
    mut clock: ResMut<FadeClock>,
    mut told: MessageWriter<ChunkEvent>,
) {
    let streamer = &mut *streamer;
    let now = clock_ms(time.elapsed());
    let fade = settings.fade.min(LONGEST);
    let fades = materials.fades() && !fade.is_zero();
    streamer.end_fades(&mut commands, &materials, fade, now);
    streamer.retry();
    streamer.fit_into(settings.memory_budget_bytes);
    if streamer.changed || streamer.views != views.0 {
        streamer.changed = false;
        streamer.views.clone_from(&views.0);
        let world = streamer.builder.world.clone();
        let change = streamer.cut.update(&views.0, |key| world.classify(key));
        streamer.swap(&mut commands, &materials, &change, fades.then_some(now));
        streamer.drop_nodes(&mut commands, &change.dropped);
        streamer.ask(change);
    }
    streamer.hand_out(&settings);
    *clock = FadeClock {
        now_ms: now,
        lasts_ms: fade.as_millis() as u32,
        runs: !streamer.fades.is_empty(),
    };
    told.write_batch(streamer.events.drain(..));
}

impl Streamer {
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

    /// Shows and hides.
    fn swap(
        &mut self,
        commands: &mut Commands,
        materials: &ChunkMaterials,
        change: &CutChange,
        fade_from: Option<u32>,
    ) {
        let steps = match fade_from {
            Some(now) => self.fades.swap(&change.shown, &change.hidden, now),
            None => {
                let shown = change.shown.iter().map(|&key| (key, Step::Show));
                shown.chain(change.hidden.iter().map(|&key| (key, Step::Hide))).collect()
            }
        };
        for (key, step) in steps {
            let drawings = self.residents.get(&key).map_or(&[][..], |resident| &resident.drawings);
            dress(commands, materials, key, drawings, step);
            if step == Step::Show {
                // It has come back while an older self of it was leaving.
                self.retire_leaving(commands, key);
            }
        }
        let mut turn = |key: ChunkKey, change: ChunkChange| {
            let Some(resident) = self.residents.get(&key) else { return };
            let visibility = if change == ChunkChange::Shown {
                self.held.show(key, resident);
                Visibility::Visible
            } else {
                self.held.hide(key, resident);
                Visibility::Hidden
            };
            if let Some(entity) = resident.content {
                commands.entity(entity).insert(visibility);
            }
            if !resident.drawings.is_empty() {
                self.events.push(ChunkEvent { key, change });
            }
        };
        for &key in &change.hidden {
            turn(key, ChunkChange::Hidden);
        }
        for &key in &change.shown {
            turn(key, ChunkChange::Shown);
        }
        for &key in &change.shown {
            index_drawn(&self.residents, &mut self.drawn, key);
        }
        for &key in &change.hidden {
            self.drawn.remove(key);
        }
    }

    /// Forgets nodes; those that still leave are put away when they are gone.
    fn drop_nodes(&mut self, commands: &mut Commands, dropped: &[ChunkKey]) {
        for &key in dropped {
            self.drawn.remove(key);
            self.failed.remove(&key);
            let Some(mut resident) = self.residents.remove(&key) else { continue };
            self.held.remove(&resident);
            self.events.push(ChunkEvent { key, change: ChunkChange::Unloaded });
            if self.fades.phase(key).is_some() {
                self.retire_leaving(commands, key);
                self.leaving.insert(key, std::mem::take(&mut resident.drawings));
            }
            self.put_away(commands, resident);
        }
    }

    fn retire_leaving(&mut self, commands: &mut Commands, key: ChunkKey) {
        for drawing in self.leaving.remove(&key).into_iter().flatten() {
            commands.entity(drawing.entity).insert(Visibility::Hidden);
            self.retired.push_back(Retired::Drawing(drawing));
        }
    }

    fn end_fades(
        &mut self,
        commands: &mut Commands,
        materials: &ChunkMaterials,
        fade: Duration,
        now: u32,
    ) {
        for (key, phase) in self.fades.ended(now, fade) {
            let step = match phase {
                Phase::Arriving(_) => Step::Show,
                Phase::Leaving(_) => Step::Hide,
            };
            let drawings = self.residents.get(&key).map_or(&[][..], |resident| &resident.drawings);
            dress(commands, materials, key, drawings, step);
            if let Some(gone) = self.leaving.get(&key) {
                dress(commands, materials, key, gone, Step::Hide);
            }
            self.retire_leaving(commands, key);
        }
    }

    /// Puts what the cut asks for into the queue.
    fn ask(&mut self, mut change: CutChange) {
        change.requests_unsorted.retain(|request| !self.failed.contains_key(&request.key));
        let (cut, mut queue) = (&self.cut, lock(&self.queue));
        if change.replaces_requests {
            queue.replace(change.requests_unsorted, |key| cut.wants(key));
        } else {
            queue.withdraw(&change.withdrawn);
            queue.add(change.requests_unsorted);
        }
    }

    /// Starts workers for what waits.
    fn hand_out(&self, settings: &StreamingSettings) {
        let steady = settings.jobs_in_flight.clamp(1, RESULTS_WAITING);
        let (missing, is_urgent) = {
            let mut queue = lock(&self.queue);
            let is_far_behind = self.builder.gate.tell_backlog(queue.waiting() / steady);
            let catching_up = settings.jobs_catching_up.clamp(steady, RESULTS_WAITING.max(steady));
            let limit = if is_far_behind { catching_up } else { steady };
            self.most_workers.store(limit, Ordering::Relaxed);
            (queue.waiting().min(limit), queue.is_urgent())
        };
        while self.workers.load(Ordering::Relaxed) < missing {
            self.workers.fetch_add(1, Ordering::Relaxed);
            workers::pool().spawn(self.work(false)).detach();
        }
        if is_urgent && self.urgent_workers.load(Ordering::Relaxed) == 0 {
            self.urgent_workers.fetch_add(1, Ordering::Relaxed);
            IoTaskPool::get().spawn(self.work(true)).detach();
        }
    }
}

/// Lets the entities of a node look as a step wants.
fn dress(
    commands: &mut Commands,
    materials: &ChunkMaterials,
    key: ChunkKey,
    drawings: &[Drawing],
    step: Step,
) {
    for drawing in drawings {
        let mut entity = commands.entity(drawing.entity);
        let (visibility, phase) = match step {
            Step::Show => (Visibility::Visible, None),
            Step::Hide => (Visibility::Hidden, None),
            Step::Fade(phase) => (Visibility::Visible, Some(phase)),
        };
        entity.insert(visibility);
        if materials.fades() {
            let look = if phase.is_some() { Look::Fading } else { Look::Steady };
            entity.insert(MeshTag(tag(key, drawing.relief, phase)));
            materials.attach(&mut entity, drawing.pass, look);
        }
    }
}
