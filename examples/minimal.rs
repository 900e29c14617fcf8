//! The smallest program that shows a voxel world: a plugin, a world, a viewer.

use std::sync::Arc;

use bevy::{core_pipeline::tonemapping::Tonemapping, prelude::*};
use bevy_bluemarble::prelude::*;

fn main() -> Result {
    let materials = MaterialTable::standard();
    let hills = NoiseBaseline::new(0.5, 7, &materials)?;
    let world = VoxelWorld(HybridWorld::in_memory(Arc::new(hills), materials));
    App::new()
        .add_plugins((DefaultPlugins, BluemarblePlugins))
        .add_systems(Startup, move |mut commands: Commands| {
            commands.spawn(world.clone());
            let eye = Transform::from_xyz(0.0, 90.0, 0.0);
            let eye = eye.looking_to(Vec3::new(0.0, -0.3, -1.0), Vec3::Y);
            commands.spawn((Camera3d::default(), Tonemapping::None, Viewer::default(), eye));
        })
        .add_systems(Update, glide)
        .run();
    Ok(())
}

fn glide(time: Res<Time>, mut viewers: Query<&mut Transform, With<Viewer>>) {
    for mut transform in &mut viewers {
        transform.translation.z -= 15.0 * time.delta_secs();
    }
}
