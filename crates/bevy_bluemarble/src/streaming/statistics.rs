//! What streaming has done and holds, for overlays, reports and tests.

use bevy::prelude::*;
use serde::Serialize;

use super::{BuiltNode, cut::PerLod};

/// Counters of a world's streaming since its start, and what it holds now. On the world's entity.
#[derive(Component, Clone, Debug, Default, Serialize, Reflect)]
#[reflect(Component, Default)]
pub struct StreamingStatistics {
    /// Nodes asked about, by lod.
    pub asked_by_lod: PerLod,
    /// Nodes skipped by classification alone: never read, never meshed, by lod.
    pub skipped_by_lod: PerLod,
    /// Nodes skipped by a worker that surveyed the chunk: never read either, by lod.
    pub surveyed_by_lod: PerLod,
    /// Nodes read, by lod.
    pub read_by_lod: PerLod,
    /// Nodes that were read and showed nothing, by lod.
    pub read_empty_by_lod: PerLod,
    /// Nodes meshed to at least one quad, by lod.
    pub meshed_by_lod: PerLod,
    /// Bytes of all meshes made so far.
    pub meshed_bytes: u64,
    /// Nodes drawn now that show something, by lod.
    pub drawn_by_lod: PerLod,
    /// Nodes known now.
    pub nodes: usize,
    /// Requests waiting.
    pub waiting: usize,
    /// Jobs in flight.
    pub in_flight: usize,
    /// Mesh entities now, hidden ones included.
    pub entities: usize,
    /// Mesh entities that draw nothing and wait to be used again.
    pub spare_entities: usize,
    /// Bytes of vertices and indices on the graphics card.
    pub mesh_bytes: usize,
    /// Bytes of chunks kept for picking.
    pub chunk_bytes: usize,
    /// The largest sum of the two so far.
    pub peak_bytes: usize,
    /// How much coarser than viewers allow everything is drawn so that it fits into memory; 1 is not at all.
    pub coarseness: f64,
    /// Jobs that failed; each was logged and is tried again.
    pub failed: u64,
    /// Edits applied and not yet in all lods.
    pub edits_pending: usize,
    /// Whether the cut is complete and nothing is being worked on.
    pub settled: bool,
}

impl StreamingStatistics {
    pub(super) fn count(&mut self, node: &BuiltNode) {
        let lod = usize::from(node.key.lod);
        let is_empty = node.baked.meshes.is_empty();
        self.surveyed_by_lod[lod] += u64::from(!node.read);
        self.read_by_lod[lod] += u64::from(node.read);
        self.read_empty_by_lod[lod] += u64::from(node.read && is_empty);
        self.meshed_by_lod[lod] += u64::from(!is_empty);
        self.meshed_bytes += node.upload_bytes as u64;
    }
}
