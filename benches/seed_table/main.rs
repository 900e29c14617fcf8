//! The latencies that the project's design promised, each beside what is measured.
//!
//!     cargo bench -p bluemarble_benches --bench seed_table [-- ROUNDS]
//!
//! The world is a directory on disk: hills, a kilometre each way and 256 m high, 20,000 edits in them, folded into the
//! store and indexed. `warm` is the median of many questions to one reader, `first` the median of the first
//! question after opening the world, when everything comes from disk or is made. The design's update is a write to
//! an array in memory: so is `warm`, an update that all readers see, in a world without a log; `durable` is on disk
//! when it is answered, with all that it takes.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::{hint::black_box, path::Path, sync::Arc, time::Instant};

use bluemarble_benches::{random::Random, table};
use bluemarble_core::{
    Edit, EditBatch, LatticeBox, LatticePos, MaterialId, MaterialTable, Ray, VoxelBox, VoxelPos,
};
use bluemarble_store::log::{Durability, LogOptions};
use bluemarble_terrain::{Baseline, NoiseBaseline};
use bluemarble_world::{Exactness, HybridWorld, RayOptions, WorldReader};
use futures::executor::block_on;
use glam::{IVec3, UVec3, dvec3, ivec3};

/// Openings of the world, and batches of a million.
const ROUNDS: usize = 5;
/// Questions of a kind that one reader is asked.
const QUESTIONS: usize = 1000;
const BRICK: MaterialId = MaterialId(13);
/// A kilometre each way, half of the height below the sea.
const PLACE: LatticeBox = LatticeBox::new(ivec3(0, -128, 0), ivec3(1000, 128, 1000));

fn hills() -> Arc<dyn Baseline> {
    Arc::new(NoiseBaseline::new(1.0, 7, &MaterialTable::standard()).expect("hills"))
}

fn open(dir: &Path, durability: Durability) -> HybridWorld {
    let options = LogOptions { durability, ..LogOptions::default() };
    let world = HybridWorld::builder(hills(), MaterialTable::standard())
        .log(options)
        .open(dir)
        .expect("opens");
    block_on(world.update_parents()).expect("parents");
    world
}

fn voxel(random: &mut Random) -> IVec3 {
    let size = PLACE.size();
    PLACE.min + ivec3(random.below(size.x), random.below(size.y), random.below(size.z))
}

fn batch(random: &mut Random, count: usize) -> EditBatch {
    let edit = |_| Edit { pos: VoxelPos::new(0, voxel(random)), material: BRICK };
    (0..count).map(edit).collect::<EditBatch>()
}

/// Edits in the way of people: spheres near the ground, and voxels beside them.
fn prepare(dir: &Path) {
    let world = open(dir, Durability::None);
    let mut random = Random(5);
    let mut edits = EditBatch::new();
    for _ in 0..200 {
        let at = voxel(&mut random);
        let ground_y = world.ground_y_estimate(0, at.x.into(), at.z.into());
        let centre = dvec3(at.x.into(), ground_y, at.z.into());
        edits.fill_sphere(LatticePos::new(0, centre), random.between(2.0, 9.0), BRICK);
        for _ in 0..100 {
            let beside = ivec3(random.below(40), random.below(40), random.below(40)) - 20;
            edits.set(VoxelPos::new(0, centre.as_ivec3() + beside), BRICK);
        }
    }
    block_on(world.edit(&edits)).expect("edits");
    block_on(world.checkpoint()).expect("folds");
    block_on(world.rebuild_index(usize::MAX)).expect("indexes");
    block_on(world.save_index()).expect("keeps the index");
}

fn ms_of(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64() * 1e3
}

/// A row: what is asked, what the design promised, and how to ask.
struct Question {
    name: &'static str,
    promised_ms: f64,
    ask: fn(&mut WorldReader, &mut Random),
}

