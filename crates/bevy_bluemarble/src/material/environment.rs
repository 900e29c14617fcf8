//! What voxels and sky are lit by.

use bevy::{
    prelude::*,
    render::{render_resource::ShaderType, storage::ShaderBuffer},
};
use bluemarble_core::{Shape, shape::EARTH_RADIUS_M};
use glam::DVec3;

use super::sun::SunLight;
use crate::{
    sky::{Sky, moon_direction},
    space::{VoxelWorld, WorldPosition, WorldSpace},
    viewer::Viewer,
};

/// How much work shaders put into a pixel, from software rendering to high.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LookQuality {
    /// For machines that draw without a graphics card: air in few steps, clouds as coarse as their map, a
    /// smooth sea.
    Low,
    /// For most graphics cards: clouds and their shading in fine detail, waves.
    #[default]
    Medium,
    /// For fast graphics cards: air in many steps, the finest clouds, and shadows of these on each other. Up to
    /// 400 m from the camera whatever stands in the sun's way throws a shadow, roofs, overhangs and rims of
    /// pits too; below this quality only the ground's own hills do. For that the plugin keeps a
    /// [`DirectionalLight`] without brightness: meshes of a game throw shadows on voxels, and are not lit by it.
    High,
}

impl LookQuality {
    /// Whether there are shadow maps.
    pub(super) fn has_shadow_maps(self) -> bool {
        self == Self::High
    }
}

/// Whether the picture of the planet can be drawn; the plugin keeps it.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlanetPictureState(pub bool);

/// What all voxels are lit by, as the shaders read it: see `shaders/environment.wgsl`.
#[derive(Clone, Copy, Debug, Default, PartialEq, ShaderType)]
pub struct Environment {
    sun: Vec4,
    planet: Vec4,
    air: Vec4,
    fade: Vec4,
    moon: Vec4,
    clouds: Vec4,
    light: Vec4,
    axes: [Vec4; 6],
    anchor: Vec4,
}

/// The clock by which nodes give way to each other: see `shaders/vertex.wgsl`.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct FadeClock {
    /// What it shows, in milliseconds.
    pub now_ms: u32,
    /// How long a fade lasts, in milliseconds.
    pub lasts_ms: u32,
    /// Whether anything fades now.
    pub runs: bool,
}

/// The buffer of the environment, shared by voxels and sky and rewritten in place when anything changes, so
/// that no material changes when the viewer moves.
#[derive(Resource, Clone, Debug)]
pub struct EnvironmentBuffer(pub Handle<ShaderBuffer>);

impl FromWorld for EnvironmentBuffer {
    fn from_world(world: &mut World) -> Self {
        let buffer = ShaderBuffer::from(Environment::default());
        Self(world.resource_mut::<Assets<ShaderBuffer>>().add(buffer))
    }
}

/// After so many metres of world space the waves of the sea repeat: `WRAP_M` of `shaders/water.wgsl`.
const WAVES_WRAP_M: f64 = 1024.0;
/// How dark the shadows of clouds are, and the shares of the sky's light and of the lights at night.
const CLOUD_SHADOW: f32 = 0.8;
const SKY_SHARE: f32 = 1.5;
const NIGHT_LIGHTS: f32 = 1.0;

impl Environment {
    /// What shaders are told; `planet` has its centre in render space and its radius, both in metres.
    fn new(
        shape: &Shape,
        viewer: DVec3,
        planet: (Vec3, f64),
        sun: &SunLight,
        sky: &Sky,
        quality: LookQuality,
        drift_rad: f64,
    ) -> Self {
        let (centre_m, radius_m) = planet;
        let to_sun = sun.direction(shape, viewer).normalize_or(DVec3::Y);
        let axis = match shape {
            Shape::CubeSphere(_) => DVec3::Y,
            // The sky of a plane turns as it does halfway between equator and pole.
            Shape::Flat(_) => (DVec3::Y + shape.east_north(viewer).1).normalize(),
        };
        let to_moon = moon_direction(to_sun, axis, sun.day());
        let lit = (1.0 - to_sun.dot(to_moon)) / 2.0;
        let exposure = sun.exposure_at(to_sun.dot(shape.up(viewer)));
        let switch = |on: bool| f32::from(u8::from(on));
        let mut axes = axes(shape, viewer);
        axes[0].w = switch(sky.stars);
        axes[1].w = switch(sky.moon);
        let cover = if sun.air { sky.clouds.clamp(0.0, 1.0) } else { 0.0 };
        Self {
            sun: to_sun.as_vec3().extend(sun.strength),
            planet: centre_m.extend(radius_m as f32),
            air: Vec4::new(switch(sun.air), exposure, 0.0, 0.0),
            fade: Vec4::new(0.0, 1.0, switch(matches!(shape, Shape::Flat(_))), 0.0),
            moon: to_moon.as_vec3().extend(if sky.moon { lit as f32 } else { 0.0 }),
            clouds: Vec4::new(cover, sky.cloud_altitude_m / 1000.0, drift_rad as f32, CLOUD_SHADOW),
            light: Vec4::new(f32::from(quality as u8), SKY_SHARE, sky.wind_m_s, NIGHT_LIGHTS),
            axes,
            anchor: Vec3::ZERO.extend(dusk(shape.altitude_m(viewer))),
        }
    }

    /// Without what changes at a standstill: the seconds of waves, and the clock of fades.
    fn at_rest(mut self) -> Self {
        self.air.z = 0.0;
        (self.fade.x, self.fade.y) = (0.0, 0.0);
        self
    }
}

/// How much brighter dusk is drawn for a viewer at an altitude, to whose eyes it is dusk, too: in space it is day.
fn dusk(altitude_m: f64) -> f32 {
    3.0 * (-(altitude_m.max(0.0) / 60e3)).exp() as f32
}

