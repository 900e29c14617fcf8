//! A world whose ground is any function of the crate `noise`: hills of fractal noise with lakes between them.

use std::sync::Arc;

use bevy::{core_pipeline::tonemapping::Tonemapping, prelude::*};
use bevy_bluemarble::{
    noise::{Fbm, Perlin},
    prelude::*,
};

fn main() -> Result {
    let materials = MaterialTable::standard();
    // What the topmost cell of a column is made of, and what lies below it.
    let ground = [materials.id("grass")?, materials.id("granite")?];
    // Noise has no unit: here its waves are 400 m long and 80 m high, around a mean of 5 m above sea level.
    let scale = HeightScale { wavelength_m: 400.0, amplitude_m: 80.0, mean_m: 5.0 };
    // A world in a directory opens only with the ground of this name, so edits are never shown on another one.
    let noise = Fbm::<Perlin>::new(7);
    let hills = NoiseHeights::new(0.5, "hills 1", noise, scale, HeightBounds::Sampled, ground)?;
    let hills = hills.with_sea(materials.id("water")?);
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
