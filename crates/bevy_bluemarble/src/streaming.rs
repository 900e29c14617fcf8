//! The streamer: feeds the cut, hands out jobs, turns results into entities within a budget.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bevy::{
    camera::{primitives::Aabb, visibility::NoAutoAabb},
    light::{NotShadowCaster, NotShadowReceiver},
    prelude::*,
    tasks::AsyncComputeTaskPool,
};
use big_space::prelude::CellCoord;
use bluemarble_core::{Chunk, ChunkKey, MAX_LOD, shape::NodeBounds};
use bluemarble_index::DrawnIndex;
use bluemarble_mesh::BlockyMesher;
use bluemarble_world::{HybridWorld, WorldError};
use crossbeam_channel::{Receiver, Sender};
use rustc_hash::FxHashMap;

use crate::{
    cut::{Cut, View},
    job::{Builder, BuiltNode},
    material::{VoxelMaterial, VoxelMaterials},
    queue::JobQueue,
    space::{VoxelWorld, WorldRoot, WorldSpace},
    statistics::StreamingStatistics,
    viewer::Views,
};

/// Budgets of the streamer.
#[derive(Resource, Clone, Debug)]
pub struct StreamingSettings {
    /// Main-thread time a frame for turning results into entities. At least one result is taken.
    pub frame_budget: Duration,
    /// Bytes of meshes added a frame.
    pub frame_budget_bytes: usize,
    /// Entities spawned and despawned a frame.
    pub frame_budget_entities: usize,
    /// Jobs in flight at once: few, so that the order of the queue can change.
    pub jobs_in_flight: usize,
    /// Bytes of meshes and of chunks kept for picking. Above it everything is drawn coarser until it fits.
    pub memory_budget_bytes: usize,
}

impl Default for StreamingSettings {
    fn default() -> Self {
        let workers = AsyncComputeTaskPool::try_get().map_or(1, |pool| pool.thread_num());
        Self {
            frame_budget: Duration::from_micros(2_000),
            frame_budget_bytes: 8 << 20,
            frame_budget_entities: 128,
            jobs_in_flight: workers.max(1),
            memory_budget_bytes: 2 << 30,
        }
    }
}

/// Marks the entities that draw a node.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrawnNode(pub ChunkKey);

/// What is kept of a built node.
pub(crate) struct Resident {
    pub(crate) entities: Vec<Entity>,
    pub(crate) chunk: Option<Arc<Chunk>>,
    bounds: NodeBounds,
    mesh_bytes: usize,
    chunk_bytes: usize,
}

impl Resident {
    fn bytes(&self) -> usize {
        self.mesh_bytes + self.chunk_bytes
    }

    /// Where the node lies.
    pub(crate) fn bounds(&self) -> &NodeBounds {
        &self.bounds
    }
}

struct JobEnd {
    key: ChunkKey,
    result: Result<Option<BuiltNode>, WorldError>,
}

/// State of the streamer of one world.
#[derive(Resource)]
pub struct Streamer {
    builder: Builder,
    pub(crate) cut: Cut,
    /// Shared with the workers, who take from it what is most wanted at that moment.
    queue: Arc<Mutex<JobQueue>>,
    workers: Arc<AtomicUsize>,
    pub(crate) residents: FxHashMap<ChunkKey, Resident>,
    /// Bytes of all residents.
    resident_bytes: usize,
    /// How much coarser than viewers allow everything is drawn, so that it fits into memory.
    coarseness: f64,
    /// The drawn nodes that show something, for picking.
    pub(crate) drawn: DrawnIndex,
    ended: Receiver<JobEnd>,
    end: Sender<JobEnd>,
    /// Entities to despawn, a few a frame.
    retired: VecDeque<Entity>,
    views: Vec<View>,
    /// Something has happened that may change the cut.
    changed: bool,
    /// Something has happened since the last measurement.
    unmeasured: bool,
    retry_at: Option<Instant>,
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
    fn new(world: HybridWorld) -> Self {
        let (end, ended) = crossbeam_channel::bounded(2 * RESULTS_WAITING);
        let mesher = Arc::new(BlockyMesher::new(world.materials()));
        let shape = world.shape();
        Self {
            cut: Cut::new(shape),
            builder: Builder { world, mesher },
            queue: Arc::default(),
            workers: Arc::default(),
            residents: FxHashMap::default(),
            resident_bytes: 0,
            coarseness: 1.0,
            drawn: DrawnIndex::new(),
            ended,
            end,
            retired: VecDeque::new(),
            views: Vec::new(),
            changed: true,
            unmeasured: true,
            retry_at: None,
        }
    }

    /// The world that is streamed.
    pub fn world(&self) -> &HybridWorld {
        &self.builder.world
    }

