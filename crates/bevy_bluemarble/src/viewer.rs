//! Viewers: what the world streams around.

use bevy::{camera::Projection, prelude::*};
use big_space::prelude::FloatingOrigin;
use glam::DVec3;

use crate::{cut::View, space::WorldPosition};

/// The world streams around every entity with this component and a [`WorldPosition`].
///
/// On a camera, field of view and resolution are the camera's own.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[require(WorldPosition, Motion)]
pub struct Viewer {
    /// How many pixels wide a cell may be before finer ones are drawn. Smaller is sharper and costs
    /// quadratically more; 2 is crisp, 4 is quick.
    pub max_error_px: f32,
    /// Nothing further away than this, in metres, is made finer for this viewer.
    pub radius_m: f64,
}

impl Default for Viewer {
    fn default() -> Self {
        Self { max_error_px: 2.5, radius_m: f64::INFINITY }
    }
}

/// A moving viewer also streams what it will see after this long.
const AHEAD_S: f64 = 1.0;
/// How much that counts of what is on screen.
const AHEAD_WEIGHT: f64 = 0.7;
/// Slower than this nobody needs to look ahead.
const LEAST_SPEED_M_S: f64 = 0.5;
/// Field of view and resolution of a viewer that is no camera.
const PLAIN_FOV_RAD: f64 = 1.0;
const PLAIN_HEIGHT_PX: f64 = 1080.0;

/// The views of this frame.
#[derive(Resource, Debug, Default)]
pub struct Views(pub Vec<View>);

/// Where a viewer was in the last frame, and how fast it moved then.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct Motion {
    position: Option<DVec3>,
    velocity_m_s: DVec3,
}

impl Motion {
    /// The velocity of this frame and of the last one, whichever is less: somebody who jumps to another
    /// place does not move there.
    fn step(&mut self, position: DVec3, elapsed_s: f64) -> DVec3 {
        let Some(before) = self.position.replace(position).filter(|_| elapsed_s > 0.0) else {
            return DVec3::ZERO;
        };
        let velocity_m_s = (position - before) / elapsed_s;
        let last_m_s = std::mem::replace(&mut self.velocity_m_s, velocity_m_s);
        if last_m_s.length_squared() < velocity_m_s.length_squared() {
            last_m_s
        } else {
            velocity_m_s
        }
    }
}

/// Turns viewers into views.
pub fn collect_views(
    mut views: ResMut<Views>,
    time: Res<Time<Real>>,
    mut viewers: Query<(
        &Viewer,
        &WorldPosition,
        &Transform,
        Option<&Camera>,
        Option<&Projection>,
        &mut Motion,
    )>,
) {
    views.0.clear();
    for (viewer, position, transform, camera, projection, mut motion) in &mut viewers {
        let size = camera.and_then(Camera::physical_viewport_size);
        let height_px = size.map_or(PLAIN_HEIGHT_PX, |size| f64::from(size.y.max(1)));
        let aspect = size.map_or(16.0 / 9.0, |size| f64::from(size.x.max(1)) / height_px);
        let fov_rad = match projection {
            Some(Projection::Perspective(perspective)) => f64::from(perspective.fov),
            _ => PLAIN_FOV_RAD,
        };
        let half_height = (fov_rad * 0.5).tan();
        let velocity_m_s = motion.step(position.0, time.delta_secs_f64());
        let view = View {
            position: position.0,
            forward: transform.forward().as_vec3().as_dvec3(),
            half_angle_rad: (half_height * aspect.hypot(1.0)).atan(),
            pixel_rad: 2.0 * half_height / height_px,
            max_error_px: f64::from(viewer.max_error_px.max(0.1)),
            radius_m: viewer.radius_m,
            weight: 1.0,
        };
        views.0.push(view);
        if velocity_m_s.length() > LEAST_SPEED_M_S {
            let position = view.position + velocity_m_s * AHEAD_S;
            views.0.push(View { position, weight: AHEAD_WEIGHT, ..view });
        }
    }
}

/// Gives the floating origin to the first viewer if nothing has it yet.
pub fn ensure_floating_origin(
    mut commands: Commands,
    origins: Query<(), With<FloatingOrigin>>,
    viewers: Query<Entity, With<Viewer>>,
) {
    if origins.is_empty()
        && let Some(viewer) = viewers.iter().next()
    {
        commands.entity(viewer).insert(FloatingOrigin);
    }
}

/// Says what is missing when nothing can be seen.
pub fn warn_if_nothing_to_show(
    time: Res<Time<Real>>,
    world: Option<Res<crate::space::VoxelWorld>>,
    viewers: Query<(), With<Viewer>>,
    mut warned: Local<bool>,
) {
    /// Long enough for a game to load.
    const PATIENCE_S: f32 = 2.0;
    if *warned || time.elapsed_secs() < PATIENCE_S {
        return;
    }
    if world.is_none() {
        warn!("no voxel world: insert the resource VoxelWorld(HybridWorld::open(..)) to see one");
        *warned = true;
    } else if viewers.is_empty() {
        warn!(
            "no viewer: add the component Viewer to a camera, or nothing of the voxel world is drawn"
        );
        *warned = true;
    }
}
