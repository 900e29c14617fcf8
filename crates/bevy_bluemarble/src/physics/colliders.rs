//! Chunks near entities that collide become colliders, off the main thread.

use std::{collections::hash_map::Entry, time::Instant};

use avian3d::prelude::*;
use bevy::prelude::*;
use bluemarble_core::{CHUNK_EDGE, CellPos, ChunkKey, Face, LatticePos, Shape};
use bluemarble_terrain::Classification;
use crossbeam_channel::{Receiver, Sender};
use glam::{DVec3, ivec3};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    CollidesWithVoxels, PhysicsOrigin, WorldBody,
    collider::{Builder, Built, build},
};
use crate::{
    gate::FrameGate,
    meshing::{ChunkMeshing, Meshing, NodeFrame},
    space::{WorldFrame, WorldPosition},
    workers,
    world::{RETRY_AFTER, VoxelWorld, VoxelsChanged, WorkError, WorldUpkeep, guarded},
};

/// Marks the collider of a chunk of lod 0.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Reflect)]
#[reflect(Component)]
pub struct VoxelCollider {
    /// The world's entity.
    pub world: Entity,
    /// The chunk.
    pub key: ChunkKey,
}

/// What the colliders of all worlds do and hold now.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq, Reflect)]
#[reflect(Resource, Default)]
pub struct ColliderStatistics {
    /// Chunks near something that collides.
    pub wanted: usize,
    /// Of these, the ones that are there, perhaps as nothing.
    pub ready: usize,
    /// Triangles of all colliders.
    pub triangles: usize,
}

impl ColliderStatistics {
    /// Whether everything that collides can stand on something.
    pub fn is_ready(&self) -> bool {
        self.wanted > 0 && self.ready == self.wanted
    }
}

/// Colliders built at once.
const JOBS: usize = 2;
/// Colliders placed a frame: entering one into the engine's tree takes its time.
const PLACED_PER_FRAME: usize = 4;
/// Chunks are looked for anew when something that collides has moved so far, in metres, and so much
/// further than they have to be.
const MOVED_M: f64 = 1.0;
/// A collider goes when it is so much further away than it had to be near, in metres.
const LINGER_M: f64 = 8.0;
/// No collider is built further away than this, in chunks.
const MAX_CHUNKS: f64 = 64.0;

/// A chunk near something that collides.
#[derive(Default)]
struct Ground {
    entity: Option<Entity>,
    triangles: usize,
    /// It was built at least once.
    is_built: bool,
    is_running: bool,
    /// It failed, and is tried again then.
    not_before: Option<Instant>,
}

/// The chunks of a world near everything that collides.
#[derive(Component)]
pub(super) struct WorldColliders {
    builder: Option<Builder>,
    grounds: FxHashMap<ChunkKey, Ground>,
    /// Those of them that are to be built, for the first time or anew.
    waiting: FxHashSet<ChunkKey>,
    /// Where things that collide were when chunks were last looked for.
    looked_from: Vec<Sphere>,
    ended: Receiver<(ChunkKey, Result<Built, WorkError>)>,
    end: Sender<(ChunkKey, Result<Built, WorkError>)>,
    running: usize,
}

impl Default for WorldColliders {
    fn default() -> Self {
        let (end, ended) = crossbeam_channel::bounded(JOBS);
        Self {
            builder: None,
            grounds: FxHashMap::default(),
            waiting: FxHashSet::default(),
            looked_from: Vec::new(),
            ended,
            end,
            running: 0,
        }
    }
}

/// A world that is taken away is nothing to stand on.
pub(super) fn take_away(
    taken: On<Discard, VoxelWorld>,
    mut commands: Commands,
    mut worlds: Query<&mut WorldColliders>,
) {
    let Ok(mut colliders) = worlds.get_mut(taken.entity) else { return };
    let old = std::mem::take(&mut *colliders);
    for entity in old.grounds.into_values().filter_map(|ground| ground.entity) {
        commands.entity(entity).try_despawn();
    }
}

