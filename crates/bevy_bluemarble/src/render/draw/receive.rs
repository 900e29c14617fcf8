//! Built nodes become entities, hidden at first, within the budget of a frame.

use bevy::prelude::*;
use big_space::prelude::Grid;
use bluemarble_core::ChunkKey;

use super::{
    drawings::{NodeEntities, Retired, WorldDrawings},
    fade::{Phase, Step},
    pool::{DrawnNode, Stage},
    relief::ReliefSlots,
};
use crate::{
    meshing::NodeFrame,
    render::{
        ChunkChange,
        material::{ChunkMaterials, ReliefUploads},
    },
    streaming::{BakedNode, BuiltNode, FrameBudget, StreamingStatistics, WorldStreaming},
    world::VoxelsChanged,
};

/// Takes built nodes from streaming and places what draws them, within the budget.
pub(in crate::render) fn receive(
    mut commands: Commands,
    mut worlds: Query<(
        Entity,
        Option<&Grid>,
        &ChunkMaterials,
        &mut WorldStreaming,
        &mut WorldDrawings,
        &mut StreamingStatistics,
    )>,
    mut budget: ResMut<FrameBudget>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut reliefs: ResMut<ReliefSlots>,
    mut uploads: Option<ResMut<ReliefUploads>>,
    mut changed: MessageReader<VoxelsChanged>,
    mut first: Local<usize>,
) {
    for VoxelsChanged { world, chunks, is_edit } in changed.read() {
        if !is_edit {
            continue;
        }
        if let Ok((.., mut drawings, _)) = worlds.get_mut(*world) {
            chunks.iter().for_each(|&key| drawings.tell(key, ChunkChange::Edited));
        }
    }
    // Another world goes first in each frame; every one gets at least one node.
    let mut order: Vec<Entity> = worlds.iter().map(|(entity, ..)| entity).collect();
    order.sort_unstable();
    *first = (*first + 1) % order.len().max(1);
    order.rotate_left(*first);
    for entity in order {
        let Ok((root, grid, materials, mut streaming, mut drawings, mut statistics)) =
            worlds.get_mut(entity)
        else {
            continue;
        };
        let drawings = &mut *drawings;
        let streaming = streaming.bypass_change_detection();
        let stage = Stage { root, grid, materials };
        let mut is_first = true;
        while std::mem::take(&mut is_first) || budget.is_left() {
            let Some(node) = streaming.next_built(&mut statistics) else { break };
            let is_drawn = streaming.is_drawn(node.key);
            budget.spend(node.upload_bytes, 0);
            let entities = drawings.take_in(
                &mut commands,
                &stage,
                (&mut *meshes, &mut *reliefs, uploads.as_deref_mut()),
                node,
                is_drawn,
            );
            budget.spend(0, entities);
        }
        while budget.is_left() {
            match drawings.retired.pop_front() {
                Some(Retired::Drawing(drawing)) => {
                    reliefs.release(drawing.relief);
                    drawings.pool.retire(&mut commands, drawing);
                }
                Some(Retired::Content(entity)) => commands.entity(entity).try_despawn(),
                None => break,
            }
            budget.spend(0, 1);
        }
    }
}

impl WorldDrawings {
    /// Places what draws a node; how many entities that took.
    fn take_in(
        &mut self,
        commands: &mut Commands,
        stage: &Stage<'_>,
        (meshes, reliefs, uploads): (
            &mut Assets<Mesh>,
            &mut ReliefSlots,
            Option<&mut ReliefUploads>,
        ),
        node: BuiltNode,
        is_drawn: bool,
    ) -> usize {
        let BuiltNode { key, bounds, baked: BakedNode { meshes: baked, relief, bundles }, .. } =
            node;
        let frame = NodeFrame::new(&bounds);
        let visibility = if is_drawn { Visibility::Visible } else { Visibility::Hidden };
        let slot = match relief {
            Some(relief) => {
                let (slot, upload) = reliefs.take(relief, baked.len());
                if let (Some(uploads), Some(upload)) = (uploads, upload) {
                    uploads.0.push(upload);
                }
                slot
            }
            None => Default::default(),
        };
        let drawings: Vec<_> = baked
            .into_iter()
            .map(|(pass, mesh)| {
                let node = (key, &frame, pass);
                self.pool.draw(commands, stage, node, slot, meshes.add(mesh), visibility)
            })
            .collect();
        let content = (!bundles.is_empty()).then(|| {
            let mut entity = commands.spawn((DrawnNode(key), visibility, ChildOf(stage.root)));
            stage.place_at(&mut entity, bounds.centre, &frame);
            bundles.into_iter().for_each(|insert| insert(&mut entity));
            entity.id()
        });
        let node = NodeEntities { drawings, content };
        let count = node.count();
        self.entities += count;
        self.replace(commands, stage.materials, key, node);
        count
    }

    /// Lets a node be drawn by these entities, and no longer by those before.
    fn replace(
        &mut self,
        commands: &mut Commands,
        materials: &ChunkMaterials,
        key: ChunkKey,
        node: NodeEntities,
    ) {
        let has_mesh = node.entity().is_some();
        let old = self.nodes.insert(key, node);
        if old.is_none() {
            self.tell(key, ChunkChange::Loaded);
        }
        if has_mesh {
            self.tell(key, ChunkChange::Meshed);
        }
        if let Some(old) = old {
            // An edited node: the new one is whole from this frame on, unless it leaves; the old one is gone.
            match self.fades.phase(key) {
                // Its successors are not drawn on its pixels yet.
                Some(phase @ Phase::Leaving(_)) => {
                    self.show_step(commands, materials, key, Step::Fade(phase));
                }
                _ => self.fades.forget(key),
            }
            self.entities -= old.count();
            self.retire_node(commands, old);
        }
    }
}
