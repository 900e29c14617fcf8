//! Rain carves a hill that somebody has built: gullies cut through its layers, and what they lose comes to rest at its foot.
//! Left click heaps soil up, right click digs, space stops the rain and lets it fall again, A and D turn the view.

use std::sync::Arc;

use bevy::{core_pipeline::tonemapping::Tonemapping, prelude::*, tasks::block_on};
use bevy_bluemarble::{
    bluemarble_geology::{
        Area,
        process::{GeologicalProcess, Slides, SoilCreep, Storms},
        run::{Rated, RunOptions},
    },
    bluemarble_landscape::water::RunoffSettings,
    prelude::*,
};

const VOXEL_M: f64 = 0.25;
/// The hill's radius and height in voxels.
const RADIUS: i32 = 80;
const HEIGHT: f64 = 72.0;
/// Layers are so thick, in voxels.
const LAYER: i32 = 9;
/// Half of the width of the area that rain falls on, in voxels.
const HALF: i32 = 112;
const START: Vec3 = Vec3::new(0.0, 0.0, 36.0);

fn main() -> Result {
    let materials = MaterialTable::standard().with_surface(|_| Surface::Smooth);
    let soil = materials.id("soil")?;
    let plain = NoiseBaseline::new(VOXEL_M, 7, &materials)?;
    let ground_m = (plain.surface_y(0, 0.0, 0.0) * VOXEL_M) as f32;
    let hill = hill(&plain, &materials)?;
    let world = HybridWorld::in_memory(Arc::new(plain), materials);
    block_on(world.edit(&hill))?;
    App::new()
        .add_plugins((DefaultPlugins, BluemarblePlugins))
        .add_systems(Startup, move |mut commands: Commands| {
            let world = commands.spawn(VoxelWorld(world.clone())).observe(shape(soil)).id();
            commands.spawn((GeologyRun::new(world, rain()), clock()));
            let eye = Transform::from_translation(START.with_y(ground_m + 24.0));
            let eye = eye.looking_at(Vec3::Y * (ground_m + 6.0), Vec3::Y);
            commands.spawn((Camera3d::default(), Tonemapping::None, Viewer::default(), eye));
        })
        .add_systems(Update, (turn, pause, tell))
        .run();
    Ok(())
}

/// A cone with a round top, in layers of hard and soft ground.
fn hill(plain: &NoiseBaseline, materials: &MaterialTable) -> Result<EditBatch> {
    let layers = ["sandstone", "sediment", "red sandstone", "sediment"];
    let layers = layers.iter().map(|name| materials.id(name)).collect::<Result<Vec<_>, _>>()?;
    let mut batch = EditBatch::new();
    for x in -RADIUS..=RADIUS {
        for z in -RADIUS..=RADIUS {
            let part = f64::from(x * x + z * z).sqrt() / f64::from(RADIUS);
            if part >= 1.0 {
                continue;
            }
            let bottom = plain.surface_y(0, f64::from(x) + 0.5, f64::from(z) + 0.5).floor() as i32;
            // Somewhat uneven, so that water has a way to find.
            let angle = f64::from(z).atan2(f64::from(x));
            let uneven = 0.05 * (5.0 * angle).sin() + 0.04 * (13.0 * angle + 9.0 * part).sin();
            let top = bottom + (HEIGHT * (1.0 - part) * (1.0 - 0.3 * part * part + uneven)) as i32;
            let mut low = bottom;
            while low < top {
                let number = low.div_euclid(LAYER);
                let high = ((number + 1) * LAYER).min(top);
                let material = layers[number.rem_euclid(4) as usize];
                batch.fill_column(
                    VoxelPos::new(0, IVec3::new(x, low, z)),
                    (high - low) as u32,
                    material,
                );
                low = high;
            }
        }
    }
    Ok(batch)
}

/// A heavy shower each year; soil creeps, and what is too steep slides.
fn rain() -> RunOptions {
    let area = Area { region: 0, lod: 0, first: [-HALF; 2], size: [2 * HALF as usize; 2] };
    let runoff = RunoffSettings { capacity_m: 0.08, pick_up: 0.1, ..RunoffSettings::default() };
    let storms = Storms { runoff, rain_m: 0.12, rain_s: 60.0, drain_s: 30.0, per_year: 1.0 };
    let processes: [Box<dyn GeologicalProcess>; 3] =
        [Box::new(storms), Box::new(SoilCreep::default()), Box::new(Slides::default())];
    RunOptions::new(area, processes.map(|process| Rated { process, rate: 1.0 }).into())
}

fn clock() -> GeologyClock {
    GeologyClock { years_per_second: 2.0, step_years: 1.0, share: 0.9, ..default() }
}

/// Heaps soil up where a click goes, or digs.
fn shape(soil: MaterialId) -> impl FnMut(On<Pointer<Click>>, MessageWriter<EditVoxels>) {
    move |mut click, mut edits| {
        click.propagate(false);
        let Some(pick) = click.event.hit.extra_as::<VoxelPick>() else { return };
        let material = match click.event.button {
            PointerButton::Primary => soil,
            _ => MaterialId::AIR,
        };
        let mut batch = EditBatch::new();
        batch.fill_sphere(pick.lattice_pos, 8.0, material);
        edits.write(EditVoxels { world: pick.world, batch });
    }
}

fn turn(
    keys: Res<ButtonInput<KeyCode>>,
    time: Res<Time>,
    mut eye: Single<&mut Transform, With<Viewer>>,
) {
    let held = |key| f32::from(u8::from(keys.pressed(key)));
    let angle = (held(KeyCode::KeyD) - held(KeyCode::KeyA)) * time.delta_secs();
    eye.rotate_around(Vec3::ZERO, Quat::from_rotation_y(angle));
}

fn pause(keys: Res<ButtonInput<KeyCode>>, mut clock: Single<&mut GeologyClock>) {
    if keys.just_pressed(KeyCode::Space) {
        clock.is_paused = !clock.is_paused;
    }
}

fn tell(progress: Single<&GeologyProgress>, mut window: Single<&mut Window>) {
    let GeologyProgress { years, changed_voxels, .. } = **progress;
    window.title = format!("{years:.0} years of rain, {changed_voxels} voxels changed");
}
