//! [`WorldStreaming`]: the state of one world's streaming.

use std::{sync::Arc, time::Instant};

use bevy::prelude::*;
use bluemarble_core::{ChunkKey, CompactChunk, Face, NodeBounds, Shape};
use bluemarble_index::NodeTree;
use rustc_hash::FxHashMap;

use super::{
    BuiltNode, StreamingStatistics,
    build::Builder,
    cut::{Cut, PerLod, View},
    jobs::{JobBoard, JobEnd, JobResults, WorldJobs},
};
use crate::world::{RETRY_AFTER, VoxelsChanged, WorkError};

/// What is kept of a built node.
pub(crate) struct Resident {
    pub chunk: Option<CompactChunk>,
    pub bounds: NodeBounds,
    has_mesh: bool,
    mesh_bytes: usize,
    chunk_bytes: usize,
}

/// Sums over all residents.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Nodes drawn now that show something.
    pub drawn_by_lod: PerLod,
    pub mesh_bytes: usize,
    pub chunk_bytes: usize,
}

impl Held {
    pub fn bytes(&self) -> usize {
        self.mesh_bytes + self.chunk_bytes
    }

    fn add(&mut self, resident: &Resident) {
        self.mesh_bytes += resident.mesh_bytes;
        self.chunk_bytes += resident.chunk_bytes;
    }

    fn remove(&mut self, resident: &Resident) {
        self.mesh_bytes -= resident.mesh_bytes;
        self.chunk_bytes -= resident.chunk_bytes;
    }

    pub fn show(&mut self, key: ChunkKey, resident: &Resident) {
        self.drawn_by_lod[usize::from(key.lod)] += u64::from(resident.has_mesh);
    }

    pub fn hide(&mut self, key: ChunkKey, resident: &Resident) {
        self.drawn_by_lod[usize::from(key.lod)] -= u64::from(resident.has_mesh);
    }
}

/// What changes in a frame of what is drawn. Both sets cover the same; dropped nodes are drawn no more and forgotten.
#[derive(Debug, Default)]
pub struct Swap {
    /// Nodes that are drawn from now on.
    pub shown: Vec<ChunkKey>,
    /// Nodes that are no longer drawn.
    pub hidden: Vec<ChunkKey>,
    /// Nodes that are forgotten.
    pub dropped: Vec<ChunkKey>,
}

/// The streaming of one world. The plugin keeps it on the world's entity.
#[derive(Component, Reflect)]
#[reflect(Component, from_reflect = false)]
pub struct WorldStreaming {
    #[reflect(ignore)]
    pub(crate) cut: Cut,
    #[reflect(ignore)]
    pub(super) jobs: Arc<WorldJobs>,
    #[reflect(ignore)]
    pub(super) results: JobResults,
    #[reflect(ignore)]
    board: JobBoard,
    #[reflect(ignore)]
    shape: Shape,
    #[reflect(ignore)]
    pub(crate) residents: FxHashMap<ChunkKey, Resident>,
    #[reflect(ignore)]
    pub(super) held: Held,
    /// How much coarser than viewers allow everything is drawn, so that it fits into memory.
    #[reflect(ignore)]
    pub(super) coarseness: f64,
    /// Whether it has changed in the last frame.
    #[reflect(ignore)]
    pub(super) coarseness_changes: bool,
    /// The drawn nodes that show something, for picking.
    #[reflect(ignore)]
    pub(crate) drawn: NodeTree,
    /// The views of the last frame, in the world's local space.
    #[reflect(ignore)]
    pub(super) views: Vec<View>,
    /// Something has happened that may change the cut.
    #[reflect(ignore)]
    pub(super) changed: bool,
    /// Nodes whose job has failed, and when they are tried again.
    #[reflect(ignore)]
    pub(super) failed: FxHashMap<ChunkKey, Instant>,
    #[reflect(ignore)]
    pub(super) swap: Swap,
}

