//! Two worlds at once: hills, and a ship above them that flies and turns. Click to dig into either.

use std::sync::Arc;

use bevy::{core_pipeline::tonemapping::Tonemapping, prelude::*};
use bevy_bluemarble::prelude::*;

/// Marks the ship.
#[derive(Component)]
struct Ship;

fn main() -> Result {
    let materials = MaterialTable::standard();
    let hills = NoiseBaseline::new(0.5, 7, &materials)?;
    let space = Superflat::new(0.5, Vec::new())?;
    let planks = build_ship(materials.id("planks")?, materials.id("glass")?);
    let hills = VoxelWorld(HybridWorld::in_memory(Arc::new(hills), materials.clone()));
    let ship = VoxelWorld(HybridWorld::in_memory(Arc::new(space), materials));
    App::new()
        .add_plugins((DefaultPlugins, BluemarblePlugins))
        .add_systems(
            Startup,
            move |mut commands: Commands, mut edits: MessageWriter<EditVoxels>| {
                commands.spawn(hills.clone());
                let world = commands.spawn((Ship, ship.clone(), Airless)).id();
                edits.write(EditVoxels { world, batch: planks.clone() });
                let eye = Transform::from_xyz(0.0, 95.0, 60.0);
                let eye = eye.looking_at(Vec3::new(0.0, 72.0, 0.0), Vec3::Y);
                commands.spawn((Camera3d::default(), Tonemapping::None, Viewer::default(), eye));
            },
        )
        .add_systems(Update, (fly, dig))
        .run();
    Ok(())
}

/// A hull with a deck, a cabin of glass and a mast.
fn build_ship(hull: MaterialId, glass: MaterialId) -> EditBatch {
    let mut batch = EditBatch::new();
    let beam_at = |z: i32| (9.0 * (1.0 - (z as f32 / 30.0).powi(2))) as i32;
    for z in -30..30 {
        let beam = beam_at(z);
        for y in -beam..0 {
            let half = beam + y / 2;
            batch.fill_box(
                VoxelBox::new(
                    0,
                    LatticeBox::new(IVec3::new(-half, y, z), IVec3::new(half, y + 1, z + 1)),
                ),
                hull,
            );
        }
    }
    let cabin = LatticeBox::new(IVec3::new(-4, 0, 10), IVec3::new(4, 6, 18));
    let mast = LatticeBox::new(IVec3::new(-1, 0, -7), IVec3::new(1, 26, -5));
    let yard = LatticeBox::new(IVec3::new(-10, 18, -7), IVec3::new(10, 20, -5));
    batch
        .fill_box(VoxelBox::new(0, cabin), glass)
        .fill_box(VoxelBox::new(0, mast), hull)
        .fill_box(VoxelBox::new(0, yard), hull);
    batch
}

fn fly(time: Res<Time>, mut ships: Query<&mut Transform, With<Ship>>) {
    for mut ship in &mut ships {
        let angle = time.elapsed_secs() * 0.2;
        ship.translation = Vec3::new(20.0 * angle.sin(), 75.0, 20.0 * angle.cos() - 20.0);
        let heading = Quat::from_rotation_y(angle + std::f32::consts::FRAC_PI_2);
        ship.rotation = heading * Quat::from_rotation_z(-0.25);
    }
}

fn dig(
    buttons: Res<ButtonInput<MouseButton>>,
    eye: Single<&GlobalTransform, With<Viewer>>,
    picker: WorldPicker,
    mut edits: MessageWriter<EditVoxels>,
) {
    if buttons.just_pressed(MouseButton::Left)
        && let Some(pick) = picker.pick_from(&eye)
    {
        let mut batch = EditBatch::new();
        batch.fill_sphere(pick.lattice_pos, 3.0, MaterialId::AIR);
        edits.write(EditVoxels { world: pick.world, batch });
    }
}
