//! The streamer: feeds the cut, hands out jobs, turns results into entities within a budget.
//!
//! | file | what happens |
//! |---|---|
//! | [`settings`] | what streaming may cost |
//! | `budget` | what of that one frame may cost |
//! | `receive` | finished jobs become entities, hidden at first |
//! | `select` | the cut is selected, entities are shown and hidden, jobs are started |
//! | `fade` | how nodes give way to each other |
//! | `pool` | entities that are used again and again |
//! | `relief` | which node's relief lies where in the shader's buffer |
//! | `measure` | statistics |

mod budget;
mod fade;
mod measure;
mod pool;
mod receive;
mod relief;
mod select;
pub mod settings;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bevy::{prelude::*, tasks::futures_lite::future::yield_now};
use bluemarble_core::{ChunkKey, CompactChunk, shape::NodeBounds};
use bluemarble_index::NodeTree;
use bluemarble_world::WorldError;
use crossbeam_channel::{Receiver, Sender};
use rustc_hash::FxHashMap;

use self::{
    budget::{Budget, Pace},
    fade::Fades,
    measure::Held,
    pool::{Drawing, EntityPool},
    relief::ReliefSlots,
};
pub use self::{
    measure::measure, pool::DrawnNode, receive::receive, select::select,
    settings::StreamingSettings,
};
use crate::{
    content::{ChunkContents, ChunkEvent},
    cut::{Cut, View},
    gate::FrameGate,
    job::{Builder, BuiltNode},
    material::ChunkMaterials,
    meshing::Meshing,
    queue::{Job, JobQueue},
    space::VoxelWorld,
};

/// What is kept of a built node.
pub(crate) struct Resident {
    drawings: Vec<Drawing>,
    /// The entity with what the game adds.
    content: Option<Entity>,
    pub(crate) chunk: Option<CompactChunk>,
    bounds: NodeBounds,
    mesh_bytes: usize,
    chunk_bytes: usize,
}

impl Resident {
    fn entity_count(&self) -> usize {
        self.drawings.len() + usize::from(self.content.is_some())
    }

    /// Where the node lies.
    pub(crate) fn bounds(&self) -> &NodeBounds {
        &self.bounds
    }

    /// An entity that draws it.
    pub(crate) fn entity(&self) -> Option<Entity> {
        self.drawings.first().map(|drawing| drawing.entity)
    }
}

struct JobEnd {
    key: ChunkKey,
    result: Result<Option<BuiltNode>, WorldError>,
}

/// Something that is drawn no more and waits to be put away, within the budget of a frame.
enum Retired {
    Drawing(Drawing),
    Content(Entity),
}

/// State of the streamer of one world.
#[derive(Resource)]
pub struct Streamer {
    builder: Builder,
    pub(crate) cut: Cut,
    /// Shared with the workers, who take from it what is most wanted at that moment.
    queue: Arc<Mutex<JobQueue>>,
    workers: Arc<AtomicUsize>,
    /// As many of them go on after a node.
    most_workers: Arc<AtomicUsize>,
    /// Those that build what is out of date, on the pool for waiting tasks: an edit is seen even while all
    /// others have long jobs in hand.
    urgent_workers: Arc<AtomicUsize>,
    pub(crate) residents: FxHashMap<ChunkKey, Resident>,
    held: Held,
    /// How much coarser than viewers allow everything is drawn, so that it fits into memory.
    coarseness: f64,
    /// Whether it has changed in the last frame.
    coarseness_changes: bool,
    /// The drawn nodes that show something, for picking.
    pub(crate) drawn: NodeTree,
    ended: Receiver<JobEnd>,
    end: Sender<JobEnd>,
    /// What was drawn and out of date overtakes all else on its way back as well.
    urgent_ended: Receiver<JobEnd>,
    urgent_end: Sender<JobEnd>,
    pool: EntityPool,
    reliefs: ReliefSlots,
    pace: Pace,
    /// What is left of this frame's budget.
    budget: Budget,
    retired: VecDeque<Retired>,
    fades: Fades,
    /// Drawings of nodes that are forgotten but still leave.
    leaving: FxHashMap<ChunkKey, Vec<Drawing>>,
    views: Vec<View>,
    /// Something has happened that may change the cut.
    changed: bool,
    /// Nodes whose job has failed, and when they are tried again.
    failed: FxHashMap<ChunkKey, Instant>,
    /// What games are told at the end of the frame.
    events: Vec<ChunkEvent>,
}

/// What is drawn gets so much coarser a frame while it does not fit into memory.
const COARSER_A_FRAME: f64 = 1.02;
/// Nothing gets coarser than this, whatever the budget.
const MOST_COARSENESS: f64 = 64.0;
/// Below this share of the memory budget what was made coarser gets finer again.
const ROOMY_SHARE: f64 = 0.7;
/// A failed read is tried again after this long.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Results that may wait for the main thread before workers pause.
const RESULTS_WAITING: usize = 256;

