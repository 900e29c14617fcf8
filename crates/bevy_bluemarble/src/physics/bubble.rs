//! Positions of bodies, and the origin that they are counted from.

use avian3d::prelude::*;
use bevy::prelude::*;
use glam::DVec3;

use super::{CollidesWithVoxels, initial_position::position_from_transform};
use crate::space::WorldPosition;

/// World position that positions of the physics engine are counted from, in metres.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Reflect)]
#[reflect(Resource, Default)]
pub struct PhysicsOrigin(pub DVec3);

impl PhysicsOrigin {
    /// The position that the physics engine has for a world position.
    pub fn physics_from_world(&self, world: DVec3) -> Vec3 {
        (world - self.0).as_vec3()
    }

    /// The world position of a position of the physics engine.
    pub fn world_from_physics(&self, position: Vec3) -> DVec3 {
        self.0 + position.as_dvec3()
    }
}

/// A body that falls towards the nearest world and waits for its ground. Its `WorldPosition` and the rotation of its `Transform` follow the
/// physics engine; written by the game, they move the body.
#[derive(Component, Clone, Copy, Debug, Default, Reflect)]
#[reflect(Component, Default)]
#[component(on_add = position_from_transform)]
#[require(Transform)]
pub struct WorldBody {
    /// What was written last; `None` before the first time.
    known: Option<(DVec3, Quat)>,
}

/// The origin moves when everybody who collides is further away than this, in metres: there `f32` still
/// tells a tenth of a millimetre.
const BUBBLE_M: f64 = 512.0;

/// Lets the origin follow the first entity that collides.
pub(super) fn move_origin(
    mut origin: ResMut<PhysicsOrigin>,
    near: Query<&WorldPosition, With<CollidesWithVoxels>>,
    mut positions: Query<&mut Position>,
) {
    let Some(first) = near.iter().next() else { return };
    if near.iter().any(|position| position.0.distance(origin.0) < BUBBLE_M) {
        return;
    }
    let shift = (origin.0 - first.0).as_vec3();
    origin.0 = first.0;
    for mut position in &mut positions {
        position.0 += shift;
    }
}

/// Moves bodies whose position the game has written.
pub(super) fn read_positions(
    origin: Res<PhysicsOrigin>,
    mut bodies: Query<(&WorldPosition, &Transform, &mut WorldBody, &mut Position, &mut Rotation)>,
) {
    for (world_position, transform, mut body, mut position, mut rotation) in &mut bodies {
        let known = body.known;
        if known.is_none_or(|known| known.0 != world_position.0) {
            position.0 = origin.physics_from_world(world_position.0);
        }
        if known.is_none_or(|known| known.1 != transform.rotation) {
            rotation.0 = transform.rotation;
        }
        body.bypass_change_detection().known = Some((world_position.0, transform.rotation));
    }
}

/// Lets positions follow the bodies.
pub(super) fn write_positions(
    origin: Res<PhysicsOrigin>,
    mut bodies: Query<
        (&Position, &Rotation, &mut WorldPosition, &mut Transform, &mut WorldBody),
        Or<(Changed<Position>, Changed<Rotation>)>,
    >,
) {
    for (position, rotation, mut world_position, mut transform, mut body) in &mut bodies {
        // What the game has written in this frame counts more.
        if body.known != Some((world_position.0, transform.rotation)) {
            continue;
        }
        let (world, turn) = (origin.world_from_physics(position.0), rotation.0);
        world_position.set_if_neq(WorldPosition(world));
        if transform.rotation != turn {
            transform.rotation = turn;
        }
        body.bypass_change_detection().known = Some((world, turn));
    }
}
