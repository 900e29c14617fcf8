//! Voxels as obstacles, for the physics engine [`avian3d`].
//!
//! Physics counts in `f32`, a planet does not. So bodies live in a *bubble*: positions of the engine are
//! metres from [`PhysicsOrigin`], along the axes of world space, and the origin follows the first entity that
//! [`CollidesWithVoxels`]. A [`WorldBody`] has a [`WorldPosition`](crate::space::WorldPosition), which follows it, and which
//! may be written to put it elsewhere. In a game with Bevy's `TransformPlugin` the origin stays where it is, and positions of
//! the engine are `Transform`s, as without this plugin.
//!
//! | file | what happens |
//! |---|---|
//! | `body_check` | a warning for a `RigidBody` without a [`WorldBody`] |
//! | `bubble` | positions of bodies, and the origin |
//! | `collider` | the collider of a chunk, made on a worker |
//! | `colliders` | chunks near [`CollidesWithVoxels`] entities become colliders, off the main thread |
//! | `gravity` | bodies fall along the local up |
//! | `initial_position` | positions of what has a `Transform` only |
//! | `transforms` | the same in a game whose bodies have `Transform`s |
//! | `walker` | [`Walker`]: a character on foot |

mod body_check;
mod bubble;
mod collider;
mod colliders;
mod collides_with_voxels;
mod gravity;
mod initial_position;
mod transforms;
mod walker;

use avian3d::{physics_transform::PhysicsTransformConfig, prelude::*};
use bevy::prelude::*;

pub use self::{
    bubble::{PhysicsOrigin, WorldBody},
    colliders::{ColliderStatistics, VoxelCollider},
    collides_with_voxels::CollidesWithVoxels,
    gravity::VoxelGravity,
    walker::Walker,
};
use crate::{
    meshing::Meshing,
    systems::{BluemarbleSystems, require},
    world::VoxelWorld,
};

/// When physics does its work: order your own systems by these.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VoxelPhysicsSystems {
    /// Bodies whose [`WorldPosition`](crate::space::WorldPosition) was written by others are moved. In [`PreUpdate`].
    Read,
    /// Gravity and walkers, before the engine's own step. In [`FixedUpdate`].
    Move,
    /// Positions follow the bodies. In [`PostUpdate`], before [`BluemarbleSystems::Place`].
    Write,
    /// Colliders come and go. In [`PostUpdate`], after [`BluemarbleSystems::Edit`].
    Colliders,
}

/// Colliders of voxels, and bodies that stand on a planet.
///
/// A [`WorldBody`] falls along the local up of the nearest world, and waits for the ground. In a game with Bevy's
/// `TransformPlugin` all other bodies are what they were without this plugin.
///
/// **Without `TransformPlugin`**, as on a planet, avian is changed for the whole app: its `Gravity` is zero, and it no
/// longer copies between `Transform` and `Position`; this plugin does both for every [`WorldBody`]. Give one to each
/// `RigidBody`.
///
/// `BluemarblePlugins` and [`BluemarbleServerPlugins`](crate::BluemarbleServerPlugins) contain this plugin; it does
/// nothing without avian's `PhysicsPlugins`.
pub struct VoxelPhysicsPlugin;

/// Forces of steps that are not taken would add up.
fn engine_runs(time: Option<Res<Time<Physics>>>) -> bool {
    time.is_some_and(|time| !time.is_paused())
}

impl Plugin for VoxelPhysicsPlugin {
    fn build(&self, app: &mut App) {
        // A game may have the feature on and no physics.
        let has_engine = resource_exists::<Time<Physics>>;
        require::<VoxelWorld, Meshing>(app);
        require::<VoxelWorld, VoxelGravity>(app);
        require::<VoxelWorld, colliders::WorldColliders>(app);
        app.init_resource::<PhysicsOrigin>()
            .init_resource::<ColliderStatistics>()
            .add_observer(colliders::take_away)
            .configure_sets(PreUpdate, VoxelPhysicsSystems::Read.run_if(has_engine))
            .configure_sets(
                FixedUpdate,
                VoxelPhysicsSystems::Move.before(PhysicsSystems::First).run_if(engine_runs),
            )
            .configure_sets(
                PostUpdate,
                (
                    VoxelPhysicsSystems::Write.before(BluemarbleSystems::Place),
                    VoxelPhysicsSystems::Colliders.after(BluemarbleSystems::Edit),
                )
                    .run_if(has_engine),
            )
            .add_systems(
                FixedUpdate,
                (gravity::pull, walker::stand_upright, walker::walk)
                    .chain()
                    .in_set(VoxelPhysicsSystems::Move),
            )
            .add_systems(PostUpdate, colliders::stream.in_set(VoxelPhysicsSystems::Colliders));
    }

    fn finish(&self, app: &mut App) {
        if app.is_plugin_added::<TransformPlugin>() {
            let follow = transforms::follow.in_set(VoxelPhysicsSystems::Colliders);
            app.add_systems(PostUpdate, follow.after(BluemarbleSystems::Place));
            return;
        }
        // The engine has its own by now, whichever plugin came first.
        app.insert_resource(PhysicsTransformConfig {
            propagate_before_physics: false,
            transform_to_position: false,
            position_to_transform: false,
            transform_to_collider_scale: false,
        })
        // It has another direction for each body.
        .insert_resource(Gravity(Vec3::ZERO))
        .add_systems(
            PreUpdate,
            (
                bubble::move_origin,
                bubble::read_positions,
                body_check::warn_of_bodies_without_position,
            )
                .chain()
                .in_set(VoxelPhysicsSystems::Read),
        )
        .add_systems(PostUpdate, bubble::write_positions.in_set(VoxelPhysicsSystems::Write));
    }
}
