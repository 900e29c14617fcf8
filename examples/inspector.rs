//! Every setting and component of a world in a window of bevy-inspector-egui; whatever is changed there takes effect at
//! once. `cargo run --example inspector --features bluemarble_examples/inspector`

use std::sync::Arc;

use bevy::{core_pipeline::tonemapping::Tonemapping, prelude::*};
use bevy_bluemarble::prelude::*;
use bevy_inspector_egui::{
    bevy_egui::EguiPlugin,
    quick::{ResourceInspectorPlugin, WorldInspectorPlugin},
};

fn main() -> Result {
    let materials = MaterialTable::standard();
    let hills = NoiseBaseline::new(0.5, 7, &materials)?;
    let world = VoxelWorld(HybridWorld::in_memory(Arc::new(hills), materials));
    App::new()
        .add_plugins((DefaultPlugins, BluemarblePlugins, EguiPlugin::default()))
        .add_plugins(WorldInspectorPlugin::default())
        .add_plugins(ResourceInspectorPlugin::<SunLight>::default())
        .add_plugins(ResourceInspectorPlugin::<StreamingSettings>::default())
        .add_systems(Startup, move |mut commands: Commands| {
            commands.spawn((Name::new("Hills"), world.clone()));
            let eye = Transform::from_xyz(0.0, 90.0, 0.0);
            let eye = eye.looking_to(Vec3::new(0.0, -0.3, -1.0), Vec3::Y);
            let camera = (Camera3d::default(), Tonemapping::None, Viewer::default(), eye);
            commands.spawn((Name::new("Camera"), camera));
        })
        .run();
    Ok(())
}
