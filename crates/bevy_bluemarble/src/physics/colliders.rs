//! Chunks near entities that collide become colliders, off the main thread.

use std::collections::hash_map::Entry;

use avian3d::prelude::*;
use bevy::prelude::*;
use bluemarble_core::{ChunkKey, Face, Shape, key::CHUNK_EDGE};
use bluemarble_mesh::{ChunkMesh, MeshOptions};
use bluemarble_terrain::Classification;
use crossbeam_channel::{Receiver, Sender};
use glam::{DVec3, IVec3, ivec3};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{PhysicsOrigin, WorldBody};
use crate::{
    bake::{Baker, Vertices},
    edit::EditApplied,
    frame::NodeFrame,
    job::{Builder, Meshed},
    space::WorldPosition,
    streaming::Streamer,
    workers,
};

/// Voxels near this entity are obstacles: the player, a creature, a place where something lies.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
#[require(WorldPosition)]
pub struct Collides {
    /// How near, in metres.
    pub radius_m: f64,
}

impl Default for Collides {
    fn default() -> Self {
        Self { radius_m: 32.0 }
    }
}

/// Marks the collider of a chunk of lod 0.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoxelCollider(pub ChunkKey);

/// What colliders do and hold now.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
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
const PLACED_A_FRAME: usize = 4;
/// Chunks are looked for anew when something that collides has moved so far, in metres, and so much
/// further than they have to be.
const MOVED_M: f64 = 1.0;
/// A collider goes when it is so much further away than it had to be near, in metres.
const LINGER_M: f64 = 8.0;
/// No collider is built further away than so many chunks.
const MOST_CHUNKS: f64 = 64.0;

/// A built collider: the shape and its triangles, or nothing to collide with.
type Built = Option<(Collider, usize)>;

/// A chunk near something that collides.
#[derive(Default)]
struct Ground {
    entity: Option<Entity>,
    triangles: usize,
    /// It was built at least once.
    is_built: bool,
    is_running: bool,
}

/// The chunks near everything that collides.
#[derive(Resource)]
pub struct Colliders {
    grounds: FxHashMap<ChunkKey, Ground>,
    /// Those of them that are to be built, for the first time or anew.
    waiting: FxHashSet<ChunkKey>,
    /// Where things that collide were when chunks were last looked for.
    looked_from: Vec<Sphere>,
    ended: Receiver<(ChunkKey, Built)>,
    end: Sender<(ChunkKey, Built)>,
    running: usize,
}

impl Default for Colliders {
    fn default() -> Self {
        let (end, ended) = crossbeam_channel::unbounded();
        Self {
            grounds: FxHashMap::default(),
            waiting: FxHashSet::default(),
            looked_from: Vec::new(),
            ended,
            end,
            running: 0,
        }
    }
}

/// Keeps colliders where something collides.
pub fn stream(
    mut commands: Commands,
    mut colliders: ResMut<Colliders>,
    mut statistics: ResMut<ColliderStatistics>,
    streamer: Res<Streamer>,
    origin: Res<PhysicsOrigin>,
    near: Query<(&WorldPosition, &Collides)>,
    bodies: Query<Entity, (With<WorldBody>, With<Sleeping>)>,
    mut edited: MessageReader<EditApplied>,
) {
    let colliders = &mut *colliders;
    let builder = streamer.builder();
    let shape = builder.world.shape();
    for key in edited.read().flat_map(|edit| &edit.chunks) {
        let beside = Face::ALL.into_iter().filter_map(|face| shape.neighbour(*key, face));
        for key in beside.chain([*key]) {
            if colliders.grounds.contains_key(&key) {
                colliders.waiting.insert(key);
            }
        }
    }
    let spheres: Vec<Sphere> =
        near.iter().map(|(position, near)| (position.0, near.radius_m)).collect();
    if !are_near_enough(&spheres, &colliders.looked_from) {
        colliders.want(&mut commands, shape, &spheres);
        colliders.looked_from.clone_from(&spheres);
    }
    if colliders.place(&mut commands, shape, &origin) {
        // Whatever slept on the old ground finds out about the new.
        bodies.iter().for_each(|body| commands.queue(WakeBody(body)));
    }
    colliders.start(builder, &spheres);
    statistics.set_if_neq(colliders.statistics());
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

impl Colliders {
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
                    commands.entity(entity).despawn();
                }
            }
            is_near
        });
    }

    /// Places what is finished. True if anything has changed.
    fn place(&mut self, commands: &mut Commands, shape: Shape, origin: &PhysicsOrigin) -> bool {
        let mut changed = false;
        for _ in 0..PLACED_A_FRAME {
            let Ok((key, built)) = self.ended.try_recv() else { break };
            self.running -= 1;
            let Some(ground) = self.grounds.get_mut(&key) else { continue };
            (ground.is_running, ground.is_built, changed) = (false, true, true);
            if let Some(old) = ground.entity.take() {
                commands.entity(old).despawn();
            }
            ground.triangles = built.as_ref().map_or(0, |(_, triangles)| *triangles);
            ground.entity = built.map(|(collider, _)| {
                let frame = NodeFrame::new(&shape.node_bounds(key));
                let position = origin.physics_from_world(frame.centre);
                let rotation = frame.transform(Vec3::ZERO).rotation;
                // Without a Transform the engine would take the collider's scale to be nothing.
                let place = (Position(position), Rotation(rotation), Transform::default());
                commands.spawn((VoxelCollider(key), RigidBody::Static, collider, place)).id()
            });
        }
        changed
    }

    /// Starts jobs, the nearest first.
    fn start(&mut self, builder: &Builder, spheres: &[Sphere]) {
        let shape = builder.world.shape();
        while self.running < JOBS {
            let distance_m = |key: ChunkKey| {
                let bounds = shape.node_bounds(key);
                let near = spheres.iter().map(|&(centre, _)| bounds.distance_m(centre));
                near.fold(f64::INFINITY, f64::min)
            };
            let is_running = |key| self.grounds.get(key).is_some_and(|ground| ground.is_running);
            let next = (self.waiting.iter())
                .filter(|key| !is_running(key))
                .map(|&key| (distance_m(key), key))
                .min_by(|a, b| a.0.total_cmp(&b.0));
            let Some((_, key)) = next else { break };
            self.waiting.remove(&key);
            let Some(ground) = self.grounds.get_mut(&key) else { continue };
            if builder.world.classify(key) != Classification::Mixed {
                ground.is_built = true;
                continue;
            }
            ground.is_running = true;
            self.running += 1;
            let (builder, end) = (builder.clone(), self.end.clone());
            workers::pool()
                .spawn(async move {
                    let _ = end.send((key, build(&builder, key).await));
                })
                .detach();
        }
    }
}

