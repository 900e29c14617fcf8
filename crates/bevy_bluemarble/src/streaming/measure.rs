//! Statistics: what is held and drawn, counted as it comes and goes.

use bevy::prelude::*;
use bluemarble_core::ChunkKey;

use super::{Resident, Streamer, lock};
use crate::{cut::PerLod, statistics::StreamingStatistics};

/// Sums over all residents.
#[derive(Debug, Default)]
pub(super) struct Held {
    drawn_by_lod: PerLod,
    entities: usize,
    mesh_bytes: usize,
    chunk_bytes: usize,
}

impl Held {
    pub fn bytes(&self) -> usize {
        self.mesh_bytes + self.chunk_bytes
    }

    pub fn add(&mut self, resident: &Resident) {
        self.entities += resident.entity_count();
        self.mesh_bytes += resident.mesh_bytes;
        self.chunk_bytes += resident.chunk_bytes;
    }

    pub fn remove(&mut self, resident: &Resident) {
        self.entities -= resident.entity_count();
        self.mesh_bytes -= resident.mesh_bytes;
        self.chunk_bytes -= resident.chunk_bytes;
    }

    /// A resident is drawn from now on.
    pub fn show(&mut self, key: ChunkKey, resident: &Resident) {
        self.drawn_by_lod[usize::from(key.lod)] += u64::from(!resident.drawings.is_empty());
    }

    /// A resident is no longer drawn.
    pub fn hide(&mut self, key: ChunkKey, resident: &Resident) {
        self.drawn_by_lod[usize::from(key.lod)] -= u64::from(!resident.drawings.is_empty());
    }
}

/// Brings the statistics up to date.
pub fn measure(streamer: Res<Streamer>, mut statistics: ResMut<StreamingStatistics>) {
    let (cut, held) = (&streamer.cut, &streamer.held);
    statistics.asked_by_lod = cut.asked;
    statistics.skipped_by_lod = cut.skipped;
    statistics.nodes = cut.len();
    {
        let queue = lock(&streamer.queue);
        (statistics.waiting, statistics.in_flight) = (queue.waiting(), queue.in_flight());
    }
    statistics.drawn_by_lod = held.drawn_by_lod;
    let leaving: usize = streamer.leaving.values().map(Vec::len).sum();
    statistics.entities = held.entities + leaving + streamer.retired.len();
    statistics.spare_entities = streamer.pool.len();
    (statistics.mesh_bytes, statistics.chunk_bytes) = (held.mesh_bytes, held.chunk_bytes);
    statistics.peak_bytes = statistics.peak_bytes.max(held.bytes());
    statistics.coarseness = streamer.coarseness;
    statistics.settled = !streamer.changed
        && !streamer.coarseness_changes
        && !streamer.views.is_empty()
        && statistics.waiting == 0
        && statistics.in_flight == 0
        && statistics.edits_pending == 0
        && streamer.fades.is_empty()
        && streamer.retired.is_empty()
        && streamer.failed.is_empty();
}
