//! [`CollidesWithVoxels`]: where voxels are obstacles.

use bevy::prelude::*;

use crate::space::WorldPosition;

/// Voxels near this entity are obstacles: the player, a creature, a place where something lies.
#[derive(Component, Clone, Copy, Debug, PartialEq, Reflect)]
#[reflect(Component, Default)]
#[require(WorldPosition)]
pub struct CollidesWithVoxels {
    /// How near, in metres.
    pub radius_m: f64,
}

impl Default for CollidesWithVoxels {
    fn default() -> Self {
        Self { radius_m: 32.0 }
    }
}
