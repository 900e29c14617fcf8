//! The smallest program that shows a voxel world: a plugin, a world, a viewer.

use std::sync::Arc;

use bevy::{core_pipeline::tonemapping::Tonemapping, prelude::*};
use bevy_bluemarble::prelude::*;

fn main() -> Result {
    let materials = MaterialTable::standard();
    let baseline = NoiseBaseline::new(0.5, 7, &materials)?;
    App::new()
        .add_plugins(DefaultPlugins.build().disable::<TransformPlugin>())
        .add_plugins(BluemarblePlugins)
        .insert_resource(VoxelWorld(HybridWorld::in_memory(Arc::new(baseline), materials)))
        .add_systems(Startup, spawn_viewer)
        .add_systems(Update, glide)
        .run();
    Ok(())
}

fn spawn_viewer(mut commands: Commands) {
    let gaze = Transform::default().looking_to(Vec3::new(0.0, -0.3, -1.0), Vec3::Y);
    let place = WorldPosition::new(0.0, 90.0, 0.0);
    commands.spawn((Camera3d::default(), Tonemapping::None, Viewer::default(), place, gaze));
}

fn glide(time: Res<Time>, mut viewers: Query<&mut WorldPosition, With<Viewer>>) {
    for mut position in &mut viewers {
        position.0.z -= 15.0 * time.delta_secs_f64();
    }
}
