//! Statistics are brought up to date.

use bevy::prelude::*;

use super::{StreamingStatistics, WorldStreaming};
use crate::world::WorldUpkeep;

/// Brings the statistics up to date. The renderer adds what entities do.
pub(super) fn measure(
    mut worlds: Query<(&WorldStreaming, &WorldUpkeep, &mut StreamingStatistics)>,
) {
    for (streaming, upkeep, mut statistics) in &mut worlds {
        let (cut, held) = (&streaming.cut, &streaming.held);
        statistics.asked_by_lod = cut.asked;
        statistics.skipped_by_lod = cut.skipped;
        statistics.nodes = cut.len();
        {
            let queue = streaming.jobs.queue();
            (statistics.waiting, statistics.in_flight) = (queue.waiting(), queue.in_flight());
        }
        statistics.drawn_by_lod = held.drawn_by_lod;
        (statistics.mesh_bytes, statistics.chunk_bytes) = (held.mesh_bytes, held.chunk_bytes);
        statistics.peak_bytes = statistics.peak_bytes.max(held.bytes());
        statistics.coarseness = streaming.coarseness;
        statistics.edits_pending = upkeep.pending();
        statistics.settled = !streaming.changed
            && !streaming.coarseness_changes
            && !streaming.views.is_empty()
            && statistics.waiting == 0
            && statistics.in_flight == 0
            && statistics.edits_pending == 0
            && streaming.failed.is_empty();
    }
}
