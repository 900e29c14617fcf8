//! What a world must do, whatever is edited.

mod answers;
mod crash;
mod durability;
mod edges;
mod edits;
mod import;
mod indexing;
mod listing;
mod moment;
mod parents;
mod reports;
mod snapshot;
mod threads;

#[path = "../../../../bluemarble_store/src/store/tests/faulty.rs"]
mod faulty;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};

use bluemarble_core::{
    CHUNK_VOLUME, Chunk, ChunkKey, LatticeBox, LatticePos, MAX_LOD, MaterialId, MaterialTable,
    REGION_EDGE, Shape, VoxelBox, VoxelPos, cell_index, cell_position,
};
use bluemarble_store::{
    ChunkStore, StoreError, WorldMetadata,
    log::{LogOptions, sim::SimDisk},
};
use bluemarble_terrain::{Baseline, Classification, NoiseBaseline, Superflat, Survey};
use futures::executor::block_on;
use glam::{DVec3, IVec3, ivec3};
use object_store::{ObjectStore, ObjectStoreExt, memory::InMemory};
use proptest::prelude::*;

use super::HybridWorld;
use crate::{EditBatch, EditOp, EditReport, WorldError};

const AIR: MaterialId = MaterialId::AIR;
const GRASS: MaterialId = MaterialId(2);
const SOIL: MaterialId = MaterialId(7);
const GRANITE: MaterialId = MaterialId(10);
const BRICK: MaterialId = MaterialId(13);

/// Layers with the surface at y = 0.
fn plain() -> Arc<dyn Baseline> {
    let layers = vec![(GRASS, 1), (SOIL, 3), (GRANITE, 30), (MaterialId(11), 1)];
    Arc::new(Superflat::new(1.0, layers).expect("layers"))
}

fn hills() -> Arc<dyn Baseline> {
    Arc::new(NoiseBaseline::new(1.0, 7, &MaterialTable::standard()).expect("hills"))
}

/// A planet of thin layers up to sea level. As with every real baseline, a lod is not what the lod below
/// it downsamples to.
struct Planet;

const SEA: i32 = REGION_EDGE / 2;
/// Cells of thin layers below the surface, at each lod.
const THIN: i32 = 100;

impl Planet {
    fn cell(y: i32, lod: u8) -> MaterialId {
        let sea = SEA >> lod;
        match y - sea {
            0.. => AIR,
            depth if depth < -THIN => GRANITE,
            depth => MaterialId(2 + (depth.unsigned_abs() as u16 + u16::from(lod)) % 9),
        }
    }
}

impl Baseline for Planet {
    fn shape(&self) -> Shape {
        Shape::earth()
    }

    fn fill(&self, key: ChunkKey, chunk: &mut Chunk) {
        let layers: [_; 64] =
            std::array::from_fn(|y| Self::cell(key.pos.y * 64 + y as i32, key.lod));
        *chunk = if layers.iter().all(|&layer| layer == layers[0]) {
            Chunk::uniform(layers[0])
        } else {
            let cells: Vec<_> = layers.iter().flat_map(|&layer| [layer; 4096]).collect();
            Chunk::from_cells(&cells)
        };
    }

    fn classify(&self, voxels: VoxelBox, lod: u8) -> Classification {
        let VoxelBox { voxels, .. } = voxels;
        if voxels.min.y >= SEA {
            Classification::Uniform(AIR)
        } else if voxels.max.y < SEA - ((THIN + 2) << lod) {
            Classification::Uniform(GRANITE)
        } else {
            Classification::Mixed
        }
    }

    fn surface_y(&self, _region: u8, _x: f64, _z: f64) -> f64 {
        f64::from(SEA)
    }

    fn fingerprint(&self) -> String {
        "layers".to_owned()
    }
}

/// All edited chunks, wherever they are.
fn all_edited(world: &HybridWorld) -> Vec<ChunkKey> {
    block_on(world.edited_unsorted()).expect("lists")
}

type Hook = Box<dyn FnOnce() + Send>;

/// A baseline that does something else, once, before it hands over a certain chunk.
struct Interrupted {
    baseline: Arc<dyn Baseline>,
    hook: Mutex<Option<(ChunkKey, Hook)>>,
}

impl Interrupted {
    fn new(baseline: Arc<dyn Baseline>) -> Arc<Self> {
        Arc::new(Self { baseline, hook: Mutex::new(None) })
    }

    /// Runs a closure on another thread, and waits for it, when `key` is filled next.
    fn at(&self, key: ChunkKey, work: impl FnOnce() + Send + 'static) {
        let hook = || std::thread::spawn(work).join().expect("the interruption works");
        *self.hook.lock().expect("whole") = Some((key, Box::new(hook)));
    }
}

impl Baseline for Interrupted {
    fn shape(&self) -> Shape {
        self.baseline.shape()
    }

    fn fill(&self, key: ChunkKey, chunk: &mut Chunk) {
        self.baseline.fill(key, chunk);
        let hook = self.hook.lock().expect("whole").take_if(|(at, _)| *at == key);
        if let Some((_, hook)) = hook {
            hook();
        }
    }

    fn classify(&self, voxels: VoxelBox, lod: u8) -> Classification {
        self.baseline.classify(voxels, lod)
    }

