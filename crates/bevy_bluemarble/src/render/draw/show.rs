//! Entities are shown and hidden as the cut says.

use std::time::Duration;

use bevy::{mesh::MeshTag, prelude::*};
use bluemarble_core::ChunkKey;

use super::{
    drawings::WorldDrawings,
    fade::{LONGEST, Phase, Step, clock_ms},
    pool::{Drawing, tag},
};
use crate::{
    render::{
        ChunkChange, ChunkEvent,
        light::FadeClock,
        material::{ChunkMaterials, Look},
    },
    streaming::{StreamingSettings, StreamingStatistics, Swap, WorldStreaming},
};

/// Lets every world look as its cut wants.
pub(in crate::render) fn show(
    mut commands: Commands,
    mut worlds: Query<(Entity, &mut WorldStreaming, &mut WorldDrawings, &ChunkMaterials)>,
    settings: Res<StreamingSettings>,
    time: Res<Time<Real>>,
    mut clock: ResMut<FadeClock>,
    mut told: MessageWriter<ChunkEvent>,
) {
    let now = clock_ms(time.elapsed());
    let fade = settings.fade.min(LONGEST);
    let mut runs = false;
    let mut events: Vec<ChunkEvent> = Vec::new();
    for (world, mut streaming, mut drawings, materials) in &mut worlds {
        let drawings = &mut *drawings;
        let fades = materials.fades() && !fade.is_zero();
        drawings.end_fades(&mut commands, materials, fade, now);
        let swap = streaming.bypass_change_detection().take_swap();
        drawings.swap(&mut commands, materials, &swap, fades.then_some(now));
        drawings.drop_nodes(&mut commands, &swap.dropped);
        runs |= !drawings.fades.is_empty();
        let event = |(key, entity, change)| ChunkEvent { world, key, entity, change };
        events.extend(drawings.events.drain(..).map(event));
    }
    *clock = FadeClock { now_ms: now, lasts_ms: fade.as_millis() as u32, runs };
    if !events.is_empty() {
        told.write_batch(events.iter().copied());
        commands.queue(move |world: &mut World| {
            events.into_iter().for_each(|event| world.trigger(event));
        });
    }
}

/// What entities do, for the statistics.
pub(in crate::render) fn measure(mut worlds: Query<(&WorldDrawings, &mut StreamingStatistics)>) {
    for (drawings, mut statistics) in &mut worlds {
        let leaving: usize = drawings.leaving.values().map(Vec::len).sum();
        statistics.entities = drawings.entities + leaving + drawings.retired.len();
        statistics.spare_entities = drawings.pool.len();
        statistics.settled &= drawings.fades.is_empty() && drawings.retired.is_empty();
    }
}

impl WorldDrawings {
    /// Shows and hides.
    fn swap(
        &mut self,
        commands: &mut Commands,
        materials: &ChunkMaterials,
        swap: &Swap,
        fade_from: Option<u32>,
    ) {
        let steps = match fade_from {
            Some(now) => self.fades.swap(&swap.shown, &swap.hidden, now),
            None => {
                let shown = swap.shown.iter().map(|&key| (key, Step::Show));
                shown.chain(swap.hidden.iter().map(|&key| (key, Step::Hide))).collect()
            }
        };
        for (key, step) in steps {
            self.show_step(commands, materials, key, step);
            if step == Step::Show {
                // It has come back while an older self of it was leaving.
                self.retire_leaving(commands, key);
            }
        }
        let mut turn = |key: ChunkKey, visibility: Visibility, change: ChunkChange| {
            let Some(node) = self.nodes.get(&key) else { return };
            if let Some(entity) = node.content {
                commands.entity(entity).try_insert(visibility);
            }
            if node.entity().is_some() {
                self.tell(key, change);
            }
        };
        for &key in &swap.hidden {
            turn(key, Visibility::Hidden, ChunkChange::Hidden);
        }
        for &key in &swap.shown {
            turn(key, Visibility::Visible, ChunkChange::Shown);
        }
    }

    /// Lets the entities of a node look as a step wants.
    pub(super) fn show_step(
        &self,
        commands: &mut Commands,
        materials: &ChunkMaterials,
        key: ChunkKey,
        step: Step,
    ) {
        let drawings = self.nodes.get(&key).map_or(&[][..], |node| &node.drawings);
        show_step(commands, materials, key, drawings, step);
    }

    /// Forgets nodes; those that still leave are put away when they are gone.
    fn drop_nodes(&mut self, commands: &mut Commands, dropped: &[ChunkKey]) {
        for &key in dropped {
            if !self.nodes.contains_key(&key) {
                continue;
            }
            self.tell(key, ChunkChange::Unloaded);
            let Some(mut node) = self.nodes.remove(&key) else { continue };
            self.entities -= node.count();
            if self.fades.phase(key).is_some() {
                self.retire_leaving(commands, key);
                self.leaving.insert(key, std::mem::take(&mut node.drawings));
            }
            self.retire_node(commands, node);
        }
    }

    fn retire_leaving(&mut self, commands: &mut Commands, key: ChunkKey) {
        for drawing in self.leaving.remove(&key).into_iter().flatten() {
            self.retire(commands, drawing);
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
            self.show_step(commands, materials, key, step);
            if let Some(gone) = self.leaving.get(&key) {
                show_step(commands, materials, key, gone, Step::Hide);
            }
            self.retire_leaving(commands, key);
        }
    }
}

/// Lets entities of a node look as a step wants.
fn show_step(
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
        entity.try_insert(visibility);
        if materials.fades() {
            let look = if phase.is_some() { Look::Fading } else { Look::Steady };
            entity.try_insert(MeshTag(tag(key, drawing.relief, phase)));
            materials.attach(&mut entity, drawing.pass, look);
        }
    }
}
