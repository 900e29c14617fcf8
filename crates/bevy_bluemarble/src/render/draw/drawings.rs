//! [`WorldDrawings`]: the entities that draw one world.

use std::collections::VecDeque;

use bevy::prelude::*;
use bluemarble_core::ChunkKey;
use rustc_hash::FxHashMap;

use super::{
    fade::Fades,
    pool::{Drawing, DrawnNode, EntityPool},
    relief::ReliefSlots,
};
use crate::{
    render::{ChunkChange, ChunkEvent},
    streaming::WorldStreaming,
};

/// What a node is drawn with.
#[derive(Default)]
pub(crate) struct NodeEntities {
    pub(super) drawings: Vec<Drawing>,
    /// The entity with what the game adds.
    pub(super) content: Option<Entity>,
}

impl NodeEntities {
    pub(super) fn count(&self) -> usize {
        self.drawings.len() + usize::from(self.content.is_some())
    }

    /// An entity that draws it.
    pub fn entity(&self) -> Option<Entity> {
        self.drawings.first().map(|drawing| drawing.entity)
    }
}

/// Something that is drawn no more and waits to be put away, within the budget of a frame.
pub(super) enum Retired {
    Drawing(Drawing),
    Content(Entity),
}

/// The entities that draw one world. They are children of the world's entity.
#[derive(Component, Default)]
pub(crate) struct WorldDrawings {
    pub(crate) nodes: FxHashMap<ChunkKey, NodeEntities>,
    /// Entities of all nodes.
    pub(super) entities: usize,
    pub(super) pool: EntityPool,
    pub(super) retired: VecDeque<Retired>,
    pub(super) fades: Fades,
    /// Drawings of nodes that are forgotten but still leave.
    pub(super) leaving: FxHashMap<ChunkKey, Vec<Drawing>>,
    /// What games are told at the end of the frame.
    pub(super) events: Vec<(ChunkKey, Option<Entity>, ChunkChange)>,
}

impl WorldDrawings {
    /// Notes what games are to be told of a node.
    pub(super) fn tell(&mut self, key: ChunkKey, change: ChunkChange) {
        let entity = self.nodes.get(&key).and_then(NodeEntities::entity);
        self.events.push((key, entity, change));
    }

    /// Hides what a node was drawn with and despawns it within the budgets to come.
    pub(super) fn retire_node(&mut self, commands: &mut Commands, old: NodeEntities) {
        old.drawings.into_iter().for_each(|drawing| self.retire(commands, drawing));
        if let Some(entity) = old.content {
            commands.entity(entity).try_insert(Visibility::Hidden);
            self.retired.push_back(Retired::Content(entity));
        }
    }

    /// Hides a drawing, to be despawned or used again within the budgets to come.
    pub(super) fn retire(&mut self, commands: &mut Commands, drawing: Drawing) {
        commands.entity(drawing.entity).try_insert(Visibility::Hidden);
        self.retired.push_back(Retired::Drawing(drawing));
    }
}

/// What was spawned for a world that commands of the same stage despawn has lost its parent.
pub(in crate::render) fn despawn_orphans(
    mut commands: Commands,
    orphans: Query<Entity, (With<DrawnNode>, Without<ChildOf>)>,
) {
    orphans.iter().for_each(|orphan| commands.entity(orphan).try_despawn());
}

/// A world is not streamed any more, or anew: everything that draws it goes.
pub(in crate::render) fn put_all_away(
    stopped: On<Discard, WorldStreaming>,
    mut commands: Commands,
    mut worlds: Query<(&mut WorldDrawings, &WorldStreaming)>,
    mut reliefs: ResMut<ReliefSlots>,
    mut told: MessageWriter<ChunkEvent>,
) {
    let world = stopped.entity;
    let Ok((mut drawings, streaming)) = worlds.get_mut(world) else { return };
    let WorldDrawings { nodes, pool, retired, leaving, mut events, .. } =
        std::mem::take(&mut *drawings);
    let mut gone: Vec<Entity> = pool.into_entities().collect();
    let mut drop_drawing = |drawing: Drawing| {
        reliefs.release(drawing.relief);
        gone.push(drawing.entity);
    };
    let mut contents = Vec::new();
    for (key, node) in nodes {
        if node.entity().is_some() && streaming.is_drawn(key) {
            events.push((key, node.entity(), ChunkChange::Hidden));
        }
        events.push((key, node.entity(), ChunkChange::Unloaded));
        contents.extend(node.content);
        node.drawings.into_iter().for_each(&mut drop_drawing);
    }
    leaving.into_values().flatten().for_each(&mut drop_drawing);
    for retired in retired {
        match retired {
            Retired::Drawing(drawing) => drop_drawing(drawing),
            Retired::Content(entity) => contents.push(entity),
        }
    }
    for (key, entity, change) in events {
        let event = ChunkEvent { world, key, entity, change };
        told.write(event);
        commands.trigger(event);
    }
    for entity in gone.into_iter().chain(contents) {
        // If the world itself is despawned, its children go with it.
        commands.entity(entity).try_despawn();
    }
}
