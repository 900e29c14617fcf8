//! The Earth at its real size, seen from above Chamonix towards Mont Blanc: a planet, a camera at a latitude and longitude, and flight.
//! W and S fly ahead and back, A and D turn.

use std::sync::Arc;

use bevy::{
    core_pipeline::tonemapping::Tonemapping,
    math::{DQuat, DVec3},
    prelude::*,
};
use bevy_bluemarble::prelude::*;

const START: GeoPosition = GeoPosition::new(46.02, 6.95, 3_600.0);
const HEADING_DEG: f64 = 195.0;
const SPEED_M_S: f64 = 1_500.0;
const TURN_RADIANS_S: f64 = 0.8;

fn main() -> Result {
    let materials = MaterialTable::standard();
    // The data of the Earth are in `assets/earth`; the variable BLUEMARBLE_ASSETS names another folder.
    let sources = EarthSources::shipped(&assets_dir());
    let earth = EarthBaseline::load(&sources, &materials, 1)?;
    let picture = PlanetPicture::load(
        assets_dir().join("earth/bluemarble.jpg"),
        Some(assets_dir().join("earth/places.csv")),
    )?;
    let world = VoxelWorld(HybridWorld::in_memory(Arc::new(earth), materials));
    App::new()
        // A planet is too large for `f32`: a floating origin takes the place of Bevy's TransformPlugin, and entities
        // are placed by a `WorldPosition` in metres from the planet's centre.
        .add_plugins(DefaultPlugins.build().disable::<TransformPlugin>())
        .add_plugins(BluemarblePlugins)
        .add_systems(Startup, move |mut commands: Commands| {
            // From orbit the planet looks like the picture; nearer, voxels are drawn.
            commands.spawn((world.clone(), picture.clone()));
            let lens = Projection::from(PerspectiveProjection { far: 1e9, ..default() });
            let (position, transform) = look(START, heading(START, HEADING_DEG));
            // Voxel shaders map tones already, so the camera must not do it again.
            commands.spawn((
                Camera3d::default(),
                lens,
                Tonemapping::None,
                Viewer::default(),
                position,
                transform,
            ));
        })
        .add_systems(Update, fly)
        .run();
    Ok(())
}

/// The direction at a place that a compass shows at so many degrees.
fn heading(place: GeoPosition, degrees: f64) -> DVec3 {
    let (east, north) = Shape::earth().east_north(Shape::earth().local_from_geo(place));
    let (sin, cos) = degrees.to_radians().sin_cos();
    north * cos + east * sin
}

/// A pose at a place, looking a little down towards `ahead`.
fn look(place: GeoPosition, ahead: DVec3) -> (WorldPosition, Transform) {
    let position = Shape::earth().local_from_geo(place);
    let up = Shape::earth().up(position).as_vec3();
    let ahead = (ahead.as_vec3().reject_from(up).normalize_or(up.any_orthonormal_vector())
        - 0.1 * up)
        .normalize();
    (WorldPosition(position), Transform::default().looking_to(ahead, up))
}

/// Moves the camera around the globe, at the same altitude.
fn fly(
    keys: Res<ButtonInput<KeyCode>>,
    time: Res<Time>,
    mut viewers: Query<(&mut WorldPosition, &mut Transform), With<Viewer>>,
) {
    let held = |key| f64::from(u8::from(keys.pressed(key)));
    let (ahead, aside) =
        (held(KeyCode::KeyW) - held(KeyCode::KeyS), held(KeyCode::KeyA) - held(KeyCode::KeyD));
    if ahead == 0.0 && aside == 0.0 {
        return;
    }
    for (mut position, mut transform) in &mut viewers {
        let shape = Shape::earth();
        let place = shape.geo_from_local(position.0);
        let up = shape.up(position.0);
        let turn = DQuat::from_axis_angle(up, aside * TURN_RADIANS_S * time.delta_secs_f64());
        let heading = turn * transform.forward().as_dvec3().reject_from(up).normalize_or_zero();
        let moved = position.0 + heading * ahead * SPEED_M_S * time.delta_secs_f64();
        let place = GeoPosition { altitude_m: place.altitude_m, ..shape.geo_from_local(moved) };
        (*position, *transform) = look(place, heading);
    }
}
