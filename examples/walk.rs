//! Walking over voxels with the physics engine avian: WASD, mouse, space to jump, left click to dig.

use std::sync::Arc;

use bevy::{
    core_pipeline::{prepass::DepthPrepass, tonemapping::Tonemapping},
    input::mouse::AccumulatedMouseMotion,
    prelude::*,
};
use bevy_bluemarble::{avian3d::prelude::PhysicsPlugins, prelude::*};

const WALK_M_S: f64 = 5.0;
const EYES_M: f64 = 0.75;
const RADIANS_PER_PIXEL: f32 = 0.003;

fn main() -> Result {
    let materials = MaterialTable::standard().with_surface(|_| Surface::Smooth);
    let hills = NoiseBaseline::new(0.5, 7, &materials)?;
    let start = WorldPosition::new(0.0, hills.surface_y(0, 0.0, 0.0) * 0.5 + 2.0, 0.0);
    let world = VoxelWorld(HybridWorld::in_memory(Arc::new(hills), materials));
    App::new()
        // A floating origin, as on a planet: without this line positions would be plain `Transform`s.
        .add_plugins(DefaultPlugins.build().disable::<TransformPlugin>())
        .add_plugins((BluemarblePlugins, PhysicsPlugins::default()))
        .add_systems(Startup, move |mut commands: Commands| {
            commands.spawn(world.clone());
            commands.spawn((Walker::default(), CollidesWithVoxels::default(), start));
            let lens = Projection::from(PerspectiveProjection { near: 0.05, ..default() });
            let eyes = (Camera3d::default(), lens, Tonemapping::None, DepthPrepass);
            commands.spawn((eyes, Viewer::default(), start));
        })
        .add_systems(Update, (look, walk, dig).chain())
        .run();
    Ok(())
}

fn look(
    motion: Res<AccumulatedMouseMotion>,
    walkers: Query<&WorldPosition, (With<Walker>, Without<Viewer>)>,
    mut eyes: Query<(&mut WorldPosition, &mut Transform), With<Viewer>>,
) {
    let (Ok(walker), Ok((mut place, mut transform))) = (walkers.single(), eyes.single_mut()) else {
        return;
    };
    let (mut yaw, mut pitch, _) = transform.rotation.to_euler(EulerRot::YXZ);
    yaw -= motion.delta.x * RADIANS_PER_PIXEL;
    pitch = (pitch - motion.delta.y * RADIANS_PER_PIXEL).clamp(-1.5, 1.5);
    transform.rotation = Quat::from_euler(EulerRot::YXZ, yaw, pitch, 0.0);
    place.set_if_neq(WorldPosition::new(walker.0.x, walker.0.y + EYES_M, walker.0.z));
}

fn walk(
    keys: Res<ButtonInput<KeyCode>>,
    eyes: Query<&Transform, With<Viewer>>,
    mut walkers: Query<&mut Walker>,
) {
    let (Ok(eyes), Ok(mut walker)) = (eyes.single(), walkers.single_mut()) else { return };
    let held = |key| f32::from(u8::from(keys.pressed(key)));
    let ahead = held(KeyCode::KeyW) - held(KeyCode::KeyS);
    let aside = held(KeyCode::KeyD) - held(KeyCode::KeyA);
    let wanted = eyes.forward() * ahead + eyes.right() * aside;
    let level = Vec3::new(wanted.x, 0.0, wanted.z).normalize_or_zero();
    walker.velocity_m_s = level.as_dvec3() * WALK_M_S;
    walker.jumps |= keys.just_pressed(KeyCode::Space);
}

fn dig(
    buttons: Res<ButtonInput<MouseButton>>,
    eyes: Single<&GlobalTransform, With<Viewer>>,
    picker: WorldPicker,
    mut edits: MessageWriter<EditVoxels>,
) {
    if buttons.just_pressed(MouseButton::Left)
        && let Some(pick) = picker.pick_from(&eyes)
    {
        let mut batch = EditBatch::new();
        batch.fill_sphere(pick.lattice_pos, 3.0, MaterialId::AIR);
        edits.write(EditVoxels { world: pick.world, batch });
    }
}
