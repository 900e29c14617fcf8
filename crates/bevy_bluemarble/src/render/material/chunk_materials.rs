//! [`ChunkMaterials`]: which material chunks get.

use std::sync::Arc;

use bevy::{
    light::{NotShadowCaster, NotShadowReceiver},
    prelude::*,
};

use super::VoxelMaterial;
use crate::{render::Vertices, streaming::Pass, world::VoxelWorld};

/// Whether an entity is drawn whole or on some pixels only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Steady,
    Fading,
}

type Attach = dyn Fn(&mut EntityCommands, Pass, Look) + Send + Sync;

/// Which material the chunks of a world get. On the world's entity; the plugin makes its own for a world that has none.
/// Another one streams the world anew.
#[derive(Component, Clone, Reflect)]
#[reflect(opaque, Component, Clone)]
pub struct ChunkMaterials {
    attach: Arc<Attach>,
    vertices: Vertices,
    /// Whether they are the plugin's own.
    is_own: bool,
    /// Whether opaque chunks of the plugin's own materials are drawn into shadow maps.
    casts: bool,
}

impl ChunkMaterials {
    /// A game's own materials for opaque and for see-through voxels.
    ///
    /// With [`Vertices::Standard`] every material of the engine will do, `StandardMaterial` among them:
    /// colours are vertex colours, texture coordinates count cells. With [`Vertices::Packed`] the
    /// material's shader imports `bevy_bluemarble::vertex`. Nodes of such materials give way to each
    /// other at once, without a fade.
    pub fn new<M: Material>(opaque: Handle<M>, see_through: Handle<M>, vertices: Vertices) -> Self {
        let attach = move |entity: &mut EntityCommands, pass, _| {
            let material = match pass {
                Pass::Opaque => &opaque,
                Pass::SeeThrough => &see_through,
            };
            entity.try_insert(MeshMaterial3d(material.clone()));
        };
        Self { attach: Arc::new(attach), vertices, is_own: false, casts: false }
    }

    /// The plugin's own: steady and fading, for each pass. `casts`: whether they are drawn into shadow maps.
    pub(super) fn of_voxels(
        opaque: [Handle<VoxelMaterial>; 2],
        see_through: [Handle<VoxelMaterial>; 2],
        casts: bool,
    ) -> Self {
        let attach = move |entity: &mut EntityCommands, pass, look| {
            let [steady, fading] = match pass {
                Pass::Opaque => &opaque,
                Pass::SeeThrough => &see_through,
            };
            let material = if look == Look::Fading { fading } else { steady };
            entity.try_insert((MeshMaterial3d(material.clone()), NotShadowReceiver));
        };
        Self { attach: Arc::new(attach), vertices: Vertices::Packed, is_own: true, casts }
    }

    /// What the meshes' vertices consist of.
    pub fn vertices(&self) -> Vertices {
        self.vertices
    }

    /// Whether the material can draw a mesh on some pixels only.
    pub(crate) fn fades(&self) -> bool {
        self.is_own
    }

    /// Whether the material lights slopes.
    pub(crate) fn wants_relief(&self) -> bool {
        self.is_own
    }

    /// Whether what they draw has its tones mapped already.
    pub(crate) fn map_tones(&self) -> bool {
        self.is_own
    }

    /// Gives an entity its material.
    pub(crate) fn attach(&self, entity: &mut EntityCommands, pass: Pass, look: Look) {
        (self.attach)(entity, pass, look);
        if self.is_own && !(self.casts && pass == Pass::Opaque) {
            entity.try_insert(NotShadowCaster);
        }
    }

    /// Whether chunks are lit by the plugin, which then makes their shadow maps.
    pub(super) fn want_shadow_maps(&self) -> bool {
        self.is_own && self.casts
    }

    /// Lets chunks be drawn into shadow maps from now on, or not.
    pub(super) fn set_casting(&mut self, casts: bool) {
        self.casts = casts;
    }
}

/// The plugin's own materials go with the world whose palette they have.
pub(super) fn take_back(taken: On<Discard, VoxelWorld>, mut commands: Commands) {
    commands.entity(taken.entity).queue_silenced(|mut world: EntityWorldMut| {
        if world.get::<ChunkMaterials>().is_some_and(|materials| materials.is_own) {
            world.remove::<ChunkMaterials>();
        }
    });
}
