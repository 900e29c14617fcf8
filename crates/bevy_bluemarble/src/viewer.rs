//! Viewers: what the world streams around.

use bevy::{camera::Projection, prelude::*};
use big_space::prelude::FloatingOrigin;

use crate::{cut::View, space::WorldPosition};

/// The world streams around every entity with this component and a [`WorldPosition`].
///
/// On a camera, field of view and resolution are the camera's own.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[require(WorldPosition)]
pub struct Viewer {
    /// How many pixels wide a cell may be before finer ones are drawn. Smaller is sharper and costs
    /// quadratically more; 2 is crisp, 4 is quick.
    pub max_error_px: f32,
}

impl Default for Viewer {
    fn default() -> Self {
        Self { max_error_px: 2.5 }
    }
}

/// Field of view and resolution of a viewer that is no camera.
const PLAIN_FOV_RAD: f64 = 1.0;
const PLAIN_HEIGHT_PX: f64 = 1080.0;

/// The views of this frame.
#[derive(Resource, Debug, Default)]
pub struct Views(pub Vec<View>);

/// Turns viewers into views.
pub fn collect_views(
    mut views: ResMut<Views>,
    viewers: Query<(&Viewer, &WorldPosition, &Transform, Option<&Camera>, Option<&Projection>)>,
) {
    views.0.clear();
    for (viewer, position, transform, camera, projection) in &viewers {
        let size = camera.and_then(Camera::physical_viewport_size);
        let height_px = size.map_or(PLAIN_HEIGHT_PX, |size| f64::from(size.y.max(1)));
        let aspect = size.map_or(16.0 / 9.0, |size| f64::from(size.x.max(1)) / height_px);
        let fov_rad = match projection {
            Some(Projection::Perspective(perspective)) => f64::from(perspective.fov),
            _ => PLAIN_FOV_RAD,
        };
        let half_height = (fov_rad * 0.5).tan();
        views.0.push(View {
            position: position.0,
            forward: transform.forward().as_vec3().as_dvec3(),
            half_angle_rad: (half_height * aspect.hypot(1.0)).atan(),
            pixel_rad: 2.0 * half_height / height_px,
            max_error_px: f64::from(viewer.max_error_px.max(0.1)),
        });
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
