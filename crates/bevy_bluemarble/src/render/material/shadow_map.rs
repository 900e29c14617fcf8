//! Shadow maps: near the camera whatever stands in the sun's way throws a shadow.
//!
//! The relief of a node tells which hills shade it, at every distance; of roofs, overhangs and pits it knows
//! nothing. At high quality the engine draws what is near as the sun sees it, and `shaders/light.wgsl` takes the
//! darker of both. The light for this throws no shadows at lower qualities, nor at night.

use bevy::{
    light::{CascadeShadowConfigBuilder, NotShadowCaster},
    prelude::*,
};
use bluemarble_core::{EARTH_RADIUS_M, Shape};
use glam::DVec3;

use super::{ChunkMaterials, VoxelMaterial};
use crate::{
    render::light::{LookQuality, PrimaryWorld, SunLight},
    space::WorldFrame,
    streaming::Views,
    systems::BluemarbleSystems,
    world::VoxelWorld,
};

/// As many maps, each finer than the next.
const MAPS: usize = 4;
/// So far from the camera the finest and the last one reach, in metres.
const FINEST_M: f32 = 15.0;
const RANGE_M: f32 = 400.0;
/// The maps follow the sun in steps of this angle, in radians: while they stand still, borders of shadows do.
const STEP_RAD: f32 = 5e-4;
/// Sine of the sun's depth below the horizon at which there are no shadows any more.
const NIGHT: f64 = 0.02;

/// Marks the light that stands for the sun. It lights nothing: materials of chunks know the sun.
#[derive(Component)]
struct ShadowLight;

pub(super) fn build(app: &mut App) {
    app.add_systems(
        Update,
        (let_chunks_cast.run_if(resource_changed::<LookQuality>), follow_sun)
            .chain()
            .in_set(BluemarbleSystems::Look),
    );
}

/// Chunks throw shadows as long as the quality asks for it; light shines through water and glass.
fn let_chunks_cast(
    mut commands: Commands,
    quality: Res<LookQuality>,
    mut worlds: Query<&mut ChunkMaterials>,
    materials: Res<Assets<VoxelMaterial>>,
    chunks: Query<(Entity, &MeshMaterial3d<VoxelMaterial>)>,
) {
    let casts = quality.has_shadow_maps();
    for mut kinds in &mut worlds {
        // That is nothing to be streamed anew for.
        kinds.bypass_change_detection().set_casting(casts);
    }
    for (entity, material) in &chunks {
        if materials.get(&material.0).is_some_and(VoxelMaterial::is_opaque) {
            let mut chunk = commands.entity(entity);
            if casts {
                chunk.try_remove::<NotShadowCaster>();
            } else {
                chunk.try_insert(NotShadowCaster);
            }
        }
    }
}

/// Keeps the light where the sun is, if there are shadow maps.
fn follow_sun(
    mut commands: Commands,
    sun: Res<SunLight>,
    primary: Res<PrimaryWorld>,
    worlds: Query<(&VoxelWorld, &WorldFrame)>,
    kinds: Query<&ChunkMaterials>,
    views: Res<Views>,
    mut lights: Query<(&mut DirectionalLight, &mut Transform), With<ShadowLight>>,
) {
    let are_wanted = kinds.iter().any(ChunkMaterials::want_shadow_maps);
    let world = primary.0.and_then(|world| worlds.get(world).ok());
    let seen = views.0.first().zip(world).filter(|_| are_wanted);
    let to_sun = seen.and_then(|(view, (world, frame))| {
        let (shape, viewer) = (world.0.shape(), frame.local_from_world(view.position));
        let to_sun = sun.direction(&shape, viewer);
        let shines = is_up(&shape, viewer, to_sun);
        shines.then(|| frame.world_direction(to_sun).as_vec3().normalize_or(Vec3::Y))
    });
    let Some(to_sun) = to_sun else {
        for (mut light, _) in &mut lights {
            if light.shadow_maps_enabled {
                light.shadow_maps_enabled = false;
            }
        }
        return;
    };
    let shining = Transform::from_rotation(Quat::from_rotation_arc(Vec3::Z, to_sun));
    match lights.single_mut() {
        Ok((mut light, mut place)) => {
            if !light.shadow_maps_enabled {
                light.shadow_maps_enabled = true;
            }
            if place.back().distance(to_sun) > STEP_RAD {
                *place = shining;
            }
        }
        Err(_) => {
            let maps = CascadeShadowConfigBuilder {
                num_cascades: MAPS,
                first_cascade_far_bound: FINEST_M,
                maximum_distance: RANGE_M,
                ..default()
            };
            let light =
                DirectionalLight { illuminance: 0.0, shadow_maps_enabled: true, ..default() };
            commands.spawn((ShadowLight, Name::new("Shadows"), light, maps.build(), shining));
        }
    }
}

/// Whether the sun shines on a viewer, to whom the horizon lies the lower the higher they are.
fn is_up(shape: &Shape, viewer: DVec3, to_sun: DVec3) -> bool {
    let radius_m = match shape {
        Shape::CubeSphere(planet) => planet.radius_m,
        Shape::Flat(_) => EARTH_RADIUS_M,
    };
    let dip = (2.0 * shape.altitude_m(viewer).max(0.0) / radius_m).sqrt();
    to_sun.dot(shape.up(viewer)) > -dip - NIGHT
}

#[cfg(test)]
mod tests {
    use bluemarble_core::GeoPosition;

    use super::*;

    #[test]
    fn the_sun_sets_later_for_those_who_are_higher() {
        let shape = Shape::earth();
        let at = |altitude_m: f64| shape.local_from_geo(GeoPosition::new(30.0, 10.0, altitude_m));
        let (up, east) = (shape.up(at(0.0)), shape.east_north(at(0.0)).0);
        let towards = |height_rad: f64| up * height_rad.sin() + east * height_rad.cos();
        for (altitude_m, lowest_rad) in [(0.0, 0.0), (9e3, -0.053), (400e3, -0.34)] {
            assert!(is_up(&shape, at(altitude_m), towards(lowest_rad)));
            assert!(!is_up(&shape, at(altitude_m), towards(lowest_rad - 0.06)));
        }
    }
}
