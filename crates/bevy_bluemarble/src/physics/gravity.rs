//! Bodies fall along the local up.

use avian3d::prelude::*;
use bevy::prelude::*;

use super::{PhysicsOrigin, WorldBody, colliders::Colliders};
use crate::space::VoxelWorld;

/// How fast bodies fall faster, in m/s²; 9.81 at first. Those with a `GravityScale` of 0 do not.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct VoxelGravity(pub f32);

impl Default for VoxelGravity {
    fn default() -> Self {
        Self(9.81)
    }
}

/// A body waits for the ground this near, in metres.
const FOOTHOLD_M: f64 = 3.0;

/// Pulls every body down, wherever that is for it. One without ground around it, because nothing collides
/// there or because the ground is not here yet, is held where it is.
///
/// (It is not disabled for that: in avian 0.7, contacts that begin to count before they touch are entered
/// twice, and the solver panics.)
pub fn pull(
    time: Res<Time>,
    gravity: Res<VoxelGravity>,
    origin: Res<PhysicsOrigin>,
    world: Option<Res<VoxelWorld>>,
    colliders: Res<Colliders>,
    mut bodies: Query<
        (&RigidBody, &Position, &mut LinearVelocity, Option<&GravityScale>),
        (With<WorldBody>, Without<Sleeping>),
    >,
) {
    let Some(world) = world else { return };
    let shape = world.0.shape();
    for (body, position, mut velocity, scale) in &mut bodies {
        let scale = scale.map_or(1.0, |scale| scale.0);
        let place = origin.world_from_physics(position.0);
        if !body.is_dynamic() {
            continue;
        }
        if !colliders.are_ready_around(shape, place, FOOTHOLD_M) {
            velocity.0 = Vec3::ZERO;
        } else if scale != 0.0 {
            let up = shape.up(place).as_vec3();
            velocity.0 -= up * (gravity.0 * scale * time.delta_secs());
        }
    }
}
