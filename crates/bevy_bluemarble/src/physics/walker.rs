//! A character on foot.

use avian3d::prelude::*;
use bevy::prelude::*;
use glam::DVec3;

use super::{
    PhysicsOrigin, WorldBody,
    gravity::{Gravitation, Pull},
};

/// A character on foot: stands upright wherever up is, walks where it is told, and jumps.
///
/// It is a dynamic capsule of 1.7 m by default; give the entity another `Collider` to change that.
#[derive(Component, Clone, Copy, Debug, Reflect)]
#[reflect(Component, Default)]
#[require(
    WorldBody,
    RigidBody = RigidBody::Dynamic,
    Collider = Collider::capsule(0.3, 1.1),
    LockedAxes = LockedAxes::ROTATION_LOCKED,
    Friction = Friction::new(0.0).with_combine_rule(CoefficientCombine::Min),
    SleepingDisabled
)]
pub struct Walker {
    /// Where it wants to go, in m/s, in world space. Its vertical part is ignored.
    pub velocity_m_s: DVec3,
    /// Ledges up to this height are hopped onto without being asked to, in metres.
    pub ledge_m: f32,
    /// How fast it leaves the ground when it jumps, in m/s.
    pub jump_m_s: f32,
    /// Whether it wants to jump; taken back when it does.
    pub jumps: bool,
    /// Whether there is ground under its feet.
    pub is_grounded: bool,
}

impl Default for Walker {
    fn default() -> Self {
        Self {
            velocity_m_s: DVec3::ZERO,
            ledge_m: 0.6,
            jump_m_s: 4.5,
            jumps: false,
            is_grounded: false,
        }
    }
}

/// A walker that is slower than this share of what it wants has met a ledge.
const BLOCKED_SHARE: f32 = 0.3;
/// How quickly it comes to the speed that it wants, per second.
const GRIP_PER_S: f32 = 12.0;
/// The same in the air.
const AIR_GRIP_PER_S: f32 = 2.0;
/// Ground within this of its feet counts, in metres.
const FOOTING_M: f32 = 0.15;

/// Turns walkers upright, no more than that needs.
pub(super) fn stand_upright(
    origin: Res<PhysicsOrigin>,
    gravitation: Gravitation,
    mut walkers: Query<(&Position, &mut Rotation), With<Walker>>,
) {
    for (position, mut rotation) in &mut walkers {
        let pull = gravitation.at(origin.world_from_physics(position.0));
        let Some(up) = pull.map(|pull| pull.up.as_vec3()) else { continue };
        let lean = rotation.0 * Vec3::Y;
        if lean.dot(up) < 1.0 - 1e-6 {
            rotation.0 = (Quat::from_rotation_arc(lean, up) * rotation.0).normalize();
        }
    }
}

/// Moves walkers.
pub(super) fn walk(
    time: Res<Time>,
    origin: Res<PhysicsOrigin>,
    gravitation: Gravitation,
    query: SpatialQuery,
    mut walkers: Query<(Entity, &mut Walker, &Collider, &Position, &Rotation, &mut LinearVelocity)>,
) {
    for (entity, mut walker, collider, position, rotation, mut velocity) in &mut walkers {
        let pull = gravitation.at(origin.world_from_physics(position.0));
        let Some(Pull { up, strength_m_s2 }) = pull else { continue };
        let up = up.as_vec3();
        let Ok(down) = Dir3::new(-up) else { continue };
        let footing = query.cast_shape(
            collider,
            position.0 + up * FOOTING_M,
            rotation.0,
            down,
            &ShapeCastConfig::from_max_distance(2.0 * FOOTING_M),
            &SpatialQueryFilter::from_excluded_entities([entity]),
        );
        let is_grounded = footing.is_some() && velocity.dot(up) < 1.0;
        if walker.is_grounded != is_grounded {
            walker.is_grounded = is_grounded;
        }
        let wanted = walker.velocity_m_s.as_vec3();
        let wanted = wanted - up * wanted.dot(up);
        let rise = velocity.dot(up);
        let along = velocity.0 - up * rise;
        let grip = if is_grounded { GRIP_PER_S } else { AIR_GRIP_PER_S };
        let share = 1.0 - (-grip * time.delta_secs()).exp();
        velocity.0 = along.lerp(wanted, share) + up * rise;
        let is_blocked = along.dot(wanted) < BLOCKED_SHARE * wanted.length_squared();
        let hop_m_s = (2.0 * strength_m_s2 * walker.ledge_m).max(0.0).sqrt();
        if is_grounded && is_blocked && rise < 0.5 && wanted.length() > 0.5 {
            velocity.0 += up * (hop_m_s - rise);
        }
        if walker.jumps && is_grounded {
            velocity.0 += up * walker.jump_m_s;
            walker.jumps = false;
        }
    }
}
