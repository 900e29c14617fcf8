//! Whether an area is there: for loading screens, and before a player is placed in it.

use bevy::{ecs::system::SystemParam, prelude::*};
use glam::DVec3;

use super::{WorldStreaming, cut::AreaProgress};
use crate::space::WorldFrame;

/// Tells how far streaming of all worlds has come.
///
/// ```no_run
/// # use bevy::prelude::*;
/// # use bevy_bluemarble::prelude::*;
/// fn end_loading_screen(
///     progress: StreamingProgress,
///     viewer: Single<&GlobalTransform, With<Viewer>>,
///     space: WorldSpace,
/// ) {
///     let Some(position) = space.world_from_render(viewer.translation()) else { return };
///     let area = progress.around(position, 50.0);
///     if area.is_ready() && area.coarsest_lod == Some(0) {
///         info!("the ground is there");
///     }
/// }
/// ```
#[derive(SystemParam)]
pub struct StreamingProgress<'w, 's> {
    worlds: Query<'w, 's, (&'static WorldFrame, &'static WorldStreaming)>,
}

impl StreamingProgress<'_, '_> {
    /// How far what the viewers want has come within a sphere of world space, metres.
    pub fn around(&self, centre: DVec3, radius_m: f64) -> AreaProgress {
        let areas = self.worlds.iter().map(|(frame, streaming)| {
            streaming.cut.progress(frame.local_from_world(centre), radius_m)
        });
        let none = AreaProgress { done: 0, waiting: 1, coarsest_lod: None };
        areas.reduce(AreaProgress::and).unwrap_or(none)
    }

    /// Places that are drawn twice or not at all: none, or something is wrong. Looks at every node.
    pub fn holes_and_overlaps(&self) -> usize {
        self.worlds.iter().map(|(_, streaming)| streaming.cut.holes_and_overlaps()).sum()
    }
}
