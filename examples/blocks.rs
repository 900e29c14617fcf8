//! A game of blocks: left click breaks one, right click puts one, Ctrl+Z takes it back, A and D turn the view. The title bar
//! tells how far the world is loaded, what is under the cursor and whether everything is saved. The ball rests on the ground:
//! dig below it, and it falls. The world is kept in the directory `blocks_world`.

use std::sync::Arc;

use bevy::{core_pipeline::tonemapping::Tonemapping, math::DVec3, prelude::*};
use bevy_bluemarble::prelude::*;

/// How far around the middle the world must be there before the game begins.
const LOADED_M: f64 = 30.0;
const START: Vec3 = Vec3::new(0.0, 0.0, 18.0);
const RADIUS_M: f32 = 0.5;

/// What a right click puts.
#[derive(Resource)]
struct Block(MaterialId);

/// It falls until there is ground below it.
#[derive(Component)]
struct Ball;

fn main() -> Result {
    let materials = MaterialTable::standard();
    let block = Block(materials.id("brick")?);
    let hills = NoiseBaseline::new(0.5, 7, &materials)?;
    let ground_m = (hills.surface_y(0, 0.0, 0.0) * 0.5) as f32;
    let world = HybridWorld::open("blocks_world", Arc::new(hills), materials)?;
    App::new()
        .add_plugins((DefaultPlugins, BluemarblePlugins))
        .insert_resource(block)
        .add_systems(
            Startup,
            move |mut commands: Commands,
                  mut meshes: ResMut<Assets<Mesh>>,
                  mut materials: ResMut<Assets<StandardMaterial>>| {
                // A second after an edit its chunks are written into the world's Zarr arrays.
                let world = (VoxelWorld(world.clone()), KeepHistory::default(), SaveDelay::PROMPT);
                // Whatever is clicked of the world is one of its children, from which the event rises to it.
                commands.spawn(world).observe(build);
                let eye = START.with_y(ground_m + 7.0);
                let eye = Transform::from_translation(eye).looking_at(Vec3::Y * ground_m, Vec3::Y);
                commands.spawn((Camera3d::default(), Tonemapping::None, Viewer::default(), eye));
                let red = materials.add(StandardMaterial::from_color(Color::srgb(0.7, 0.1, 0.1)));
                let ball = (Ball, Mesh3d(meshes.add(Sphere::new(RADIUS_M))), MeshMaterial3d(red));
                commands.spawn((ball, Transform::from_xyz(0.0, ground_m + 6.0, 0.0)));
                let light = DirectionalLight { illuminance: 2_000.0, ..default() };
                commands.spawn((light, Transform::default()));
            },
        )
        .add_systems(Update, (turn, undo, fall, tell))
        .run();
    Ok(())
}

/// Breaks the block that was clicked, or puts one onto the side that was clicked.
fn build(mut click: On<Pointer<Click>>, block: Res<Block>, mut edits: MessageWriter<EditVoxels>) {
    click.propagate(false);
    let Some(pick) = click.event.hit.extra_as::<VoxelPick>() else { return };
    let mut batch = EditBatch::new();
    match click.event.button {
        PointerButton::Primary => batch.set(pick.pos, MaterialId::AIR),
        PointerButton::Secondary => {
            let Some(free) = pick.adjacent else { return };
            batch.set(free, block.0)
        }
        PointerButton::Middle => return,
    };
    edits.write(EditVoxels { world: pick.world, batch });
}

fn undo(
    keys: Res<ButtonInput<KeyCode>>,
    world: Single<Entity, With<VoxelWorld>>,
    mut undo: MessageWriter<UndoEdit>,
) {
    if keys.pressed(KeyCode::ControlLeft) && keys.just_pressed(KeyCode::KeyZ) {
        undo.write(UndoEdit { world: *world });
    }
}

/// Turns the view around the ball.
fn turn(
    keys: Res<ButtonInput<KeyCode>>,
    time: Res<Time>,
    mut eye: Single<&mut Transform, With<Viewer>>,
) {
    let held = |key| f32::from(u8::from(keys.pressed(key)));
    let angle = (held(KeyCode::KeyD) - held(KeyCode::KeyA)) * time.delta_secs();
    eye.rotate_around(Vec3::ZERO, Quat::from_rotation_y(angle));
}

/// Lets the ball fall while there is air below it, and the light come from where the sun stands.
fn fall(
    world: Single<Entity, With<VoxelWorld>>,
    voxels: VoxelReader,
    sun: Res<SunDirection>,
    time: Res<Time>,
    mut ball: Single<&mut Transform, With<Ball>>,
    mut light: Single<&mut Transform, (With<DirectionalLight>, Without<Ball>)>,
) {
    let step = DVec3::NEG_Y * 6.0 * time.delta_secs_f64();
    let below = ball.translation.as_dvec3() + DVec3::NEG_Y * f64::from(RADIUS_M) + step;
    // `None` while it is not known yet: the ball waits.
    let material = voxels.voxel_at(*world, below).and_then(|pos| voxels.material(*world, pos));
    if material == Some(MaterialId::AIR) {
        ball.translation += step.as_vec3();
    }
    light.look_to(-sun.0.as_vec3(), Vec3::Y);
}

/// Says in the title bar what a game would show on the screen.
fn tell(
    world: Single<(&VoxelWorld, &WorldUpkeep)>,
    progress: StreamingProgress,
    picker: WorldPicker,
    eye: Single<(&Camera, &GlobalTransform)>,
    mut window: Single<&mut Window>,
    mut is_loaded: Local<bool>,
) {
    let ((world, upkeep), (camera, transform)) = (*world, *eye);
    let loaded = progress.around(DVec3::ZERO, LOADED_M);
    *is_loaded |= loaded.is_ready();
    if !*is_loaded {
        window.title = format!("loading, {:.0} %", 100.0 * loaded.share());
        return;
    }
    let cursor = window.cursor_position();
    let pick = cursor.and_then(|at| picker.pick_in_viewport(camera, transform, at));
    let name = pick.map_or("", |pick| world.0.materials().name(pick.material));
    let state = if upkeep.pending() > 0 { "saving" } else { "saved" };
    window.title = format!("{name} · {state}");
}
