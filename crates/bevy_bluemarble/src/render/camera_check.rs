//! A camera that would draw voxels wrongly is told of.

use bevy::{core_pipeline::tonemapping::Tonemapping, ecs::entity::EntityHashSet, prelude::*};

use super::material::ChunkMaterials;
use crate::space::Viewer;

/// Warns once of each viewer whose camera maps tones, where worlds are drawn with materials that do so themselves.
pub(super) fn warn_of_tonemapping(
    cameras: Query<(Entity, &Tonemapping), With<Viewer>>,
    worlds: Query<&ChunkMaterials>,
    mut warned: Local<EntityHashSet>,
) {
    for (camera, tonemapping) in &cameras {
        if *tonemapping != Tonemapping::None
            && worlds.iter().any(ChunkMaterials::map_tones)
            && warned.insert(camera)
        {
            warn!(
                "camera {camera} has {tonemapping:?}: voxels map tones themselves and look pale with it; insert \
                Tonemapping::None"
            );
        }
    }
}
