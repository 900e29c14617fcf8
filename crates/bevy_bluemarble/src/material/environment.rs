//! What voxels and sky are lit by.

use bevy::{
    prelude::*,
    render::{render_resource::ShaderType, storage::ShaderBuffer},
};
use bluemarble_core::{GeoPosition, Shape};
use glam::DVec3;

use crate::{
    space::{VoxelWorld, WorldPosition, WorldSpace},
    viewer::Viewer,
};

/// How the sun moves.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum SunCourse {
    /// It follows the viewer, so that it is always a sunny morning below.
    #[default]
    Morning,
    /// It stands in this direction of world space, a unit vector.
    Fixed(DVec3),
    /// It rises in the east and sets in the west: on a planet at another time at each longitude, on a
    /// plane everywhere at once.
    Day {
        /// Hours since midnight, at longitude 0 or on the whole plane.
        hours: f64,
        /// How many of these hours go by in a second; 24 in a day of a second.
        hours_per_s: f64,
    },
}

/// Where the sun stands and how the picture is exposed.
#[derive(Resource, Clone, Debug)]
pub struct Sun {
    /// How it moves.
    pub course: SunCourse,
    /// Its strength.
    pub strength: f32,
    /// How bright the picture is.
    pub exposure: f32,
    /// Whether there is air: haze over distance, and a sky if [`SkyPlugin`](crate::sky::SkyPlugin) is
    /// there.
    pub air: bool,
}

impl Default for Sun {
    fn default() -> Self {
        Self { course: SunCourse::Morning, strength: 20.0, exposure: 0.22, air: true }
    }
}

/// What all voxels are lit by, as the shaders read it: see `shaders/atmosphere.wgsl`.
#[derive(Clone, Copy, Debug, Default, ShaderType)]
pub struct Environment {
    sun: Vec4,
    planet: Vec4,
    air: Vec4,
    fade: Vec4,
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

/// The buffer of the environment, shared by voxels and sky and rewritten each frame in place, so that
/// no material changes when the viewer moves.
#[derive(Resource, Clone, Debug)]
pub struct EnvironmentBuffer(pub Handle<ShaderBuffer>);

impl FromWorld for EnvironmentBuffer {
    fn from_world(world: &mut World) -> Self {
        let buffer = ShaderBuffer::from(Environment::default());
        Self(world.resource_mut::<Assets<ShaderBuffer>>().add(buffer))
    }
}

/// How far north of the equator the sun stands: a northern summer in the south is dull.
const DECLINATION_RAD: f64 = 0.15;
/// On a plane the sun passes so far south of overhead.
const PLANE_NOON_TILT_RAD: f64 = 0.5;

impl SunCourse {
    /// Lets time go by.
    fn advance(&mut self, elapsed_s: f64) {
        if let Self::Day { hours, hours_per_s } = self
            && *hours_per_s != 0.0
        {
            *hours = (*hours + *hours_per_s * elapsed_s).rem_euclid(24.0);
        }
    }

