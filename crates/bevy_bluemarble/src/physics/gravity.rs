//! Bodies fall along the local up.

use avian3d::{dynamics::integrator::VelocityIntegrationData, prelude::*};
use bevy::{ecs::system::SystemParam, prelude::*};

use glam::DVec3;

use super::{PhysicsOrigin, WorldBody, colliders::WorldColliders};
use crate::{space::WorldFrame, world::VoxelWorld};

/// Gravitational acceleration near a world, in m/s²: 9.81 for every world unless its entity has another one. Insert
/// `VoxelGravity(0.0)` on a ship. A body is pulled by the world with gravity whose ground is nearest; bodies with a
/// `GravityScale` of 0 by none.
#[derive(Component, Clone, Copy, Debug, PartialEq, Reflect)]
#[reflect(Component, Default)]
pub struct VoxelGravity(pub f32);

impl Default for VoxelGravity {
    fn default() -> Self {
        Self(9.81)
    }
}

/// Which way and how strongly bodies are pulled: by the world with gravity whose ground is nearest.
#[derive(SystemParam)]
pub(super) struct Gravitation<'w, 's> {
    worlds: Query<'w, 's, (&'static VoxelWorld, &'static WorldFrame, &'static VoxelGravity)>,
}

/// What pulls a body.
pub(super) struct Pull {
    /// Unit direction in world space.
    pub up: DVec3,
    pub strength_m_s2: f32,
}

impl Gravitation<'_, '_> {
    /// What pulls at a point of world space, if anything does.
    pub fn at(&self, point: DVec3) -> Option<Pull> {
        let pulls = self.worlds.iter().filter(|(.., gravity)| gravity.0 != 0.0);
        let (altitude_m, pull) = pulls
            .map(|(world, frame, gravity)| {
                let (shape, local) = (world.0.shape(), frame.local_from_world(point));
                let up = frame.world_direction(shape.up(local));
                (shape.altitude_m(local).abs(), Pull { up, strength_m_s2: gravity.0 })
            })
            .min_by(|a, b| a.0.total_cmp(&b.0))?;
        altitude_m.is_finite().then_some(pull)
    }
}

/// A body waits for the ground this near, in metres.
const WAITS_WITHIN_M: f64 = 3.0;

/// Pulls every body down, wherever that is for it. One without ground around it, because nothing collides
/// there or because the ground is not here yet, is held where it is.
///
/// (It is not disabled for that: in avian 0.7, contacts that begin to count before they touch are entered
/// twice, and the solver panics.)
pub(super) fn pull(
    origin: Res<PhysicsOrigin>,
    gravitation: Gravitation,
    worlds: Query<(&VoxelWorld, &WorldFrame, &WorldColliders)>,
    engine: Res<Gravity>,
    mut bodies: Query<
        (
            &RigidBody,
            &Position,
            &mut LinearVelocity,
            &mut VelocityIntegrationData,
            Option<&GravityScale>,
        ),
        (With<WorldBody>, Without<Sleeping>),
    >,
) {
    for (body, position, mut velocity, mut integration, scale) in &mut bodies {
        if !body.is_dynamic() {
            continue;
        }
        let scale = scale.map_or(1.0, |scale| scale.0);
        let position = origin.world_from_physics(position.0);
        // The engine's own has one direction; it adds that itself.
        let mut acceleration = -engine.0 * scale;
        let is_ready = worlds.iter().all(|(world, frame, colliders)| {
            let local = frame.local_from_world(position);
            colliders.are_ready_around(world.0.shape(), local, WAITS_WITHIN_M)
        });
        if !is_ready {
            velocity.0 = Vec3::ZERO;
        } else if let Some(Pull { up, strength_m_s2 }) = gravitation.at(position) {
            acceleration -= up.as_vec3() * (strength_m_s2 * scale);
        }
        integration.apply_linear_acceleration(acceleration);
    }
}
