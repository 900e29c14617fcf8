//! Whether an area is there: for loading screens, and before somebody is put down in it.

use bevy::{ecs::system::SystemParam, prelude::*};
use glam::DVec3;

use crate::{cut::AreaProgress, streaming::Streamer};

/// Tells how far streaming has come.
///
/// ```no_run
/// # use bevy::prelude::*;
/// # use bevy_bluemarble::{prelude::*, ready::StreamingProgress};
/// fn end_loading_screen(progress: StreamingProgress, viewers: Query<&WorldPosition, With<Viewer>>) {
///     let Some(position) = viewers.iter().next() else { return };
///     let area = progress.around(position.0, 50.0);
///     if area.is_ready() && area.coarsest_lod == Some(0) {
///         info!("the ground is there");
///     }
/// }
/// ```
#[derive(SystemParam)]
pub struct StreamingProgress<'w> {
    streamer: Option<Res<'w, Streamer>>,
}

impl StreamingProgress<'_> {
    /// How far what the viewers want has come within a sphere of world space, metres.
    pub fn around(&self, centre: DVec3, radius_m: f64) -> AreaProgress {
        match &self.streamer {
            Some(streamer) => streamer.cut.progress(centre, radius_m),
            None => AreaProgress { done: 0, waiting: 1, coarsest_lod: None },
        }
    }

    /// Places that are drawn twice or not at all: none, or something is wrong. Looks at every node.
    pub fn wrong_places(&self) -> usize {
        self.streamer.as_ref().map_or(0, |streamer| streamer.cut.wrong_places())
    }
}