/// Keeps colliders where something collides.
pub(super) fn stream(
    mut commands: Commands,
    mut worlds: Query<(
        Entity,
        &VoxelWorld,
        Ref<WorldFrame>,
        Ref<Meshing>,
        &WorldUpkeep,
        &mut WorldColliders,
    )>,
    mut statistics: ResMut<ColliderStatistics>,
    (origin, gate): (Res<PhysicsOrigin>, Res<FrameGate>),
    near: Query<(&WorldPosition, &CollidesWithVoxels)>,
    bodies: Query<Entity, (With<WorldBody>, With<Sleeping>)>,
    mut poses: Query<(&mut Position, &mut Rotation), With<VoxelCollider>>,
    mut changed: MessageReader<VoxelsChanged>,
) {
    for VoxelsChanged { world, chunks, .. } in changed.read() {
        if let Ok((_, voxels, .., mut colliders)) = worlds.get_mut(*world) {
            colliders.note_changes(voxels.0.shape(), chunks);
        }
    }
    let mut sum = ColliderStatistics::default();
    for (entity, world, frame, meshing, upkeep, mut colliders) in &mut worlds {
        let colliders = colliders.bypass_change_detection();
        let shape = world.0.shape();
        if meshing.is_changed() || colliders.builder.is_none() {
            let meshing = ChunkMeshing::new(&world.0, &meshing);
            let (gate, user) = (gate.clone(), upkeep.user_token());
            colliders.builder = Some(Builder { meshing, gate, _user: user });
            colliders.waiting.extend(colliders.grounds.keys());
        }
        let local = |position: &WorldPosition| frame.local_from_world(position.0);
        let spheres: Vec<Sphere> =
            near.iter().map(|(position, near)| (local(position), near.radius_m)).collect();
        if !are_near_enough(&spheres, &colliders.looked_from) {
            colliders.want(&mut commands, shape, &spheres);
            colliders.looked_from.clone_from(&spheres);
        }
        let placing = Placing { world: entity, shape, frame: &frame, origin: &origin };
        if colliders.place(&mut commands, &placing) || frame.is_changed() {
            // Whatever slept on the old ground finds out about the new.
            bodies.iter().for_each(|body| commands.queue(WakeBody(body)));
        }
        if frame.is_changed() {
            for (&key, ground) in &colliders.grounds {
                if let Some(Ok(mut pose)) = ground.entity.map(|entity| poses.get_mut(entity)) {
                    (*pose.0, *pose.1) = placing.pose(key);
                }
            }
        }
        colliders.start(shape, &spheres);
        let one = colliders.statistics();
        sum.wanted += one.wanted;
        sum.ready += one.ready;
        sum.triangles += one.triangles;
    }
    statistics.set_if_neq(sum);
}

/// Where colliders of a world are placed.
struct Placing<'a> {
    world: Entity,
    shape: Shape,
    frame: &'a WorldFrame,
    origin: &'a PhysicsOrigin,
}

impl Placing<'_> {
    /// How the collider of a chunk lies for the physics engine.
    fn pose(&self, key: ChunkKey) -> (Position, Rotation) {
        let node = NodeFrame::new(&self.shape.node_bounds(key));
        let centre = self.frame.world_from_local(node.centre);
        let rotation = self.frame.rotation.as_quat() * node.transform(Vec3::ZERO).rotation;
        (Position(self.origin.physics_from_world(centre)), Rotation(rotation.normalize()))
    }
}

/// A middle and a radius in metres.
type Sphere = (DVec3, f64);

/// Whether spheres are as large as others and nearly where those are.
fn are_near_enough(spheres: &[Sphere], others: &[Sphere]) -> bool {
    spheres.len() == others.len()
        && spheres.iter().zip(others).all(|((centre, radius_m), (other, other_radius_m))| {
            radius_m == other_radius_m && centre.distance(*other) <= MOVED_M
        })
}

impl WorldColliders {
    /// Builds again what stands on chunks that have changed, and beside them.
    fn note_changes(&mut self, shape: Shape, chunks: &[ChunkKey]) {
        for &key in chunks {
            let beside = Face::ALL.into_iter().filter_map(|face| shape.neighbour(key, face));
            for key in beside.chain([key]) {
                if self.grounds.contains_key(&key) {
                    self.waiting.insert(key);
                }
            }
        }
    }

    fn statistics(&self) -> ColliderStatistics {
        let is_ready =
            |(key, ground): &(&ChunkKey, &Ground)| ground.is_built && !self.waiting.contains(*key);
        ColliderStatistics {
            wanted: self.grounds.len(),
            ready: self.grounds.iter().filter(is_ready).count(),
            triangles: self.grounds.values().map(|ground| ground.triangles).sum(),
        }
    }

    /// Whether all that is near a place was built.
    pub(super) fn are_ready_around(&self, shape: Shape, centre: DVec3, radius_m: f64) -> bool {
        let mut ready = true;
        chunks_near(shape, centre, radius_m, |key| {
            ready &= self.grounds.get(&key).is_some_and(|ground| ground.is_built);
        });
        ready
    }

