//! [`CollidesWithVoxels`]: where voxels are obstacles.

use bevy::prelude::*;

use super::initial_position::position_from_transform;

/// Voxels near this entity are obstacles: the player, a creature, a place where something lies. It is where its
/// [`WorldPosition`](crate::space::WorldPosition) says, or its `Transform` if it has none.
#[derive(Component, Clone, Copy, Debug, PartialEq, Reflect)]
#[reflect(Component, Default)]
#[component(on_add = position_from_transform)]
pub struct CollidesWithVoxels {
    /// How near, in metres: up to 64 chunks count, 1.3 km in a world with voxels of half a metre.
    pub radius_m: f64,
}

impl Default for CollidesWithVoxels {
    fn default() -> Self {
        Self { radius_m: 32.0 }
    }
}
