//! [`WorldPosition`]: where entities are.

use bevy::prelude::*;
use glam::DVec3;

/// A position in world space, in metres, as exact at a planet's distance as at the origin. Write it to move an entity;
/// its `Transform` follows. The rotation stays the entity's own.
///
/// In a game without a planet it is not needed: a `Transform` will do.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Reflect)]
#[reflect(Component, Default)]
#[require(Transform)]
pub struct WorldPosition(pub DVec3);

impl WorldPosition {
    /// A position from its coordinates in metres.
    pub const fn new(x: f64, y: f64, z: f64) -> Self {
        Self(DVec3::new(x, y, z))
    }
}

/// The entity at the root of world space; everything placed by a [`WorldPosition`] is its child.
#[derive(Component, Clone, Copy, Debug, Default, Reflect)]
#[reflect(Component, Default)]
pub struct WorldRoot;
