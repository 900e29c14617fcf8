//! A game that was there before: its own entities, a camera on a mast, nothing disabled. A voxel world is added to it.

use std::sync::Arc;

use bevy::{core_pipeline::tonemapping::Tonemapping, prelude::*};
use bevy_bluemarble::prelude::*;

#[path = "../draw.rs"]
mod draw;

fn main() -> Result {
    let materials = MaterialTable::standard();
    let layers = vec![(materials.id("grass")?, 2), (materials.id("granite")?, 8)];
    let meadow = Superflat::new(0.5, layers)?;
    let world = VoxelWorld(HybridWorld::in_memory(Arc::new(meadow), materials));
    App::new()
        .add_plugins((draw::engine(), BluemarblePlugins))
        .insert_resource(LookQuality::Low)
        .add_systems(Startup, start_game)
        .add_systems(Startup, move |mut commands: Commands| _ = commands.spawn(world.clone()))
        .add_systems(Update, draw::draw_when_ready)
        .run();
    Ok(())
}

/// A red tower that stands on the meadow, and a camera on a mast.
fn start_game(
    mut commands: Commands,
    mut meshes: ResMut<Assets<Mesh>>,
    mut paints: ResMut<Assets<StandardMaterial>>,
    mut images: ResMut<Assets<Image>>,
) {
    let red = StandardMaterial {
        base_color: Color::BLACK,
        emissive: LinearRgba::rgb(1e5, 0.0, 0.0),
        ..default()
    };
    let tower = (Mesh3d(meshes.add(Cuboid::new(3.0, 12.0, 3.0))), MeshMaterial3d(paints.add(red)));
    commands.spawn((tower, Transform::from_xyz(0.0, 4.0, -40.0)));
    let mast = commands.spawn((Transform::from_xyz(0.0, 2.0, 0.0), Visibility::default())).id();
    let eye = Transform::from_xyz(0.0, 6.0, 0.0).looking_at(Vec3::new(0.0, 3.0, -40.0), Vec3::Y);
    let target = draw::canvas(&mut images);
    let camera = (Camera3d::default(), Tonemapping::None, Viewer::default(), eye, target);
    commands.spawn((camera, ChildOf(mast)));
}
