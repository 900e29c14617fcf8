//! [`Views`]: what viewers see, and what they will soon see.

use bevy::{camera::Projection, prelude::*};
use glam::DVec3;

use super::cut::View;
use crate::{
    space::{Viewer, WorldFrame, WorldPoses},
    world::VoxelWorld,
};

/// A moving viewer also streams what it will see after this long.
const AHEAD_S: f64 = 1.0;
/// How much that counts of what is on screen.
const AHEAD_WEIGHT: f64 = 0.7;
/// Slower than this there is no need to look ahead.
const MIN_SPEED_M_S: f64 = 0.5;
/// Field of view and resolution of a viewer that is no camera.
const PLAIN_FOV_RAD: f64 = 1.0;
const PLAIN_HEIGHT_PX: f64 = 1080.0;

/// The views of this frame, in world space.
#[derive(Resource, Debug, Default)]
pub struct Views(pub Vec<View>);

/// Where a viewer was in the last frame, and how fast it moved then.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct Motion {
    position: Option<DVec3>,
    velocity_m_s: DVec3,
}

impl Motion {
    /// The velocity of this frame and of the last one, whichever is less: a viewer that jumps to another
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
pub(super) fn collect_views(
    mut views: ResMut<Views>,
    time: Res<Time<Real>>,
    mut viewers: Query<(Entity, &Viewer, Option<&Camera>, Option<&Projection>, &mut Motion)>,
    poses: WorldPoses,
) {
    views.0.clear();
    for (entity, viewer, camera, projection, mut motion) in &mut viewers {
        let Some((position, rotation)) = poses.of(entity) else { continue };
        let size = camera.and_then(Camera::physical_viewport_size);
        let height_px = size.map_or(PLAIN_HEIGHT_PX, |size| f64::from(size.y.max(1)));
        let aspect = size.map_or(16.0 / 9.0, |size| f64::from(size.x.max(1)) / height_px);
        let fov_rad = match projection {
            Some(Projection::Perspective(perspective)) => f64::from(perspective.fov),
            _ => PLAIN_FOV_RAD,
        };
        let half_height = (fov_rad * 0.5).tan();
        let velocity_m_s = motion.step(position, time.delta_secs_f64());
        let view = View {
            position,
            forward: rotation * DVec3::NEG_Z,
            half_angle_rad: (half_height * aspect.hypot(1.0)).atan(),
            pixel_rad: 2.0 * half_height / height_px,
            max_error_px: f64::from(viewer.max_error_px.max(0.1)),
            radius_m: viewer.radius_m,
            weight: 1.0,
        };
        views.0.push(view);
        if velocity_m_s.length() > MIN_SPEED_M_S {
            let position = view.position + velocity_m_s * AHEAD_S;
            views.0.push(View { position, weight: AHEAD_WEIGHT, ..view });
        }
    }
}

impl View {
    /// The view from within a world's local space.
    pub(super) fn seen_from(&self, frame: &WorldFrame) -> Self {
        if frame.is_identity() {
            return *self;
        }
        Self {
            position: frame.local_from_world(self.position),
            forward: frame.local_direction(self.forward),
            ..*self
        }
    }
}

/// Says what is missing when nothing can be seen.
pub(super) fn warn_if_nothing_to_show(
    time: Res<Time<Real>>,
    worlds: Query<(), With<VoxelWorld>>,
    viewers: Query<(), With<Viewer>>,
    mut warned: Local<bool>,
) {
    /// Long enough for a game to load.
    const PATIENCE_S: f32 = 2.0;
    if *warned || time.elapsed_secs() < PATIENCE_S {
        return;
    }
    if worlds.is_empty() {
        warn!("no voxel world: spawn an entity with VoxelWorld(HybridWorld::open(..)) to see one");
        *warned = true;
    } else if viewers.is_empty() {
        warn!(
            "no viewer: add the component Viewer to a camera, or nothing of the voxel world is drawn"
        );
        *warned = true;
    }
}
