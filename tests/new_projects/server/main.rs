//! A dedicated server: it builds a brick wall, saves it to the directory that is named, and ends.

use std::sync::Arc;

use bevy::{app::ScheduleRunnerPlugin, prelude::*};
use bevy_bluemarble::prelude::*;

fn main() -> Result {
    let dir = std::env::args().nth(1).unwrap_or("world".to_owned());
    let materials = MaterialTable::standard();
    let brick = materials.id("brick")?;
    let hills = NoiseBaseline::new(0.5, 7, &materials)?;
    let world = HybridWorld::open(&dir, Arc::new(hills), materials)?;
    App::new()
        .add_plugins((MinimalPlugins.set(ScheduleRunnerPlugin::default()), BluemarbleServerPlugins))
        .add_systems(
            Startup,
            move |mut commands: Commands, mut edits: MessageWriter<EditVoxels>| {
                let entity = commands.spawn(VoxelWorld(world.clone())).id();
                let wall = LatticeBox::new(IVec3::new(0, 500, 0), IVec3::new(100, 520, 2));
                let mut batch = EditBatch::new();
                batch.fill_box(VoxelBox::new(0, wall), brick);
                edits.write(EditVoxels { world: entity, batch });
            },
        )
        .add_systems(Update, save)
        .run();
    Ok(())
}

/// Saves what was edited, and ends the server when it is saved.
fn save(
    mut applied: MessageReader<EditApplied>,
    mut save: MessageWriter<SaveVoxelWorld>,
    mut saved: MessageReader<VoxelWorldSaved>,
    mut exit: MessageWriter<AppExit>,
) {
    for edit in applied.read() {
        save.write(SaveVoxelWorld { world: edit.world });
    }
    for saved in saved.read().filter(|saved| saved.chunks > 0) {
        info!("{} chunks of {} are saved", saved.chunks, saved.world);
        exit.write(AppExit::Success);
    }
}
