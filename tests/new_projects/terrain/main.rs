//! A first project: hills of noise.

use std::sync::Arc;

use bevy::{core_pipeline::tonemapping::Tonemapping, prelude::*};
use bevy_bluemarble::prelude::*;

#[path = "../draw.rs"]
mod draw;

fn main() -> Result {
    let materials = MaterialTable::standard();
    let hills = NoiseBaseline::new(0.5, 7, &materials)?;
    let world = VoxelWorld(HybridWorld::in_memory(Arc::new(hills), materials));
    App::new()
        .add_plugins((draw::engine(), BluemarblePlugins))
        .insert_resource(LookQuality::Low)
        .add_systems(Startup, move |mut commands: Commands, mut images: ResMut<Assets<Image>>| {
            let target = draw::canvas(&mut images);
            let eye = Transform::from_xyz(0.0, 90.0, 0.0);
            let eye = eye.looking_to(Vec3::new(0.0, -0.3, -1.0), Vec3::Y);
            commands.spawn((
                Camera3d::default(),
                Tonemapping::None,
                Viewer::default(),
                eye,
                target,
            ));
            commands.spawn(world.clone());
        })
        .add_systems(Update, draw::draw_when_ready)
        .run();
    Ok(())
}