/// A lock that a panicking worker left behind is as good as any: the queue has no half states.
fn lock(queue: &Mutex<JobQueue>) -> MutexGuard<'_, JobQueue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Streamer {
    fn new(builder: Builder) -> Self {
        let (end, ended) = crossbeam_channel::bounded(2 * RESULTS_WAITING);
        let (urgent_end, urgent_ended) = crossbeam_channel::unbounded();
        let shape = builder.world.shape();
        let mut pace = Pace::default();
        Self {
            cut: Cut::new(shape),
            builder,
            queue: Arc::default(),
            workers: Arc::default(),
            most_workers: Arc::default(),
            urgent_workers: Arc::default(),
            residents: FxHashMap::default(),
            held: Held::default(),
            coarseness: 1.0,
            coarseness_changes: false,
            drawn: NodeTree::new(),
            ended,
            end,
            urgent_ended,
            urgent_end,
            pool: EntityPool::default(),
            reliefs: ReliefSlots::default(),
            budget: pace.begin(&StreamingSettings::default()),
            pace,
            retired: VecDeque::new(),
            fades: Fades::default(),
            leaving: FxHashMap::default(),
            views: Vec::new(),
            changed: true,
            failed: FxHashMap::default(),
            events: Vec::new(),
        }
    }

    /// The world that is streamed.
    pub fn world(&self) -> &bluemarble_world::HybridWorld {
        &self.builder.world
    }

    /// What reads and meshes chunks, for others who need them.
    #[cfg(feature = "avian")]
    pub(crate) fn builder(&self) -> &Builder {
        &self.builder
    }

    /// Whether something that is drawn and out of date is still to be built.
    #[cfg(test)]
    pub(crate) fn is_urgent(&self) -> bool {
        let mut queue = lock(&self.queue);
        queue.is_urgent() || queue.urgent_in_flight() > self.urgent_ended.len()
    }

    /// Draws everything coarser while memory is short, and finer again when there is much.
    fn fit_into(&mut self, budget_bytes: usize) {
        let before = self.coarseness;
        if self.held.bytes() > budget_bytes {
            self.coarseness = (before * COARSER_A_FRAME).min(MOST_COARSENESS);
        } else if (self.held.bytes() as f64) < budget_bytes as f64 * ROOMY_SHARE {
            self.coarseness = (before / COARSER_A_FRAME).max(1.0);
        }
        self.coarseness_changes = self.coarseness != before;
        if self.coarseness_changes {
            self.cut.set_coarseness(self.coarseness);
            self.changed = true;
        }
    }

    /// Builds node after node, the most wanted first, until none is left or the results pile up; if
    /// `urgent`, only what is out of date.
    fn work(&self, urgent: bool) -> impl Future<Output = ()> + Send + 'static {
        let (builder, end) = (self.builder.clone(), self.end.clone());
        let urgent_end = self.urgent_end.clone();
        let (queue, workers) = (self.queue.clone(), self.workers(urgent).clone());
        let most_workers = self.most_workers.clone();
        async move {
            while end.len() < RESULTS_WAITING {
                let Some(Job { key, is_urgent, cancelled }) = lock(&queue).start(urgent) else {
                    break;
                };
                let result = builder.build(key, &cancelled).await;
                let end = if is_urgent { &urgent_end } else { &end };
                if end.send(JobEnd { key, result }).is_err() {
                    break;
                }
                if !urgent && workers.load(Ordering::Relaxed) > most_workers.load(Ordering::Relaxed)
                {
                    break;
                }
                // Other tasks of the pool have their turn between two nodes.
                yield_now().await;
            }
            workers.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn workers(&self, urgent: bool) -> &Arc<AtomicUsize> {
        if urgent { &self.urgent_workers } else { &self.workers }
    }

    /// Marks a chunk as edited: what shows it is built again, ahead of all streaming.
    pub fn edited(&mut self, key: ChunkKey) {
        use bluemarble_core::Face;
        let shape = self.builder.world.shape();
        self.cut.edited(key);
        let mut queue = lock(&self.queue);
        queue.outdate(key);
        for beside in Face::ALL.into_iter().filter_map(|face| shape.neighbour(key, face)) {
            queue.outdate(beside);
        }
        self.changed = true;
    }
}

/// Starts a streamer for a new world.
pub fn start(
    mut commands: Commands,
    world: Res<VoxelWorld>,
    materials: Res<ChunkMaterials>,
    meshing: Res<Meshing>,
    contents: Res<ChunkContents>,
    gate: Res<FrameGate>,
) {
    commands.insert_resource(Streamer::new(Builder {
        mesher: meshing.mesher(world.0.materials()),
        ambient_occlusion: meshing.ambient_occlusion,
        vertices: materials.vertices(),
        wants_relief: materials.wants_relief(),
        contents: contents.clone(),
        gate: gate.clone(),
        world: world.0.clone(),
    }));
}

/// Brings the picking index in line with what a drawn node shows.
fn index_drawn(residents: &FxHashMap<ChunkKey, Resident>, drawn: &mut NodeTree, key: ChunkKey) {
    match residents.get(&key) {
        Some(resident) if resident.chunk.is_some() => drawn.insert(key, resident.bounds),
        _ => {
            drawn.remove(key);
        }
    }
}