    fn surface_y(&self, region: u8, x: f64, z: f64) -> f64 {
        self.baseline.surface_y(region, x, z)
    }

    fn fingerprint(&self) -> String {
        self.baseline.fingerprint()
    }
}

fn in_memory(baseline: &Arc<dyn Baseline>) -> HybridWorld {
    HybridWorld::in_memory(Arc::clone(baseline), MaterialTable::standard())
}

fn objects() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

/// Opens the world in an object store.
fn open(objects: &Arc<dyn ObjectStore>, baseline: &Arc<dyn Baseline>) -> HybridWorld {
    let materials = MaterialTable::standard();
    let metadata = WorldMetadata::new(baseline.shape(), baseline.fingerprint(), &materials);
    let world = async {
        let store = ChunkStore::with_objects(Arc::clone(objects), &metadata).await?;
        HybridWorld::builder(Arc::clone(baseline), materials).with_store(store).await
    };
    block_on(world).expect("opens")
}

/// The world with a log on a disk of its own.
fn with_log(world: HybridWorld, disk: &SimDisk) -> HybridWorld {
    world.with_log(Arc::new(disk.clone()), LogOptions::default()).expect("a log")
}

fn read(world: &HybridWorld, key: ChunkKey) -> Chunk {
    block_on(world.read(key)).expect("reads")
}

fn edit(world: &HybridWorld, batch: &EditBatch) -> EditReport {
    block_on(world.edit(batch)).expect("edits")
}

fn set(world: &HybridWorld, region: u8, voxel: IVec3, material: MaterialId) -> EditReport {
    edit(world, EditBatch::new().set(VoxelPos::new(region, voxel), material))
}

fn material(world: &HybridWorld, region: u8, voxel: IVec3) -> MaterialId {
    block_on(world.material(VoxelPos::new(region, voxel))).expect("reads")
}

fn update_parents(world: &HybridWorld) -> Vec<ChunkKey> {
    block_on(world.update_parents()).expect("updates")
}

fn flush(world: &HybridWorld) -> usize {
    block_on(world.checkpoint()).expect("flushes").chunks
}

fn filled(baseline: &Arc<dyn Baseline>, key: ChunkKey) -> Chunk {
    let mut chunk = Chunk::default();
    baseline.fill(key, &mut chunk);
    chunk
}

/// Faster than to compare cell by cell.
fn same(one: &Chunk, two: &Chunk) -> bool {
    one.as_uniform() == two.as_uniform() && one.to_cells() == two.to_cells()
}

fn sorted(mut keys: Vec<ChunkKey>) -> Vec<ChunkKey> {
    keys.sort_unstable_by_key(|key| (key.lod, key.region, key.pos.to_array()));
    keys
}

fn ancestors(key: ChunkKey) -> impl Iterator<Item = ChunkKey> {
    std::iter::successors(key.parent(), |key| key.parent())
}

/// Single voxels in this many chunks of a plain, in a row.
fn row(chunks: i32) -> EditBatch {
    let mut batch = EditBatch::new();
    for x in 0..chunks {
        batch.set(VoxelPos::new(0, ivec3(64 * x + 3, -20, 5)), BRICK);
    }
    batch
}

fn batch(ops: &[EditOp]) -> EditBatch {
    let mut batch = EditBatch::new();
    for &op in ops {
        batch.push(op);
    }
    batch
}

/// Steps of a batch around a voxel, none larger than `reach`.
fn any_op(around: IVec3, reach: i32) -> impl Strategy<Value = EditOp> {
    let near = move || {
        (-reach..=reach, -reach..=reach, -reach..=reach)
            .prop_map(move |(x, y, z)| around + ivec3(x, y, z))
    };
    let kind = prop::sample::select(vec![AIR, AIR, GRANITE, BRICK, MaterialId(1)]);
    (0..4, near(), near(), 0.1..f64::from(reach), kind).prop_map(
        move |(op, one, two, radius, material)| {
            let region = 0;
            match op {
                0 => EditOp::Set(crate::Edit { pos: VoxelPos::new(region, one), material }),
                2 => {
                    let height = radius as u32 + 1;
                    EditOp::Column { base: VoxelPos::new(region, one), height, material }
                }
                1 => {
                    let voxels = LatticeBox::new(one.min(two), one.max(two) + 1);
                    EditOp::Box { region, voxels, material }
                }
                _ => {
                    let centre = one.as_dvec3() + (two - around).as_dvec3() / 7.0;
                    let centre = LatticePos::new(region, centre);
                    EditOp::Sphere { centre, radius, material }
                }
            }
        },
    )
}

/// Whether a step changes a voxel, by the definition of the step.
fn reaches(op: &EditOp, voxel: IVec3) -> bool {
    match *op {
        EditOp::Set(edit) => edit.pos.voxel == voxel,
        EditOp::Column { base, height, .. } => base.column(height).voxels.contains(voxel),
        EditOp::Box { voxels, .. } => voxels.contains(voxel),
        EditOp::Sphere { centre, radius, .. } => {
            let middle: DVec3 = voxel.as_dvec3() + 0.5;
            middle.distance(centre.lattice) <= radius
        }
    }
}
