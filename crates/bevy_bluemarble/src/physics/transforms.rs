//! Bodies in a game with Bevy's `TransformPlugin`: the engine moves their `Transform`, as it does without voxels.

use bevy::prelude::*;

use super::WorldBody;
use crate::space::{FollowsTransform, WorldPosition};

/// Lets the position of a body follow its `Transform`, once that is where the position says.
pub(super) fn follow(
    mut commands: Commands,
    bodies: Query<
        (Entity, &WorldPosition, &Transform),
        (With<WorldBody>, Without<FollowsTransform>),
    >,
) {
    for (body, position, transform) in &bodies {
        let follows = FollowsTransform::new(position.0, transform.translation);
        commands.entity(body).try_insert(follows);
    }
}
