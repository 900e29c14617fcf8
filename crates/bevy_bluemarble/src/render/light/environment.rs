//! [`WorldEnvironment`]: what shaders are told of each world's light.

use bevy::{
    prelude::*,
    render::{render_resource::ShaderType, storage::ShaderBuffer},
};
use bluemarble_core::{EARTH_RADIUS_M, Shape};
use glam::DVec3;

use super::{
    Airless, LookQuality, PlanetPictureCube, PrimaryWorld, Sky, SunDirection, SunLight,
    moon::moon_direction,
};
use crate::{
    space::{WorldFrame, WorldSpace},
    streaming::Views,
    world::VoxelWorld,
};

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
    turn: Vec4,
}

/// Where sun and moon stand, for all worlds.
#[derive(Clone, Copy)]
struct SkyState {
    /// Unit directions of world space.
    to_sun: DVec3,
    to_moon: DVec3,
    exposure: f32,
    /// How much brighter dusk is drawn than in truth.
    dusk: f32,
    drift_rad: f64,
}

impl SkyState {
    /// What a viewer sees of them from a world: `viewer` is in its own space.
    fn of(
        shape: &Shape,
        frame: &WorldFrame,
        viewer: DVec3,
        sun: &SunLight,
        drift_rad: f64,
    ) -> Self {
        let to_sun = sun.direction(shape, viewer).normalize_or(DVec3::Y);
        let axis = match shape {
            Shape::CubeSphere(_) => DVec3::Y,
            // The sky of a plane turns as it does halfway between equator and pole.
            Shape::Flat(_) => (DVec3::Y + shape.east_north(viewer).1).normalize(),
        };
        let to_moon = moon_direction(to_sun, axis, sun.day());
        Self {
            to_sun: frame.world_direction(to_sun),
            to_moon: frame.world_direction(to_moon),
            exposure: sun.exposure_at(to_sun.dot(shape.up(viewer))),
            dusk: dusk(shape.altitude_m(viewer)),
            drift_rad,
        }
    }
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

/// The light of one world, in a buffer that is rewritten in place when anything changes, so that no material changes
/// when the viewer moves. The plugin keeps it on the world's entity.
#[derive(Component, Clone, Debug)]
pub struct WorldEnvironment {
    /// The buffer, as `shaders/environment.wgsl` reads it.
    pub buffer: Handle<ShaderBuffer>,
    written: Option<Environment>,
}

/// Gives worlds their buffers.
pub(super) fn prepare(
    mut commands: Commands,
    worlds: Query<Entity, (With<VoxelWorld>, Without<WorldEnvironment>)>,
    mut buffers: ResMut<Assets<ShaderBuffer>>,
) {
    for world in &worlds {
        let buffer = buffers.add(ShaderBuffer::from(Environment::default()));
        commands.entity(world).try_insert(WorldEnvironment { buffer, written: None });
    }
}

/// The waves of the sea repeat after this many metres of world space: `WRAP_M` of `shaders/water.wgsl`.
const WAVES_WRAP_M: f64 = 1024.0;
/// How dark the shadows of clouds are, and the shares of the sky's light and of the lights at night.
const CLOUD_SHADOW: f32 = 0.8;
const SKY_SHARE: f32 = 1.5;
const NIGHT_LIGHTS: f32 = 1.0;

impl Environment {
    /// What shaders are told of a world; `viewer` is in its own space, `planet` has its centre in render space and its
    /// radius, both in metres.
    fn new(
        shape: &Shape,
        frame: &WorldFrame,
        viewer: DVec3,
        planet: (Vec3, f64),
        sky_state: &SkyState,
        (sun, sky, quality): (&SunLight, &Sky, LookQuality),
        has_air: bool,
    ) -> Self {
        let (centre_m, radius_m) = planet;
        let SkyState { to_sun, to_moon, exposure, dusk, drift_rad } = *sky_state;
        let lit = (1.0 - to_sun.dot(to_moon)) / 2.0;
        let switch = |on: bool| f32::from(u8::from(on));
        let mut axes = axes(shape, frame, viewer);
        axes[0].w = switch(sky.stars);
        axes[1].w = switch(sky.moon);
        let cover = if has_air { sky.clouds.clamp(0.0, 1.0) } else { 0.0 };
        let turn = frame.rotation.inverse();
        Self {
            sun: to_sun.as_vec3().extend(sun.strength),
            planet: centre_m.extend(radius_m as f32),
            air: Vec4::new(switch(has_air), exposure, 0.0, 0.0),
            fade: Vec4::new(0.0, 1.0, switch(matches!(shape, Shape::Flat(_))), 0.0),
            moon: to_moon.as_vec3().extend(if sky.moon { lit as f32 } else { 0.0 }),
            clouds: Vec4::new(cover, sky.cloud_altitude_m / 1000.0, drift_rad as f32, CLOUD_SHADOW),
            light: Vec4::new(f32::from(quality as u8), SKY_SHARE, sky.wind_m_s, NIGHT_LIGHTS),
            axes,
            anchor: Vec3::ZERO.extend(dusk),
            turn: Vec4::from_array(turn.as_quat().to_array()),
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

/// The direction of lattice +x of each region, in world space. A plane has one; after it comes by how much its clouds are
/// shifted: the sphere that stands for the plane moves with the viewer, clouds do not.
fn axes(shape: &Shape, frame: &WorldFrame, viewer: DVec3) -> [Vec4; 6] {
    let axis = |region: u8| frame.world_direction(shape.x_axis(region)).as_vec3().extend(0.0);
    match shape {
        Shape::CubeSphere(_) => std::array::from_fn(|region| axis(region as u8)),
        Shape::Flat(_) => {
            let shift_km = DVec3::new(viewer.x, 0.0, viewer.z) / 1000.0;
            let rest = Vec4::ZERO;
            [axis(0), shift_km.as_vec3().extend(0.0), rest, rest, rest, rest]
        }
    }
}

/// Writes the environments of this frame that are others than before, and lets time go by for the sun.
pub(in crate::render) fn update_environments(
    mut sun: ResMut<SunLight>,
    (sky, quality, primary): (Res<Sky>, Res<LookQuality>, Res<PrimaryWorld>),
    mut sun_direction: ResMut<SunDirection>,
    (time, clock): (Res<Time>, Res<FadeClock>),
    mut worlds: Query<(
        &VoxelWorld,
        &WorldFrame,
        &PlanetPictureCube,
        &mut WorldEnvironment,
        Has<Airless>,
    )>,
    views: Res<Views>,
    space: WorldSpace,
    mut buffers: ResMut<Assets<ShaderBuffer>>,
    mut drift_rad: Local<f64>,
) {
    let Some(viewer) = views.0.first().map(|view| view.position) else { return };
    let Some(origin) = space.origin() else { return };
    if sun.runs() {
        sun.advance(time.delta_secs_f64());
    }
    let Some((world, frame, ..)) = primary.0.and_then(|world| worlds.get(world).ok()) else {
        return;
    };
    let shape = world.0.shape();
    let local = frame.local_from_world(viewer);
    if sky.cloud_drift_m_s != 0.0 {
        let (_, radius_m) = planet_of(&shape, local);
        let turn = f64::from(sky.cloud_drift_m_s) * time.delta_secs_f64() / radius_m;
        *drift_rad = (*drift_rad + turn).rem_euclid(std::f64::consts::TAU);
    }
    let sky_state = SkyState::of(&shape, frame, local, &sun, *drift_rad);
    sun_direction.set_if_neq(SunDirection(sky_state.to_sun));
    for (world, frame, picture, mut environment, is_airless) in &mut worlds {
        let shape = world.0.shape();
        let local = frame.local_from_world(viewer);
        let (centre, radius_m) = planet_of(&shape, local);
        let centre = (frame.world_from_local(centre) - origin).as_vec3();
        let mut now = Environment::new(
            &shape,
            frame,
            local,
            (centre, radius_m),
            &sky_state,
            (&sun, &sky, *quality),
            sun.air && !is_airless,
        );
        now.air.z = time.elapsed_secs_wrapped();
        let wrapped = origin.map(|metres| metres.rem_euclid(WAVES_WRAP_M));
        now.anchor = wrapped.as_vec3().extend(now.anchor.w);
        now.air.w = f32::from(u8::from(picture.ready));
        (now.fade.x, now.fade.y) = (clock.now_ms as f32, clock.lasts_ms.max(1) as f32);
        let written = environment.written;
        let is_same = !clock.runs && written.is_some_and(|last| last.at_rest() == now.at_rest());
        if !is_same && let Some(mut buffer) = buffers.get_mut(&environment.buffer) {
            buffer.set_data(now);
            environment.bypass_change_detection().written = Some(now);
        }
    }
}

/// The centre in a world's local space and the radius of the planet whose air lies over a viewer, in metres.
fn planet_of(shape: &Shape, viewer: DVec3) -> (DVec3, f64) {
    match shape {
        Shape::CubeSphere(planet) => (DVec3::ZERO, planet.radius_m),
        // Air over a plane is air over a planet too large to show.
        Shape::Flat(_) => (DVec3::new(viewer.x, -EARTH_RADIUS_M, viewer.z), EARTH_RADIUS_M),
    }
}

#[cfg(test)]
mod tests {
    use bluemarble_core::{LatticePos, REGION_EDGE};

    use super::*;

    fn environment(shape: &Shape, viewer: DVec3, sky: &Sky) -> Environment {
        lit_by(&SunLight::default(), shape, &WorldFrame::default(), viewer, sky)
    }

    fn lit_by(
        sun: &SunLight,
        shape: &Shape,
        frame: &WorldFrame,
        viewer: DVec3,
        sky: &Sky,
    ) -> Environment {
        let planet = (Vec3::ZERO, EARTH_RADIUS_M);
        let sky_state = SkyState::of(shape, frame, viewer, sun, 0.0);
        let settings = (sun, sky, LookQuality::Medium);
        Environment::new(shape, frame, viewer, planet, &sky_state, settings, sun.air)
    }

    #[test]
    fn a_world_that_is_turned_is_lit_as_before_from_its_own_point_of_view() {
        let shape = Shape::earth();
        let rotation = glam::DQuat::from_rotation_z(0.7) * glam::DQuat::from_rotation_x(1.1);
        let turned = WorldFrame { position: DVec3::splat(1e8), rotation };
        let (sun, sky, viewer) = (SunLight::default(), Sky::default(), DVec3::X * 7e6);
        let still = lit_by(&sun, &shape, &WorldFrame::default(), viewer, &sky);
        let turned_light = lit_by(&sun, &shape, &turned, viewer, &sky);
        let own = |direction: Vec4| Quat::from_vec4(turned_light.turn) * direction.truncate();
        assert!(own(turned_light.sun).distance(still.sun.truncate()) < 1e-5);
        assert!(own(turned_light.moon).distance(still.moon.truncate()) < 1e-5);
        for (axis, other) in still.axes.iter().zip(turned_light.axes) {
            assert!(own(other).distance(axis.truncate()) < 1e-5);
        }
        assert_eq!(still.turn, Vec4::W);
        assert_eq!(still.air, turned_light.air);
    }

    #[test]
    fn axes_are_those_of_the_lattice_in_the_middle_of_each_face() {
        let shape = Shape::earth();
        let middle = f64::from(REGION_EDGE / 2);
        let environment = environment(&shape, DVec3::X * 7e6, &Sky::default());
        for region in 0..6u8 {
            let at = |x: f64| {
                shape.local_from_lattice(LatticePos::new(region, DVec3::new(x, middle, middle)))
            };
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
        let dark = lit_by(&sun, &shape, &WorldFrame::default(), DVec3::X * 7e6, &sky);
        assert_eq!((dark.clouds.x, dark.moon.w, dark.air.x), (0.0, 0.0, 0.0));
        assert_eq!(environment(&shape, DVec3::X * 7e6, &Sky::default()).clouds.x, 1.0);
    }
}
