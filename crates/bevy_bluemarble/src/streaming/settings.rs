//! What streaming may cost.

use std::time::Duration;

use bevy::prelude::*;

use crate::workers;

/// What streaming of all worlds together may cost. May be changed at any time.
#[derive(Resource, Clone, Debug, Reflect)]
#[reflect(Resource, Default)]
pub struct StreamingSettings {
    /// Share of a frame that the main thread may spend on turning results into entities. At least one
    /// result is taken.
    pub frame_share: f64,
    /// Bytes of meshes added a second.
    pub bytes_per_s: f64,
    /// Entities placed, retired and despawned a second.
    pub entities_per_s: f64,
    /// Jobs in flight at once, 1 to 256: few, so that the order of the queue can change.
    pub jobs_in_flight: usize,
    /// The same while streaming is far behind, as after a jump: the ground comes first, then even frames.
    pub jobs_catching_up: usize,
    /// Bytes of meshes and of chunks kept for picking. Above it everything is drawn coarser until it fits.
    pub memory_budget_bytes: usize,
    /// How long finer and coarser nodes take to give way to each other; none swaps them at once.
    pub fade: Duration,
}

impl Default for StreamingSettings {
    fn default() -> Self {
        Self {
            frame_share: 0.12,
            bytes_per_s: 512e6,
            entities_per_s: 8_000.0,
            jobs_in_flight: workers::steady(),
            jobs_catching_up: workers::count(),
            memory_budget_bytes: 2 << 30,
            fade: Duration::from_millis(250),
        }
    }
}