    /// Draws everything coarser while memory is short, and finer again when there is much.
    fn fit_into(&mut self, budget_bytes: usize) {
        let before = self.coarseness;
        if self.resident_bytes > budget_bytes {
            self.coarseness = (before * COARSER_A_FRAME).min(MOST_COARSENESS);
        } else if (self.resident_bytes as f64) < budget_bytes as f64 * ROOMY_SHARE {
            self.coarseness = (before / COARSER_A_FRAME).max(1.0);
        }
        if self.coarseness != before {
            self.cut.set_coarseness(self.coarseness);
            self.changed = true;
        }
    }

    /// Builds node after node, the most wanted first, until none is left or the results pile up.
    fn work(&self) -> impl Future<Output = ()> + Send + 'static {
        let (builder, end) = (self.builder.clone(), self.end.clone());
        let (queue, workers) = (self.queue.clone(), self.workers.clone());
        async move {
            while end.len() < RESULTS_WAITING {
                let Some((key, cancelled)) = lock(&queue).start() else { break };
                let result = builder.build(key, &cancelled).await;
                if end.send(JobEnd { key, result }).is_err() {
                    break;
                }
            }
            workers.fetch_sub(1, Ordering::Relaxed);
        }
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
pub fn start(mut commands: Commands, world: Res<VoxelWorld>) {
    commands.insert_resource(Streamer::new(world.0.clone()));
}

/// Takes finished jobs from the workers and spawns what they made, hidden, within the budget.
pub fn receive(
    mut commands: Commands,
    mut streamer: ResMut<Streamer>,
    settings: Res<StreamingSettings>,
    mut statistics: ResMut<StreamingStatistics>,
    mut meshes: ResMut<Assets<Mesh>>,
    materials: Res<VoxelMaterials>,
    space: WorldSpace,
    root: Query<Entity, With<WorldRoot>>,
) {
    let Ok(root) = root.single() else { return };
    let streamer = &mut *streamer;
    let start = Instant::now();
    let (mut bytes, mut entities) = (0, 0);
    while start.elapsed() < settings.frame_budget
        && bytes < settings.frame_budget_bytes
        && entities < settings.frame_budget_entities
    {
        let Ok(JobEnd { key, result }) = streamer.ended.try_recv() else { break };
        let outdated = lock(&streamer.queue).finish(key);
        streamer.changed = true;
        streamer.unmeasured = true;
        let node = match result {
            Ok(Some(node)) => node,
            Ok(None) => {
                streamer.cut.unanswered(key);
                continue;
            }
            Err(error) => {
                streamer.cut.unanswered(key);
                error!("chunk {key} cannot be shown: {error}");
                statistics.failed += 1;
                streamer.retry_at = Some(Instant::now() + RETRY_AFTER);
                continue;
            }
        };
        if !streamer.cut.arrived(key) {
            continue;
        }
        if outdated {
            streamer.cut.edited(key);
        }
        let lod = usize::from(key.lod);
        statistics.surveyed_by_lod[lod] += u64::from(!node.read);
        statistics.read_by_lod[lod] += u64::from(node.read);
        statistics.read_empty_by_lod[lod] += u64::from(node.read && node.quads == 0);
        statistics.meshed_by_lod[lod] += u64::from(node.quads > 0);
        let (mesh_bytes, chunk_bytes) = (node.upload_bytes(), node.resident_bytes());
        let BuiltNode { chunk, bounds, opaque, see_through, .. } = node;
        let was_drawn = streamer.cut.drawn().contains(&key);
        let passes = [(opaque, &materials.opaque), (see_through, &materials.see_through)];
        let mut spawned = Vec::new();
        for (mesh, material) in passes {
            let (Some(mesh), Some((cell, offset))) = (mesh, space.place(bounds.centre)) else {
                continue;
            };
            let visibility = if was_drawn { Visibility::Visible } else { Visibility::Hidden };
            let entity = spawn(
                &mut commands,
                root,
                (cell, offset),
                key,
                &bounds,
                (meshes.add(mesh), material.clone()),
                visibility,
            );
            spawned.push(entity);
        }
        bytes += mesh_bytes;
        entities += spawned.len();
        let resident = Resident { entities: spawned, chunk, bounds, mesh_bytes, chunk_bytes };
        streamer.resident_bytes += resident.bytes();
        if let Some(old) = streamer.residents.insert(key, resident) {
            streamer.resident_bytes -= old.bytes();
            // An edited node: the new one is visible from this frame on, the old one is not.
            for entity in old.entities {
                commands.entity(entity).insert(Visibility::Hidden);
                streamer.retired.push_back(entity);
            }
        }
        if was_drawn {
            index_drawn(&streamer.residents, &mut streamer.drawn, key);
        }
    }
    for _ in 0..settings.frame_budget_entities {
        let Some(entity) = streamer.retired.pop_front() else { break };
        commands.entity(entity).try_despawn();
        streamer.unmeasured = true;
    }
}

fn spawn(
    commands: &mut Commands,
    root: Entity,
    (cell, offset): (CellCoord, Vec3),
    key: ChunkKey,
    bounds: &NodeBounds,
    (mesh, material): (Handle<Mesh>, Handle<VoxelMaterial>),
    visibility: Visibility,
) -> Entity {
    // Skirts reach one chunk below the node.
    let half = bounds.aligned_half_extent_m().as_vec3() * 2.0;
    commands
        .spawn((
            DrawnNode(key),
            ChildOf(root),
            cell,
            Transform::from_translation(offset),
            Mesh3d(mesh),
            MeshMaterial3d(material),
            Aabb { center: Vec3::ZERO.into(), half_extents: half.into() },
            (NoAutoAabb, NotShadowCaster, NotShadowReceiver),
            visibility,
        ))
        .id()
}

/// Brings the picking index in line with what a drawn node shows.
fn index_drawn(residents: &FxHashMap<ChunkKey, Resident>, drawn: &mut DrawnIndex, key: ChunkKey) {
    match residents.get(&key) {
        Some(resident) if resident.chunk.is_some() => drawn.insert(key, resident.bounds),
        _ => {
            drawn.remove(key);
        }
    }
}

/// Selects the cut, swaps what is drawn and hands out jobs.
pub fn select(
    mut commands: Commands,
    mut streamer: ResMut<Streamer>,
    settings: Res<StreamingSettings>,
    views: Res<Views>,
) {
    let streamer = &mut *streamer;
    if streamer.retry_at.is_some_and(|at| Instant::now() >= at) {
        streamer.retry_at = None;
        streamer.changed = true;
    }
    streamer.fit_into(settings.memory_budget_bytes);
    if streamer.changed || streamer.views != views.0 {
        streamer.changed = false;
        streamer.unmeasured = true;
        streamer.views.clone_from(&views.0);
        let world = streamer.builder.world.clone();
        let change = streamer.cut.update(&views.0, |key| world.classify(key));
        let mut show = |key: &ChunkKey, visibility: Visibility| {
            for &entity in
                streamer.residents.get(key).map_or(&[][..], |resident| &resident.entities)
            {
                commands.entity(entity).insert(visibility);
            }
        };
        for key in &change.shown {
            show(key, Visibility::Visible);
        }
        for key in &change.hidden {
            show(key, Visibility::Hidden);
        }
        for &key in &change.shown {
            index_drawn(&streamer.residents, &mut streamer.drawn, key);
        }
        for &key in &change.hidden {
            streamer.drawn.remove(key);
        }
        for key in change.dropped {
            if let Some(resident) = streamer.residents.remove(&key) {
                streamer.resident_bytes -= resident.bytes();
                streamer.retired.extend(resident.entities);
            }
        }
        let (cut, mut queue) = (&streamer.cut, lock(&streamer.queue));
        if change.replaces_requests {
            queue.replace(change.requests_unsorted, |key| cut.wants(key));
        } else {
            queue.add(change.requests_unsorted);
        }
    }
    if streamer.retry_at.is_some() {
        return;
    }
    let limit = settings.jobs_in_flight.clamp(1, RESULTS_WAITING);
    let missing = lock(&streamer.queue).waiting().min(limit);
    while streamer.workers.load(Ordering::Relaxed) < missing {
        streamer.workers.fetch_add(1, Ordering::Relaxed);
        AsyncComputeTaskPool::get().spawn(streamer.work()).detach();
    }
}

/// Brings the statistics up to date.
pub fn measure(mut streamer: ResMut<Streamer>, mut statistics: ResMut<StreamingStatistics>) {
    if std::mem::take(&mut streamer.unmeasured) {
        measure_residents(&streamer, &mut statistics);
    }
    let cut = &streamer.cut;
    statistics.asked_by_lod = cut.asked;
    statistics.skipped_by_lod = cut.skipped;
    statistics.nodes = cut.len();
    let queue = lock(&streamer.queue);
    (statistics.waiting, statistics.in_flight) = (queue.waiting(), queue.in_flight());
    statistics.settled = !streamer.changed
        && !streamer.views.is_empty()
        && statistics.waiting == 0
        && statistics.in_flight == 0
        && statistics.edits_pending == 0
        && streamer.retired.is_empty()
        && streamer.retry_at.is_none();
}

/// What is held and drawn.
fn measure_residents(streamer: &Streamer, statistics: &mut StreamingStatistics) {
    let mut drawn_by_lod = [0; MAX_LOD as usize + 1];
    let (mut entities, mut mesh_bytes, mut chunk_bytes) = (0, 0, 0);
    for (key, resident) in &streamer.residents {
        entities += resident.entities.len();
        mesh_bytes += resident.mesh_bytes;
        chunk_bytes += resident.chunk_bytes;
        let shown = streamer.cut.drawn().contains(key) && !resident.entities.is_empty();
        drawn_by_lod[usize::from(key.lod)] += u64::from(shown);
    }
    statistics.drawn_by_lod = drawn_by_lod;
    statistics.entities = entities + streamer.retired.len();
    (statistics.mesh_bytes, statistics.chunk_bytes) = (mesh_bytes, chunk_bytes);
    statistics.peak_bytes = statistics.peak_bytes.max(mesh_bytes + chunk_bytes);
    statistics.coarseness = streamer.coarseness;
}
