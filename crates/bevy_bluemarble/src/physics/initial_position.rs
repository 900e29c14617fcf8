//! Where things are that collide, if nothing but their `Transform` says so.

use bevy::{
    ecs::{lifecycle::HookContext, world::DeferredWorld},
    prelude::*,
};

use crate::space::{FollowsTransform, WorldPosition};

/// Gives a new entity that needs a [`WorldPosition`] the one that its `Transform` tells, unless it has one. (A required
/// component would put it at the origin.)
pub(super) fn position_from_transform(mut world: DeferredWorld<'_>, context: HookContext) {
    let entity = world.entity(context.entity);
    if entity.contains::<WorldPosition>() {
        return;
    }
    let translation =
        entity.get::<Transform>().map_or(Vec3::ZERO, |transform| transform.translation);
    let position = FollowsTransform::from_translation(translation);
    world.commands().entity(context.entity).try_insert_if_new(position);
}
