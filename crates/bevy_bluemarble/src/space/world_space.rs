//! [`WorldSpace`] and [`WorldPoses`]: between world space and the renderer's.

use bevy::{ecs::system::SystemParam, prelude::*, transform::helper::TransformHelper};
use big_space::prelude::{CellCoord, FloatingOrigin, Grid};
use glam::{DQuat, DVec3};

use super::{WorldPosition, WorldRoot};

/// Converts between world space and the renderer's, that of `GlobalTransform`. With a fixed origin they are the same.
#[derive(SystemParam)]
pub struct WorldSpace<'w, 's> {
    roots: Query<'w, 's, &'static Grid, With<WorldRoot>>,
    origins: Query<'w, 's, &'static CellCoord, With<FloatingOrigin>>,
}

impl WorldSpace<'_, '_> {
    /// Whether the renderer's origin follows the viewer.
    pub fn is_floating(&self) -> bool {
        !self.roots.is_empty()
    }

    /// The renderer's origin in world space; `None` while it is floating and follows no entity.
    pub fn origin(&self) -> Option<DVec3> {
        match self.roots.single() {
            Ok(grid) => Some(self.origins.iter().next()?.as_dvec3(grid)),
            Err(_) => Some(DVec3::ZERO),
        }
    }

    /// The world position of a point in the renderer's space.
    pub fn world_from_render(&self, point: Vec3) -> Option<DVec3> {
        Some(self.origin()? + point.as_dvec3())
    }

    /// The point in the renderer's space of a world position.
    pub fn render_from_world(&self, world: DVec3) -> Option<Vec3> {
        Some((world - self.origin()?).as_vec3())
    }
}

/// Tells where entities are.
#[derive(SystemParam)]
pub(crate) struct WorldPoses<'w, 's> {
    space: WorldSpace<'w, 's>,
    placed: Query<'w, 's, (Option<&'static WorldPosition>, &'static Transform)>,
    globals: Query<'w, 's, &'static GlobalTransform>,
    helper: TransformHelper<'w, 's>,
}

impl WorldPoses<'_, '_> {
    /// The position of an entity in world space, metres, and how it is turned there. That of an entity without a
    /// [`WorldPosition`] is, with a floating origin, the one of the last frame.
    pub fn of(&self, entity: Entity) -> Option<(DVec3, DQuat)> {
        let (position, transform) = self.placed.get(entity).ok()?;
        let (position, rotation) = match position {
            Some(position) => (position.0, transform.rotation),
            None => {
                let global = if self.space.is_floating() {
                    *self.globals.get(entity).ok()?
                } else {
                    self.helper.compute_global_transform(entity).ok()?
                };
                (self.space.world_from_render(global.translation())?, global.rotation())
            }
        };
        Some((position, rotation.as_dquat().normalize()))
    }
}
