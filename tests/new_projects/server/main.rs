//! A dedicated server: it builds a brick wall, lets a ball fall on it, saves the wall to the directory that is named, and ends.

use std::sync::Arc;

use bevy::{app::ScheduleRunnerPlugin, prelude::*};
use bevy_bluemarble::{avian3d::prelude::*, prelude::*};

fn main() -> Result {
    let dir = std::env::args().nth(1).unwrap_or("world".to_owned());
    let materials = MaterialTable::standard();
    let brick = materials.id("brick")?;
    let hills = NoiseBaseline::new(0.5, 7, &materials)?;
    let world = HybridWorld::open(&dir, Arc::new(hills), materials)?;
    App::new()
        .add_plugins(MinimalPlugins.set(ScheduleRunnerPlugin::default()))
        .add_plugins((BluemarbleServerPlugins, PhysicsPlugins::default()))
        .add_systems(
            Startup,
            move |mut commands: Commands, mut edits: MessageWriter<EditVoxels>| {
                let entity = commands.spawn(VoxelWorld(world.clone())).id();
                let wall = LatticeBox::new(IVec3::new(0, 500, 0), IVec3::new(100, 520, 40));
                let mut batch = EditBatch::new();
                batch.fill_box(VoxelBox::new(0, wall), brick);
                edits.write(EditVoxels { world: entity, batch });
            },
        )
        .add_systems(Update, (drop_ball, save))
        .run();
    Ok(())
}

/// Drops a ball as soon as the wall is there, from ten metres above it.
fn drop_ball(mut commands: Commands, mut applied: MessageReader<EditApplied>) {
    for _ in applied.read() {
        let ball = (RigidBody::Dynamic, Collider::sphere(0.5), WorldBody::default());
        commands.spawn((
            ball,
            CollidesWithVoxels::default(),
            WorldPosition::new(20.0, 270.5, 10.0),
        ));
    }
}

/// Saves what was edited once the ball lies on the wall, 260 m up, and ends the server when it is saved.
fn save(
    worlds: Query<Entity, With<VoxelWorld>>,
    balls: Query<(&WorldPosition, &LinearVelocity)>,
    mut has_landed: Local<bool>,
    mut save: MessageWriter<SaveVoxelWorld>,
    mut saved: MessageReader<VoxelWorldSaved>,
    mut exit: MessageWriter<AppExit>,
) {
    let is_lying = |(at, speed): (&WorldPosition, &LinearVelocity)| {
        (at.0.y - 260.5).abs() < 0.1 && speed.length() < 0.1
    };
    if !*has_landed && balls.iter().any(is_lying) {
        *has_landed = true;
        save.write_batch(worlds.iter().map(|world| SaveVoxelWorld { world }));
    }
    if *has_landed && let Some(saved) = saved.read().last() {
        info!("the ball lies on the wall, and {} chunks are saved", saved.chunks);
        exit.write(AppExit::Success);
    }
}