    /// Unit direction towards the sun for a viewer.
    fn direction(&self, shape: &Shape, viewer: DVec3) -> DVec3 {
        match *self {
            Self::Morning => {
                let up = shape.up(viewer);
                let (east, north) = shape.east_north(viewer);
                let (high, low) = MORNING_ELEVATION_RAD.sin_cos();
                up * high + (east * 0.75 - north * 0.66).normalize() * low
            }
            Self::Fixed(direction) => direction,
            Self::Day { hours, .. } => {
                let angle = (hours - 12.0) / 12.0 * std::f64::consts::PI;
                match shape {
                    Shape::CubeSphere(_) => {
                        let overhead = GeoPosition::new(0.0, -angle.to_degrees(), 0.0);
                        let equator = shape.world_of(overhead).normalize();
                        let (_, north) = shape.east_north(equator);
                        equator * DECLINATION_RAD.cos() + north * DECLINATION_RAD.sin()
                    }
                    Shape::Flat(_) => {
                        let (east, north) = shape.east_north(viewer);
                        let noon = DVec3::Y * PLANE_NOON_TILT_RAD.cos()
                            - north * PLANE_NOON_TILT_RAD.sin();
                        noon * angle.cos() - east * angle.sin()
                    }
                }
            }
        }
    }
}

/// How high the sun stands over a viewer it follows, and how far in the east, in radians.
const MORNING_ELEVATION_RAD: f64 = 0.75;

/// Writes the environment of this frame.
pub fn update_environment(
    mut sun: ResMut<Sun>,
    time: Res<Time>,
    world: Res<VoxelWorld>,
    environment: Res<EnvironmentBuffer>,
    clock: Res<FadeClock>,
    viewers: Query<&WorldPosition, With<Viewer>>,
    space: WorldSpace,
    mut buffers: ResMut<Assets<ShaderBuffer>>,
    mut written: Local<Option<Environment>>,
) {
    let Some(viewer) = viewers.iter().next() else { return };
    let shape = world.0.shape();
    let (centre, radius_m) = match shape {
        Shape::CubeSphere(planet) => (DVec3::ZERO, planet.radius_m),
        // Air over a plane is air over a planet too large to show.
        Shape::Flat(_) => {
            let radius_m = bluemarble_core::shape::EARTH_RADIUS_M;
            (DVec3::new(viewer.0.x, -radius_m, viewer.0.z), radius_m)
        }
    };
    if matches!(sun.course, SunCourse::Day { .. }) {
        sun.course.advance(time.delta_secs_f64());
    }
    let direction = sun.course.direction(&shape, viewer.0);
    let Some(centre) = space.render_from_world(centre) else { return };
    let now = Environment {
        sun: direction.normalize_or(DVec3::Y).as_vec3().extend(sun.strength),
        planet: centre.extend(radius_m as f32),
        air: Vec4::new(
            f32::from(u8::from(sun.air)),
            sun.exposure,
            time.elapsed_secs_wrapped(),
            0.0,
        ),
        fade: Vec4::new(clock.now_ms as f32, clock.lasts_ms.max(1) as f32, 0.0, 0.0),
    };
    let same = !clock.runs
        && written.is_some_and(|before| {
            before.sun == now.sun && before.planet == now.planet && before.air.xy() == now.air.xy()
        });
    if !same && let Some(mut buffer) = buffers.get_mut(&environment.0) {
        buffer.set_data(now);
        *written = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sun_is_overhead_at_noon_in_the_east_before_and_below_the_ground_at_night() {
        let shape = Shape::earth();
        let sine = |lon_deg: f64, hours: f64| {
            let viewer = shape.world_of(GeoPosition::new(0.0, lon_deg, 2.0));
            let sun = SunCourse::Day { hours, hours_per_s: 0.0 }.direction(&shape, viewer);
            (sun.dot(shape.up(viewer)), sun.dot(shape.east_north(viewer).0))
        };
        assert!(sine(0.0, 12.0).0 > 0.98);
        assert!(sine(0.0, 0.0).0 < -0.9);
        let (up, east) = sine(0.0, 7.0);
        assert!(up > 0.2 && east > 0.9);
        // Where it is noon six hours later, the sun rises.
        assert!(sine(-90.0, 12.0).0.abs() < 0.02 && sine(-90.0, 12.0).1 > 0.9);
        let plane = Shape::Flat(bluemarble_core::Flat { voxel_m: 1.0 });
        let at = |hours| SunCourse::Day { hours, hours_per_s: 0.0 }.direction(&plane, DVec3::ZERO);
        let east = plane.east_north(DVec3::ZERO).0;
        assert!(at(12.0).y > 0.8 && at(0.0).y < -0.8 && at(8.0).dot(east) > 0.5);
        let mut course = SunCourse::Day { hours: 23.0, hours_per_s: 2.0 };
        course.advance(1.0);
        assert_eq!(course, SunCourse::Day { hours: 1.0, hours_per_s: 2.0 });
    }
}
