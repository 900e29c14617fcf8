//! Air and clouds between the eye and the ground.
//!
//! They are laid over the picture once it is drawn, by one triangle that fills the screen. In the material of
//! voxels they would cost as much for each face as for each pixel, and faces are about as many.

use bevy::{core_pipeline::prepass::DepthPrepass, prelude::*};

use super::screen::{self, LayerOf, ScreenLayer};
use crate::{
    render::{light::SunLight, material::ChunkShader},
    space::Viewer,
    systems::BluemarbleSystems,
};

/// Air and clouds over the ground, for cameras with a [`DepthPrepass`].
#[derive(TypePath, Clone, Debug)]
pub(super) struct AirLayer;

impl ScreenLayer for AirLayer {
    const SHADER: ChunkShader = ChunkShader::Air;
    const NAME: &str = "Air";
    const IS_OVER: bool = true;
}

pub(super) fn build(app: &mut App) {
    screen::build::<AirLayer>(app);
    app.add_systems(Update, (follow_air, want_depth).in_set(BluemarbleSystems::Look));
}

/// Where there is no air nothing is laid over.
fn follow_air(sun: Res<SunLight>, mut overlays: Query<&mut Visibility, With<LayerOf<AirLayer>>>) {
    let visibility = if sun.air { Visibility::Inherited } else { Visibility::Hidden };
    for mut overlay in &mut overlays {
        overlay.set_if_neq(visibility);
    }
}

/// Air needs to know how far away the ground is.
fn want_depth(
    mut commands: Commands,
    viewers: Query<Entity, (With<Viewer>, With<Camera3d>, Without<DepthPrepass>)>,
) {
    for viewer in &viewers {
        commands.entity(viewer).try_insert(DepthPrepass);
    }
}
