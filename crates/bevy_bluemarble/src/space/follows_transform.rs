//! [`FollowsTransform`]: positions that a `Transform` tells.

use bevy::prelude::*;
use glam::DVec3;

use super::WorldPosition;

/// Marks what has a [`WorldPosition`] only because its `Transform` told one, and is still moved by that; also by its
/// position, if that is written.
#[derive(Component, Clone, Copy, Debug)]
pub(crate) struct FollowsTransform {
    /// A position and the translation that stood for it when both were last the same place.
    agreed: (DVec3, Vec3),
}

impl FollowsTransform {
    /// A position as a translation tells it.
    pub fn from_translation(translation: Vec3) -> (WorldPosition, Self) {
        let position = translation.as_dvec3();
        (WorldPosition(position), Self::new(position, translation))
    }

    /// A position, and the translation that stands for it.
    pub fn new(position: DVec3, translation: Vec3) -> Self {
        Self { agreed: (position, translation) }
    }

    /// Whether the translation was written since, and the position was not.
    pub fn is_told(&self, position: DVec3, translation: Vec3) -> bool {
        self.agreed.0 == position && self.agreed.1 != translation
    }

    /// Whether the position is not news: the translation stands for it.
    pub fn is_agreed(&self, position: DVec3) -> bool {
        self.agreed.0 == position
    }

    pub fn agree(&mut self, position: DVec3, translation: Vec3) {
        self.agreed = (position, translation);
    }
}