    /// Notes which chunks are near, and forgets those that are not any more.
    fn want(&mut self, commands: &mut Commands, shape: Shape, spheres: &[Sphere]) {
        for &(centre, radius_m) in spheres {
            chunks_near(shape, centre, radius_m + MOVED_M, |key| {
                if let Entry::Vacant(place) = self.grounds.entry(key) {
                    place.insert(Ground::default());
                    self.waiting.insert(key);
                }
            });
        }
        self.grounds.retain(|&key, ground| {
            let bounds = shape.node_bounds(key);
            let is_near = spheres
                .iter()
                .any(|&(centre, radius_m)| bounds.distance_m(centre) <= radius_m + LINGER_M);
            if !is_near {
                self.waiting.remove(&key);
                if let Some(entity) = ground.entity {
                    commands.entity(entity).try_despawn();
                }
            }
            is_near
        });
    }

    /// Places what is finished. True if anything has changed.
    fn place(&mut self, commands: &mut Commands, placing: &Placing<'_>) -> bool {
        let mut changed = false;
        for _ in 0..PLACED_PER_FRAME {
            let Ok((key, built)) = self.ended.try_recv() else { break };
            self.running -= 1;
            let Some(ground) = self.grounds.get_mut(&key) else { continue };
            ground.is_running = false;
            // What it stood for before stays until it is known what takes its place.
            let built = match built {
                Ok(built) => built,
                Err(error) => {
                    error!("chunk {key} has no collider yet, trying again: {error}");
                    ground.not_before = Some(Instant::now() + RETRY_AFTER);
                    self.waiting.insert(key);
                    continue;
                }
            };
            (ground.is_built, changed) = (true, true);
            if let Some(old) = ground.entity.take() {
                commands.entity(old).try_despawn();
            }
            ground.triangles = built.as_ref().map_or(0, |(_, triangles)| *triangles);
            ground.entity = built.map(|(collider, _)| {
                let marker = VoxelCollider { world: placing.world, key };
                // Without a Transform the engine would take the collider's scale to be nothing.
                let place = (placing.pose(key), Transform::default());
                commands.spawn((marker, RigidBody::Static, collider, place)).id()
            });
        }
        changed
    }

    /// Starts jobs, the nearest first.
    fn start(&mut self, shape: Shape, spheres: &[Sphere]) {
        let Some(builder) = self.builder.clone() else { return };
        let now = Instant::now();
        while self.running < JOBS {
            let distance_m = |key: ChunkKey| {
                let bounds = shape.node_bounds(key);
                let near = spheres.iter().map(|&(centre, _)| bounds.distance_m(centre));
                near.fold(f64::INFINITY, f64::min)
            };
            let is_due = |key: &&ChunkKey| {
                self.grounds.get(*key).is_none_or(|ground| {
                    !ground.is_running && ground.not_before.is_none_or(|then| then <= now)
                })
            };
            let next = (self.waiting.iter())
                .filter(is_due)
                .map(|&key| (distance_m(key), key))
                .min_by(|a, b| a.0.total_cmp(&b.0));
            let Some((_, key)) = next else { break };
            self.waiting.remove(&key);
            let Some(ground) = self.grounds.get_mut(&key) else { continue };
            if builder.meshing.world.classify(key) != Classification::Mixed {
                ground.is_built = true;
                continue;
            }
            ground.is_running = true;
            self.running += 1;
            let (builder, end) = (builder.clone(), self.end.clone());
            workers::pool()
                .spawn(async move {
                    let built = guarded(build(&builder, key)).await;
                    let _ = end.send((key, built));
                })
                .detach();
        }
    }
}

/// The chunks of lod 0 within a sphere.
fn chunks_near(shape: Shape, centre: DVec3, radius_m: f64, mut found: impl FnMut(ChunkKey)) {
    let LatticePos { region, lattice } = shape.lattice_from_local(centre);
    // Cells of a planet are narrower towards the corners of a face.
    let wanted = radius_m / shape.voxel_m() * 1.5;
    let reach = wanted.min(MAX_CHUNKS * f64::from(CHUNK_EDGE));
    if wanted > reach {
        warn_once!(
            "voxels collide no further away than {} m in this world: give CollidesWithVoxels a smaller radius_m than {radius_m}",
            reach * shape.voxel_m() / 1.5
        );
    }
    let chunk = |voxel: DVec3| voxel.floor().as_ivec3() >> CHUNK_EDGE.ilog2() as i32;
    let (low, high) = (chunk(lattice - reach), chunk(lattice + reach));
    for y in low.y..=high.y {
        for z in low.z..=high.z {
            for x in low.x..=high.x {
                let cell = ivec3(x, y, z) * CHUNK_EDGE + CHUNK_EDGE / 2;
                let Some(place) = shape.fold(CellPos::new(region, 0, cell)) else { continue };
                let key = place.chunk();
                if shape.node_bounds(key).distance_m(centre) <= radius_m {
                    found(key);
                }
            }
        }
    }
}
