//! [`EntityPool`]: the entities that draw nodes, used again and again.
//!
//! An entity that is spawned or despawned is entered into and struck off the list of its parent's
//! children, which are thousands. One that is used again only gets a mesh and a place.

use bevy::{
    camera::{primitives::Aabb, visibility::NoAutoAabb},
    mesh::MeshTag,
    prelude::*,
};
use big_space::prelude::{Grid, Stationary};
use bluemarble_core::ChunkKey;
use glam::DVec3;

use super::{
    fade::{CLOCK_STEP_MS, Phase},
    relief::ReliefSlot,
};
use crate::{
    meshing::NodeFrame,
    render::{
        Vertices,
        material::{ChunkMaterials, Look},
    },
    streaming::Pass,
};

/// Marks the entities that draw a node.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Reflect)]
#[reflect(Component)]
pub struct DrawnNode(pub ChunkKey);

/// An entity that draws a mesh of a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drawing {
    pub entity: Entity,
    pub pass: Pass,
    pub relief: ReliefSlot,
}

/// Entities kept for later.
const SPARE: usize = 1024;

/// Where entities are placed and what they look like.
pub(crate) struct Stage<'a> {
    /// The world's entity.
    pub root: Entity,
    /// Its grid, if the origin is floating.
    pub grid: Option<&'a Grid>,
    pub materials: &'a ChunkMaterials,
}

impl Stage<'_> {
    /// Puts an entity with the rest of what it needs where a node's frame stands.
    fn place(&self, entity: &mut EntityCommands, frame: &NodeFrame, rest: impl Bundle) {
        let scale = match self.materials.vertices() {
            Vertices::Packed => frame.transform(Vec3::ZERO).scale,
            Vertices::Standard => Vec3::ONE,
        };
        self.put(entity, frame.centre, frame, scale, rest);
    }

    /// Puts an entity elsewhere, with the axes of a node's frame.
    pub fn place_at(&self, entity: &mut EntityCommands, at: DVec3, frame: &NodeFrame) {
        self.put(entity, at, frame, Vec3::ONE, ());
    }

    /// All at once: every insertion moves the entity to another table.
    fn put(
        &self,
        entity: &mut EntityCommands,
        at: DVec3,
        frame: &NodeFrame,
        scale: Vec3,
        rest: impl Bundle,
    ) {
        let Some(grid) = self.grid else {
            entity.try_insert((frame.transform(at.as_vec3()).with_scale(scale), rest));
            return;
        };
        let (cell, offset) = grid.translation_to_grid(at);
        let transform = frame.transform(offset).with_scale(scale);
        // An entity that is used again is asleep for big_space, which looks at it once only.
        let global = grid.global_transform(&cell, &transform);
        entity.try_insert((cell, transform, global, rest));
    }
}

/// Entities that draw nothing now, by pass.
#[derive(Default)]
pub(crate) struct EntityPool {
    opaque: Vec<Entity>,
    see_through: Vec<Entity>,
}

impl EntityPool {
    fn spare(&mut self, pass: Pass) -> &mut Vec<Entity> {
        match pass {
            Pass::Opaque => &mut self.opaque,
            Pass::SeeThrough => &mut self.see_through,
        }
    }

    /// Lets an entity draw a mesh.
    pub fn draw(
        &mut self,
        commands: &mut Commands,
        stage: &Stage<'_>,
        (key, frame, pass): (ChunkKey, &NodeFrame, Pass),
        relief: ReliefSlot,
        mesh: Handle<Mesh>,
        visibility: Visibility,
    ) -> Drawing {
        let half_extents = match stage.materials.vertices() {
            Vertices::Packed => Vec3A::ONE,
            Vertices::Standard => frame.half_extent_m().as_vec3().into(),
        };
        let bounds = Aabb { center: Vec3A::ZERO, half_extents };
        let own = (DrawnNode(key), Mesh3d(mesh), MeshTag(tag(key, relief, None)), visibility);
        let entity = match self.spare(pass).pop() {
            Some(entity) => {
                let mut used = commands.entity(entity);
                match stage.materials.vertices() {
                    Vertices::Packed => stage.place(&mut used, frame, own),
                    Vertices::Standard => stage.place(&mut used, frame, (own, bounds)),
                }
                entity
            }
            None => {
                let mut entity = commands.spawn_empty();
                stage.place(&mut entity, frame, (own, ChildOf(stage.root), bounds, NoAutoAabb));
                if stage.grid.is_some() {
                    entity.insert(Stationary);
                }
                stage.materials.attach(&mut entity, pass, Look::Steady);
                entity.id()
            }
        };
        Drawing { entity, pass, relief }
    }

    /// Takes an entity that is hidden back, without its mesh.
    pub fn retire(&mut self, commands: &mut Commands, drawing: Drawing) {
        let spare = self.spare(drawing.pass);
        if spare.len() < SPARE {
            commands.entity(drawing.entity).try_insert(Mesh3d::default());
            spare.push(drawing.entity);
        } else {
            commands.entity(drawing.entity).try_despawn();
        }
    }

    /// All of them.
    pub fn into_entities(self) -> impl Iterator<Item = Entity> {
        self.opaque.into_iter().chain(self.see_through)
    }

    /// Entities that draw nothing now.
    pub fn len(&self) -> usize {
        self.opaque.len() + self.see_through.len()
    }
}

/// What the shader is told of one entity: the slot of its relief in bits 0..13, its region in bits 13..16; if it
/// fades, 1 in bit 16, 1 in bit 17 if it leaves, and in bits 18..30 when it began, in steps of the fade clock.
pub(crate) fn tag(key: ChunkKey, relief: ReliefSlot, phase: Option<Phase>) -> u32 {
    let began = |start: u32| (start / CLOCK_STEP_MS) << 18;
    u32::from(relief.0)
        | u32::from(key.region) << 13
        | match phase {
            None => 0,
            Some(Phase::Arriving(start)) => 1 << 16 | began(start),
            Some(Phase::Leaving(start)) => 3 << 16 | began(start),
        }
}