/// The direction of lattice +x of each region. A plane has one; after it comes by how much its clouds are shifted:
/// the sphere that stands for the plane moves with the viewer, clouds do not.
fn axes(shape: &Shape, viewer: DVec3) -> [Vec4; 6] {
    let axis = |region: u8| shape.x_axis(region).as_vec3().extend(0.0);
    match shape {
        Shape::CubeSphere(_) => std::array::from_fn(|region| axis(region as u8)),
        Shape::Flat(_) => {
            let shift_km = DVec3::new(viewer.x, 0.0, viewer.z) / 1000.0;
            let rest = Vec4::ZERO;
            [axis(0), shift_km.as_vec3().extend(0.0), rest, rest, rest, rest]
        }
    }
}

/// How far clouds have drifted, and what was written last.
#[derive(Default)]
pub struct EnvironmentMemory {
    drift_rad: f64,
    written: Option<Environment>,
}

/// Writes the environment of this frame, if it is another one than before.
pub fn update_environment(
    mut sun: ResMut<SunLight>,
    sky: Res<Sky>,
    quality: Res<LookQuality>,
    picture: Res<PlanetPictureState>,
    time: Res<Time>,
    world: Res<VoxelWorld>,
    environment: Res<EnvironmentBuffer>,
    clock: Res<FadeClock>,
    viewers: Query<&WorldPosition, With<Viewer>>,
    space: WorldSpace,
    mut buffers: ResMut<Assets<ShaderBuffer>>,
    mut memory: Local<EnvironmentMemory>,
) {
    let Some(viewer) = viewers.iter().next() else { return };
    let shape = world.0.shape();
    let (centre, radius_m) = match shape {
        Shape::CubeSphere(planet) => (DVec3::ZERO, planet.radius_m),
        // Air over a plane is air over a planet too large to show.
        Shape::Flat(_) => (DVec3::new(viewer.0.x, -EARTH_RADIUS_M, viewer.0.z), EARTH_RADIUS_M),
    };
    if sun.runs() {
        sun.advance(time.delta_secs_f64());
    }
    if sky.cloud_drift_m_s != 0.0 {
        let turn = f64::from(sky.cloud_drift_m_s) * time.delta_secs_f64() / radius_m;
        memory.drift_rad = (memory.drift_rad + turn).rem_euclid(std::f64::consts::TAU);
    }
    let Some(centre) = space.render_from_world(centre) else { return };
    let planet = (centre, radius_m);
    let mut now =
        Environment::new(&shape, viewer.0, planet, &sun, &sky, *quality, memory.drift_rad);
    now.air.z = time.elapsed_secs_wrapped();
    if let Some(origin) = space.world_from_render(Vec3::ZERO) {
        let wrapped = origin.map(|metres| metres.rem_euclid(WAVES_WRAP_M));
        now.anchor = wrapped.as_vec3().extend(now.anchor.w);
    }
    now.air.w = f32::from(u8::from(picture.0));
    (now.fade.x, now.fade.y) = (clock.now_ms as f32, clock.lasts_ms.max(1) as f32);
    let is_same =
        !clock.runs && memory.written.is_some_and(|before| before.at_rest() == now.at_rest());
    if !is_same && let Some(mut buffer) = buffers.get_mut(&environment.0) {
        buffer.set_data(now);
        memory.written = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use bluemarble_core::key::REGION_EDGE;

    use super::*;

    fn environment(shape: &Shape, viewer: DVec3, sky: &Sky) -> Environment {
        let planet = (Vec3::ZERO, EARTH_RADIUS_M);
        Environment::new(shape, viewer, planet, &SunLight::default(), sky, LookQuality::Medium, 0.0)
    }

    #[test]
    fn axes_are_those_of_the_lattice_in_the_middle_of_each_face() {
        let shape = Shape::earth();
        let middle = f64::from(REGION_EDGE / 2);
        let environment = environment(&shape, DVec3::X * 7e6, &Sky::default());
        for region in 0..6u8 {
            let at = |x: f64| shape.to_world(region, DVec3::new(x, middle, middle));
            let way = (at(middle + 8.0) - at(middle)).normalize();
            let axis = environment.axes[usize::from(region)].truncate().as_dvec3();
            assert!(way.dot(axis) > 1.0 - 1e-6, "region {region}: {way} {axis}");
        }
    }

    #[test]
    fn nothing_but_waves_and_clock_changes_at_a_standstill() {
        let shape = Shape::earth();
        let sky = Sky::default();
        let one = environment(&shape, DVec3::X * 7e6, &sky);
        let mut other = environment(&shape, DVec3::X * 7e6, &sky);
        (other.air.z, other.fade.x) = (5.0, 16.0);
        assert_eq!(one.at_rest(), other.at_rest());
        assert_ne!(one, other);
        let moved = environment(&shape, DVec3::Y * 7e6, &sky);
        assert_ne!(one.at_rest(), moved.at_rest());
    }

    #[test]
    fn without_air_there_are_no_clouds_and_without_a_moon_no_moonlight() {
        let shape = Shape::earth();
        let sky = Sky { moon: false, ..default() };
        let sun = SunLight { air: false, ..default() };
        let planet = (Vec3::ZERO, EARTH_RADIUS_M);
        let dark =
            Environment::new(&shape, DVec3::X * 7e6, planet, &sun, &sky, LookQuality::Low, 0.0);
        assert_eq!((dark.clouds.x, dark.moon.w, dark.air.x), (0.0, 0.0, 0.0));
        assert_eq!(environment(&shape, DVec3::X * 7e6, &Sky::default()).clouds.x, 1.0);
    }
}
