//! Voxels as obstacles, for the physics engine [`avian3d`].
//!
//! Physics counts in `f32`, a planet does not. So bodies live in a *bubble*: positions of the engine are
//! metres from [`PhysicsOrigin`], along the axes of world space, and the origin follows the viewers that
//! collide. Every body has a [`WorldPosition`](crate::space::WorldPosition), which follows it, and which
//! may be written to put it elsewhere.
//!
//! | file | what happens |
//! |---|---|
//! | `bubble` | positions of bodies, and the origin |
//! | `colliders` | chunks near [`Collides`] entities become colliders, off the main thread |
//! | `gravity` | bodies fall along the local up |
//! | `walker` | [`Walker`]: somebody on foot |

mod bubble;
mod colliders;
mod gravity;
mod walker;

use avian3d::{physics_transform::PhysicsTransformConfig, prelude::*};
use bevy::prelude::*;

pub use self::{
    bubble::{PhysicsOrigin, WorldBody},
    colliders::{ColliderStatistics, Collides, VoxelCollider},
    gravity::VoxelGravity,
    walker::Walker,
};
use crate::{plugin::BluemarbleSystems, streaming::Streamer};

/// Colliders of voxels, and bodies that stand on a planet.
///
/// Add it before `PhysicsPlugins`: it tells the engine that positions are its own and not those of
/// `Transform`. Bodies are entities with a `RigidBody`, a `Collider` and a [`WorldBody`].
pub struct VoxelPhysicsPlugin;

impl Plugin for VoxelPhysicsPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(PhysicsTransformConfig {
            propagate_before_physics: false,
            transform_to_position: false,
            position_to_transform: false,
            transform_to_collider_scale: false,
        })
        // Gravity has another direction for each body.
        .insert_resource(Gravity(Vec3::ZERO))
        .init_resource::<PhysicsOrigin>()
        .init_resource::<VoxelGravity>()
        .init_resource::<colliders::Colliders>()
        .init_resource::<ColliderStatistics>()
        .add_systems(
            FixedUpdate,
            (gravity::pull, walker::stand_upright, walker::walk)
                .chain()
                .before(PhysicsSystems::First),
        )
        .add_systems(PreUpdate, (bubble::move_origin, bubble::read_places).chain())
        .add_systems(
            PostUpdate,
            (
                bubble::write_places.before(BluemarbleSystems::Views),
                colliders::stream
                    .run_if(resource_exists::<Streamer>)
                    .after(BluemarbleSystems::Edit),
            ),
        );
    }
}
