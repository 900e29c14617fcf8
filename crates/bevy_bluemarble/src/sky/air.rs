//! Air and clouds between the eye and the ground.
//!
//! They are laid over the picture once it is drawn, by one triangle that fills the screen. In the material of
//! voxels they would cost as much for each face as for each pixel, and faces are about as many.

use bevy::{core_pipeline::prepass::DepthPrepass, prelude::*};

use super::screen::{self, Screen, ScreenLayer};
use crate::{
    material::{ChunkShader, SunLight},
    viewer::Viewer,
};

/// Air and clouds over the ground, for cameras with a [`DepthPrepass`].
#[derive(TypePath, Clone, Debug)]
pub(super) struct AirLayer;

impl ScreenLayer for AirLayer {
    const SHADER: ChunkShader = ChunkShader::Air;
    const IS_OVER: bool = true;
}

/// Marks the triangle.
#[derive(Component)]
struct AirOverlay;

pub(super) fn build(app: &mut App) {
    screen::build::<AirLayer>(app);
    app.add_systems(Startup, |mut screen: Screen<AirLayer>| {
        screen.spawn((Name::new("Air"), AirOverlay));
    })
    .add_systems(Update, (follow_air.run_if(resource_changed::<SunLight>), want_depth));
}

/// Where there is no air nothing is laid over.
fn follow_air(sun: Res<SunLight>, mut overlays: Query<&mut Visibility, With<AirOverlay>>) {
    for mut visibility in &mut overlays {
        *visibility = if sun.air { Visibility::Inherited } else { Visibility::Hidden };
    }
}

/// Air needs to know how far away the ground is.
fn want_depth(
    mut commands: Commands,
    viewers: Query<Entity, (With<Viewer>, With<Camera3d>, Without<DepthPrepass>)>,
) {
    for viewer in &viewers {
        commands.entity(viewer).insert(DepthPrepass);
    }
}
