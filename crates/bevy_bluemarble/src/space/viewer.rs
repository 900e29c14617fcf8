//! [`Viewer`]: what worlds stream around.

use bevy::prelude::*;

/// Worlds stream around every entity with this component, wherever its
/// [`WorldPosition`](super::WorldPosition) or its `Transform` puts it.
///
/// On a camera, field of view and resolution are the camera's own.
#[derive(Component, Clone, Copy, Debug, PartialEq, Reflect)]
#[reflect(Component, Default)]
#[require(Transform)]
pub struct Viewer {
    /// How many pixels wide a cell may be before finer ones are drawn. Smaller is sharper and costs
    /// quadratically more; 2 is crisp, 4 is quick.
    pub max_error_px: f32,
    /// Nothing further away than this, in metres, is made finer for this viewer.
    pub radius_m: f64,
}

impl Default for Viewer {
    fn default() -> Self {
        Self { max_error_px: 2.5, radius_m: f64::INFINITY }
    }
}
