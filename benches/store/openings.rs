//! Worlds of a thousand and of a million shards, opened: what it takes must not depend on how many there are.

use std::{fs, path::Path, time::Instant};

use bluemarble_benches::{random::Random, table};
use bluemarble_core::{Cells, Chunk, ChunkKey, MaterialId, MaterialTable};
use bluemarble_store::{ChunkStore, WorldMetadata, log::Durability};
use bluemarble_terrain::Baseline;
use bluemarble_world::HybridWorld;
use futures::executor::block_on;
use glam::{IVec3, ivec3};

use crate::{
    Scale,
    input::{folder, open_ours, superflat},
};

/// Shards that are written at once.
const WRITTEN_AT_ONCE: usize = 1000;
/// Chunks of as many shards are read of an opened world.
const READS: usize = 1000;
/// Nodes that are classified after that.
const NODES: usize = 10_000;
/// A shard has 4 chunks along each axis; these stand on every second one.
const STEP: i32 = 8;

/// Seconds and bytes that were read.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    s: f64,
    bytes: f64,
}

impl Taken {
    fn by<T>(work: impl FnOnce() -> T) -> (T, Self) {
        let (before, start) = (bytes_read(), Instant::now());
        let done = work();
        let s = start.elapsed().as_secs_f64();
        (done, Self { s, bytes: (bytes_read() - before) as f64 })
    }
}

/// What one world takes.
#[derive(Clone, Copy, Debug, Default)]
struct Opening {
    open: Taken,
    /// The first chunk, and then chunks of many shards.
    first: Taken,
    many: Taken,
    /// Nodes classified, on the surface and above it.
    classified: Taken,
}

pub fn run(scale: &Scale) {
    let dir = folder();
    let worlds = [scale.many_shards / 1000, scale.many_shards].map(|shards| {
        let world = dir.path().join(shards.to_string());
        let start = Instant::now();
        make(&world, shards);
        println!("made {shards} shards in {:.1} s", start.elapsed().as_secs_f64());
        (world, shards)
    });
    let mut results = [Vec::new(), Vec::new()];
    for round in 0..scale.read_rounds {
        for turn in table::turns(2, round) {
            let (world, shards) = &worlds[turn];
            results[turn].push(open(world, *shards, round as u64));
        }
    }
    let median = |turn: usize, of: &dyn Fn(&Opening) -> f64| {
        table::median(results[turn].iter().map(of).collect())
    };
    type Part = fn(&Opening) -> Taken;
    let parts: [(&str, Part); 4] = [
        ("open", |opening| opening.open),
        ("the first stored chunk", |opening| opening.first),
        ("stored chunks of 1,000 shards", |opening| opening.many),
        ("10,000 nodes classified", |opening| opening.classified),
    ];
    let mut rows = Vec::new();
    for (name, part) in parts {
        let mut row = vec![name.to_owned()];
        let of: [&dyn Fn(&Opening) -> f64; 2] =
            [&|opening| part(opening).s * 1e3, &|opening| part(opening).bytes / 1e3];
        for of in of {
            let [few, many] = [0, 1].map(|turn| median(turn, of));
            row.extend([format!("{few:.2}"), format!("{many:.2}"), format!("{:.2}", many / few)]);
        }
        rows.push(row);
    }
    let [few, many] = worlds.map(|(_, shards)| shards);
    table::print(
        "Opening worlds",
        &format!(
            "Worlds of {few} and of {many} shards in folders, with the index of all chunks kept; files in the page cache. \
             Median of {}, in turns. Bytes are what the process has read.",
            scale.read_rounds
        ),
        &[
            "",
            &format!("ms, {few}"),
            &format!("ms, {many}"),
            "ratio",
            &format!("kB, {few}"),
            &format!("kB, {many}"),
            "ratio",
        ],
        &rows,
    );
}

/// The chunk of a shard, one of a square of shards.
fn key(at: usize, shards: usize) -> ChunkKey {
    let edge = (shards as f64).sqrt().ceil() as usize;
    let place = ivec3((at % edge) as i32, 0, (at / edge) as i32)
        - IVec3::splat(edge as i32 / 2) * ivec3(1, 0, 1);
    ChunkKey::new(0, 0, place * STEP)
}

/// Makes a world of so many shards of one chunk each.
fn make(dir: &Path, shards: usize) {
    let baseline = superflat();
    let metadata =
        WorldMetadata::new(baseline.shape(), baseline.fingerprint(), &MaterialTable::standard());
    let store = ChunkStore::create_or_open(dir, &metadata).expect("the store opens");
    let chunk = Chunk::uniform(MaterialId(5));
    for first in (0..shards).step_by(WRITTEN_AT_ONCE) {
        let some = first..(first + WRITTEN_AT_ONCE).min(shards);
        let chunks: Vec<_> = some.map(|at| (key(at, shards), &chunk)).collect();
        block_on(store.write(&chunks)).expect("the shards are written");
    }
    block_on(store.commit()).expect("the manifest is written");
    drop(store);
    let world = open_world(dir);
    block_on(world.list_all()).expect("everything is listed");
    block_on(world.rebuild_index(usize::MAX)).expect("everything is indexed");
    let kept = block_on(world.save_index()).expect("the index is kept");
    assert_eq!(kept.summaries, shards, "every chunk is known");
}

fn open_world(dir: &Path) -> HybridWorld {
    open_ours(dir, Durability::default())
}

fn open(dir: &Path, shards: usize, seed: u64) -> Opening {
    let (world, open) = Taken::by(|| open_world(dir));
    let mut random = Random(seed);
    let mut read = || {
        let at = random.below(shards as i32) as usize;
        let chunk = block_on(world.read_compact(key(at, shards))).expect("the chunk is read");
        assert_eq!(chunk.as_uniform(), Some(MaterialId(5)), "it is the one that was written");
    };
    let ((), first) = Taken::by(&mut read);
    let ((), many) = Taken::by(|| (0..READS).for_each(|_| read()));
    let nodes: Vec<_> = (0..NODES)
        .map(|_| {
            let near = key(random.below(shards as i32) as usize, shards);
            let mut pos =
                near.pos + ivec3(random.below(9) - 4, random.below(40) - 4, random.below(9) - 4);
            let lod = random.below(8) as u8;
            pos >>= i32::from(lod);
            ChunkKey::new(0, lod, pos)
        })
        .collect();
    let ((), classified) = Taken::by(|| {
        nodes.iter().for_each(|&node| _ = std::hint::black_box(world.classify(node)));
    });
    Opening { open, first, many, classified }
}

/// Bytes that this process has asked the system for.
fn bytes_read() -> u64 {
    let text = fs::read_to_string("/proc/self/io").unwrap_or_default();
    let read = text.lines().find_map(|line| line.strip_prefix("rchar: "));
    read.and_then(|read| read.parse().ok()).unwrap_or(0)
}