/// The chunks of lod 0 within a sphere.
fn chunks_near(shape: Shape, centre: DVec3, radius_m: f64, mut found: impl FnMut(ChunkKey)) {
    let (region, lattice) = shape.from_world(centre);
    // Cells of a planet are narrower towards the corners of a face.
    let reach = (radius_m / shape.voxel_m() * 1.5).min(MOST_CHUNKS * f64::from(CHUNK_EDGE));
    let chunk = |voxel: DVec3| voxel.floor().as_ivec3() >> CHUNK_EDGE.ilog2() as i32;
    let (low, high) = (chunk(lattice - reach), chunk(lattice + reach));
    for y in low.y..=high.y {
        for z in low.z..=high.z {
            for x in low.x..=high.x {
                let cell = ivec3(x, y, z) * CHUNK_EDGE + CHUNK_EDGE / 2;
                let Some(place) = shape.place(region, 0, cell) else { continue };
                let key = ChunkKey::of_voxel(place.region, 0, place.cell);
                if shape.node_bounds(key).distance_m(centre) <= radius_m {
                    found(key);
                }
            }
        }
    }
}

/// Makes the collider of a chunk.
async fn build(builder: &Builder, key: ChunkKey) -> Built {
    let options = MeshOptions { max_edge: CHUNK_EDGE as u32, ..MeshOptions::default() };
    let go_on = || {
        builder.gate.pass();
        true
    };
    match builder.mesh(key, options, &go_on).await {
        Ok(Meshed::Surface(_, _, mesh)) => trimesh(builder, key, &mesh),
        Ok(Meshed::Stopped | Meshed::Hidden) => None,
        Err(error) => {
            error!("chunk {key} cannot be stood on: {error}");
            None
        }
    }
}

/// The triangles of opaque voxels, in metres in the node's frame.
fn trimesh(builder: &Builder, key: ChunkKey, mesh: &ChunkMesh) -> Built {
    let shape = builder.world.shape();
    let frame = NodeFrame::new(&shape.node_bounds(key));
    let mut baker = Baker::new(shape, key, &frame, builder.world.materials(), Vertices::Standard);
    let mut corners: FxHashMap<IVec3, u32> = FxHashMap::default();
    let (mut points, mut triangles) = (Vec::new(), Vec::new());
    for quad in &mesh.opaque {
        let [a, b, c, d] = quad.corners().map(|corner| {
            *corners.entry(corner).or_insert_with(|| {
                points.push(baker.corner_m(corner));
                points.len() as u32 - 1
            })
        });
        triangles.extend([[a, b, c], [a, c, d]]);
    }
    let first = points.len() as u32;
    points.extend(mesh.smooth.vertices.iter().map(|vertex| baker.place_m(vertex.position)));
    let (smooth, _) = mesh.smooth.indices.as_chunks::<3>();
    triangles.extend(smooth.iter().map(|corners| corners.map(|corner| first + corner)));
    if triangles.is_empty() {
        return None;
    }
    let count = triangles.len();
    match Collider::try_trimesh_with_config(points, triangles, TrimeshFlags::FIX_INTERNAL_EDGES) {
        Ok(collider) => Some((collider, count)),
        Err(error) => {
            error!("chunk {key} cannot be stood on: {error}");
            None
        }
    }
}