const QUERIES: [Question; 8] = [
    Question {
        name: "a point",
        promised_ms: 0.05,
        ask: |reader, random| {
            black_box(
                reader
                    .query_material(VoxelPos::new(0, voxel(random)), 0, Exactness::Exact)
                    .expect("reads"),
            );
        },
    },
    Question {
        name: "a region of 1 km², a grid of 16 m",
        promised_ms: 8.0,
        ask: |reader, _| sample(reader, PLACE, UVec3::new(63, 16, 63)),
    },
    Question {
        name: "a region of 1 km², boxes of one material of 16 m cells",
        promised_ms: 8.0,
        ask: |reader, _| {
            black_box(reader.query_region(VoxelBox::new(0, PLACE), 4).expect("reads"));
        },
    },
    Question {
        name: "a place at lod 8",
        promised_ms: 10.0,
        ask: |reader, random| {
            black_box(
                reader
                    .query_material(VoxelPos::new(0, voxel(random)), 8, Exactness::DOMINANT)
                    .expect("reads"),
            );
        },
    },
    Question {
        name: "64³ cells of lod 5",
        promised_ms: 10.0,
        ask: |reader, random| {
            let low = ivec3(random.below(60) * 32 - 900, -1024, random.below(60) * 32 - 900);
            sample(reader, LatticeBox::new(low, low + 2048), UVec3::splat(64));
        },
    },
    Question {
        name: "a ray of 10 km, grazing the hills",
        promised_ms: 35.0,
        ask: |reader, random| ray(reader, random, 120.0, -0.004),
    },
    Question {
        name: "a ray of 10 km through the sky, 300 m up",
        promised_ms: 35.0,
        ask: |reader, random| ray(reader, random, 300.0, 0.0),
    },
    Question {
        name: "a homogeneous region, 256³ voxels of rock",
        promised_ms: 0.1,
        ask: |reader, random| {
            let low = ivec3(random.below(900), -2000 - random.below(900), random.below(900));
            let found = reader
                .query_region(VoxelBox::new(0, LatticeBox::new(low, low + 256)), 0)
                .expect("reads");
            assert_eq!(found.len(), 1, "one material");
        },
    },
];

fn sample(reader: &mut WorldReader, voxels: LatticeBox, resolution: UVec3) {
    black_box(reader.sample_region(VoxelBox::new(0, voxels), resolution).expect("reads"));
}

fn ray(reader: &mut WorldReader, random: &mut Random, y_m: f64, slope: f64) {
    let angle = random.between(0.0, std::f64::consts::TAU);
    let origin = dvec3(random.between(0.0, 1000.0), y_m, random.between(0.0, 1000.0));
    let direction = dvec3(angle.cos(), slope, angle.sin()).normalize();
    let options = RayOptions { max_m: 10_000.0, ..RayOptions::default() };
    black_box(reader.first_hit(&Ray { origin, direction }, &options).expect("reads"));
}

/// Batches of `count` edits: the median of `rounds`, in milliseconds.
fn updates_ms(world: &HybridWorld, count: usize, rounds: usize) -> f64 {
    let mut random = Random(count as u64);
    let times = (0..rounds).map(|_| {
        let edits = batch(&mut random, count);
        ms_of(|| drop(block_on(world.edit(&edits)).expect("edits")))
    });
    table::median(times.collect())
}

fn row(name: &str, promised_ms: f64, warm_ms: f64, first_ms: f64) -> Vec<String> {
    let factor = |ms: f64| {
        let factor = promised_ms / ms;
        let verdict = if factor < 10.0 { " missed" } else { "" };
        format!("{factor:.1}{verdict}")
    };
    let ms = |ms: f64| if ms < 0.1 { format!("{ms:.5}") } else { format!("{ms:.2}") };
    vec![
        name.to_owned(),
        promised_ms.to_string(),
        ms(warm_ms),
        factor(warm_ms),
        ms(first_ms),
        factor(first_ms),
    ]
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let rounds =
        arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(ROUNDS).max(1);
    let mut rows = Vec::new();
    for (name, promised_ms, count, times) in [
        ("an update", 0.025, 1, QUESTIONS),
        ("1,000 updates at once, scattered", 180.0, 1000, rounds * 10),
        ("1,000,000 updates at once, scattered", 180_000.0, 1_000_000, rounds),
    ] {
        let memory = HybridWorld::in_memory(hills(), MaterialTable::standard());
        let dir = tempfile::tempdir().expect("a folder");
        let durable = updates_ms(&open(dir.path(), Durability::Sync), count, times);
        rows.push(row(name, promised_ms, updates_ms(&memory, count, times), durable));
    }
    let dir = tempfile::tempdir().expect("a folder");
    prepare(dir.path());
    for Question { name, promised_ms, ask } in QUERIES {
        let mut random = Random(11);
        let first = (0..rounds).map(|_| {
            let world = open(dir.path(), Durability::None);
            let mut reader = world.reader();
            ms_of(|| ask(&mut reader, &mut random))
        });
        let first = table::median(first.collect());
        let world = open(dir.path(), Durability::None);
        let mut reader = world.reader();
        // Seen once before.
        let mut same = Random(13);
        (0..QUESTIONS / 10).for_each(|_| ask(&mut reader, &mut same));
        let mut same = Random(13);
        let warm = (0..QUESTIONS / 10).map(|_| ms_of(|| ask(&mut reader, &mut same)));
        rows.push(row(name, promised_ms, table::median(warm.collect()), first));
    }
    table::print(
        "The design's own table",
        "milliseconds; factors are promised / measured, 10 is the bar",
        &["operation", "promised", "warm", "factor", "first or durable", "factor"],
        &rows,
    );
}
