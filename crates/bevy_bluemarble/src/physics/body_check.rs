//! A warning for bodies that nothing moves in world space.

use avian3d::prelude::*;
use bevy::prelude::*;

use super::{VoxelCollider, WorldBody};

/// A body without a position in world space is simulated, but neither drawn where it is nor put where its `Transform` says.
pub(super) fn warn_of_bodies_without_position(
    others: Query<Entity, (Added<RigidBody>, Without<WorldBody>, Without<VoxelCollider>)>,
) {
    if let Some(body) = others.iter().next() {
        warn_once!(
            "{body} is a RigidBody without a WorldBody: without Bevy's TransformPlugin, avian does not copy between Transform and \
             Position; give a WorldBody to every RigidBody"
        );
    }
}