impl WorldStreaming {
    pub(super) fn new(builder: Builder, shape: Shape, board: JobBoard) -> Self {
        let (jobs, results) = WorldJobs::new(builder);
        board.add(jobs.clone());
        Self {
            cut: Cut::new(shape),
            jobs,
            results,
            board,
            shape,
            residents: FxHashMap::default(),
            held: Held::default(),
            coarseness: 1.0,
            coarseness_changes: false,
            drawn: NodeTree::new(),
            views: Vec::new(),
            changed: true,
            failed: FxHashMap::default(),
            swap: Swap::default(),
        }
    }

    /// Whether a node is drawn now.
    pub fn is_drawn(&self, key: ChunkKey) -> bool {
        self.cut.drawn().contains(&key)
    }

    /// What has changed since it was last taken.
    pub(crate) fn take_swap(&mut self) -> Swap {
        std::mem::take(&mut self.swap)
    }

    /// Whether something that is drawn and out of date is still to be built.
    #[cfg(test)]
    pub(crate) fn is_urgent(&self) -> bool {
        let mut queue = self.jobs.queue();
        queue.is_urgent() || queue.urgent_in_flight() > self.results.urgent_waiting()
    }

    /// Takes the next finished node that is still wanted. One that is drawn already replaces its older self.
    pub(crate) fn next_built(&mut self, statistics: &mut StreamingStatistics) -> Option<BuiltNode> {
        loop {
            let JobEnd { key, result } = self.results.next()?;
            let outdated = self.jobs.queue().finish(key);
            self.changed = true;
            match result {
                Ok(node) => {
                    if self.cut.arrived(key) {
                        if outdated {
                            self.cut.edited(key);
                        }
                        statistics.count(&node);
                        return Some(self.keep(node));
                    }
                }
                Err(WorkError::Cancelled(_)) => self.cut.unanswered(key),
                Err(error) => {
                    error!("chunk {key} cannot be shown: {error}");
                    statistics.failed += 1;
                    self.failed.insert(key, Instant::now() + RETRY_AFTER);
                }
            }
        }
    }

    /// Keeps of a node what picking needs.
    fn keep(&mut self, mut node: BuiltNode) -> BuiltNode {
        let key = node.key;
        let resident = Resident {
            mesh_bytes: node.upload_bytes,
            chunk_bytes: node.resident_bytes(),
            has_mesh: !node.baked.meshes.is_empty(),
            chunk: node.chunk.take(),
            bounds: node.bounds,
        };
        let is_drawn = self.is_drawn(key);
        self.held.add(&resident);
        if is_drawn {
            self.held.show(key, &resident);
        }
        if let Some(old) = self.residents.insert(key, resident) {
            if is_drawn {
                self.held.hide(key, &old);
            }
            self.held.remove(&old);
        }
        if is_drawn {
            self.index_drawn(key);
        }
        node
    }

    /// Forgets a node.
    pub(super) fn forget(&mut self, key: ChunkKey) {
        self.drawn.remove(key);
        self.failed.remove(&key);
        if let Some(resident) = self.residents.remove(&key) {
            self.held.remove(&resident);
        }
    }

    /// Brings the picking index in line with what a drawn node shows.
    pub(super) fn index_drawn(&mut self, key: ChunkKey) {
        match self.residents.get(&key) {
            Some(resident) if resident.chunk.is_some() => self.drawn.insert(key, resident.bounds),
            _ => {
                self.drawn.remove(key);
            }
        }
    }

    /// Marks a chunk as edited: what shows it is built again, ahead of all streaming.
    fn edited(&mut self, key: ChunkKey) {
        self.cut.edited(key);
        let mut queue = self.jobs.queue();
        queue.outdate(key);
        for beside in Face::ALL.into_iter().filter_map(|face| self.shape.neighbour(key, face)) {
            queue.outdate(beside);
        }
        self.changed = true;
    }
}

impl Drop for WorldStreaming {
    fn drop(&mut self) {
        self.board.remove(&self.jobs);
    }
}

/// Builds again what shows chunks that have changed.
pub(super) fn follow_changes(
    mut worlds: Query<&mut WorldStreaming>,
    mut changed: MessageReader<VoxelsChanged>,
) {
    for VoxelsChanged { world, chunks, .. } in changed.read() {
        if let Ok(mut streaming) = worlds.get_mut(*world) {
            chunks.iter().for_each(|&key| streaming.edited(key));
        }
    }
}
