//! A chunk read from a shard: ours against zarrs, on the same files.

use std::{hint::black_box, path::Path, sync::Arc, time::Instant};

use bluemarble_core::{Chunk, ChunkKey, MaterialId, MaterialTable};
use bluemarble_store::{
    ChunkCodec, ChunkStore, StorageOptions, StoreOptions, WorldLocation, WorldMetadata,
};
use bluemarble_terrain::Baseline;
use futures::executor::block_on;
use glam::{IVec3, ivec3};
use zarrs::{
    array::{Array, ArrayShardedReadableExt, ArrayShardedReadableExtCache, CodecOptions},
    filesystem::FilesystemStore,
};

use bluemarble_benches::table;

use crate::{Scale, contents, input};

/// Shards of each content; the first one only makes the array known.
const SHARDS: i32 = 9;
/// Chunks between the lattice's origin and the array's: see `docs/formats.md`.
const ORIGIN_CHUNKS: i32 = 1 << 20;

/// What a reader hands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Racer {
    /// A packed chunk, as our program wants it.
    Ours,
    /// The same, unpacked to cells.
    OursCells,
    /// Cells.
    Zarrs,
    /// The same, packed to a chunk.
    ZarrsChunk,
}

impl Racer {
    const ALL: [Self; 4] = [Self::Ours, Self::OursCells, Self::Zarrs, Self::ZarrsChunk];

    /// Zarrs has no `numcodecs.lz4`.
    fn reads(self, codec: ChunkCodec) -> bool {
        codec != ChunkCodec::Lz4 || matches!(self, Self::Ours | Self::OursCells)
    }
}

/// An opened world.
enum Reader {
    Ours(Box<ChunkStore>),
    Zarrs(Box<Array<FilesystemStore>>, ArrayShardedReadableExtCache),
}

/// What was read.
enum Read {
    Chunk(Chunk),
    Cells(Vec<u16>),
}

impl Reader {
    fn open(racer: Racer, dir: &Path) -> Self {
        match racer {
            Racer::Ours | Racer::OursCells => {
                let location = WorldLocation::Directory(dir.to_owned());
                let store = ChunkStore::open_read_only(&location, &StoreOptions::default());
                Self::Ours(Box::new(store.expect("our store opens")))
            }
            Racer::Zarrs | Racer::ZarrsChunk => {
                let files = Arc::new(FilesystemStore::new(dir).expect("zarrs finds the folder"));
                let array = Array::open(files, "/region0/lod0").expect("zarrs opens the array");
                let cache = ArrayShardedReadableExtCache::new(&array);
                Self::Zarrs(Box::new(array), cache)
            }
        }
    }

    fn read(&self, racer: Racer, pos: IVec3) -> Read {
        match self {
            Self::Ours(store) => {
                let chunk = block_on(store.read(ChunkKey::new(0, 0, pos)));
                let chunk = chunk.expect("our chunk is read").expect("our chunk is there");
                match racer {
                    Racer::OursCells => Read::Cells(numbers(&chunk)),
                    _ => Read::Chunk(chunk),
                }
            }
            Self::Zarrs(array, cache) => {
                let index = [pos.y, pos.z, pos.x].map(|axis| (axis + ORIGIN_CHUNKS) as u64);
                let cells: Vec<u16> = array
                    .retrieve_subchunk_opt(cache, &index, &CodecOptions::default())
                    .expect("zarrs reads the chunk");
                match racer {
                    Racer::ZarrsChunk => {
                        let cells: Vec<_> = cells.into_iter().map(MaterialId).collect();
                        Read::Chunk(Chunk::from_cells(&cells))
                    }
                    _ => Read::Cells(cells),
                }
            }
        }
    }
}

fn numbers(chunk: &Chunk) -> Vec<u16> {
    chunk.to_cells().into_iter().map(|cell| cell.0).collect()
}

/// Where the chunks of a content lie in one of its shards.
fn places(content: usize, shard: i32) -> impl Iterator<Item = IVec3> {
    let corner = ivec3(shard * 4, content as i32 * 4, 0);
    (0..8).map(move |at| corner + ivec3((at + shard) % 4, at / 4 * 3, (at * 3 + shard) % 4))
}

pub fn run(scale: &Scale) {
    let contents = contents::all();
    let folder = input::folder();
    let dir = |codec: ChunkCodec| folder.path().join(codec.name());
    for codec in ChunkCodec::ALL {
        let baseline = input::superflat();
        let table = MaterialTable::standard();
        let metadata = WorldMetadata::new(baseline.shape(), baseline.fingerprint(), &table)
            .with_storage(StorageOptions { codec, ..StorageOptions::default() });
        let store = ChunkStore::create_or_open(&dir(codec), &metadata).expect("a world is made");
        for (number, content) in contents.iter().enumerate() {
            for shard in 0..SHARDS {
                let chunks: Vec<_> = places(number, shard)
                    .map(|pos| ChunkKey::new(0, 0, pos))
                    .zip(&content.chunks)
                    .collect();
                block_on(store.write(&chunks)).expect("chunks are written");
            }
        }
    }
    check(&contents, &dir);

    let entrants: Vec<_> = ChunkCodec::ALL
        .into_iter()
        .flat_map(|codec| Racer::ALL.map(|racer| (codec, racer)))
        .filter(|(codec, racer)| racer.reads(*codec))
        .collect();
    // By content, kind of read and entrant.
    let mut times_us = vec![[(); 3].map(|()| vec![Vec::new(); entrants.len()]); contents.len()];
    for round in 0..scale.read_rounds {
        for (number, times_us) in times_us.iter_mut().enumerate() {
            for turn in table::turns(entrants.len(), round) {
                let (codec, racer) = entrants[turn];
                let dir = dir(codec);
                let timed = |of: &mut dyn FnMut() -> Read| {
                    let start = Instant::now();
                    let read = black_box(of());
                    let elapsed_us = start.elapsed().as_secs_f64() * 1e6;
                    drop(read);
                    elapsed_us
                };
                let mut reader = None;
                let first = places(number, 0).next().expect("a shard has chunks");
                times_us[0][turn].push(timed(&mut || {
                    reader.insert(Reader::open(racer, &dir)).read(racer, first)
                }));
                let reader = reader.expect("it was opened");
                for shard in 1..SHARDS {
                    for (at, pos) in places(number, shard).enumerate() {
                        let elapsed_us = timed(&mut || reader.read(racer, pos));
                        times_us[if at == 0 { 1 } else { 2 }][turn].push(elapsed_us);
                    }
                }
            }
        }
    }
    for codec in ChunkCodec::ALL {
        let of = |racer| entrants.iter().position(|&entrant| entrant == (codec, racer));
        let mut rows = Vec::new();
        let mut logs = [0.0; 3];
        for (content, times_us) in contents.iter().zip(&times_us) {
            let kinds = ["opened and read", "cold", "index known"];
            for (kind, times_us) in kinds.into_iter().zip(times_us) {
                let us = |racer| of(racer).map(|at| table::median(times_us[at].clone()));
                let us = Racer::ALL.map(us);
                let mut row = vec![format!("{}, {kind}", content.name)];
                row.extend(us.map(|us| us.map_or("-".to_owned(), |us| format!("{us:.1}"))));
                if let [Some(ours), Some(ours_cells), Some(zarrs), Some(zarrs_chunk)] = us {
                    let ratios = [zarrs / ours, zarrs / ours_cells, zarrs_chunk / ours];
                    row.extend(ratios.map(table::ratio));
                    if kind == "cold" {
                        logs = [0, 1, 2].map(|at| logs[at] + ratios[at].ln());
                    }
                }
                rows.push(row);
            }
        }
        if of(Racer::Zarrs).is_some() {
            let means = logs.map(|log| table::ratio((log / contents.len() as f64).exp()));
            let mut row = vec!["cold, geometric mean".to_owned()];
            row.extend(std::iter::repeat_n(String::new(), Racer::ALL.len()));
            row.extend(means);
            rows.push(row);
        }
        let mut heading = vec!["content", "ours", "ours, cells", "zarrs", "zarrs, chunk"];
        if of(Racer::Zarrs).is_some() {
            heading.extend(["zarrs / ours", "both cells", "both chunk"]);
        }
        table::print(
            &format!("A chunk of 64³ cells read from a shard of a {codec} world, us"),
            &format!(
                "Compared: `ChunkStore::read` with zarrs 0.23's `retrieve_subchunk_opt` on the same files; zarrs has \
                 no numcodecs.lz4. Ours hands out packed chunks, zarrs cells: each is also timed with the step to \
                 the other form. *Cold* is the first read of a shard by a fresh store whose array is known, *index \
                 known* the later ones, *opened and read* includes the opening. Nothing is cached in the process; \
                 the files are in the system's page cache. Median of {} rounds.",
                scale.read_rounds
            ),
            &heading,
            &rows,
        );
    }
}

/// Stops unless everybody reads what was written.
fn check(contents: &[contents::Content], dir: &dyn Fn(ChunkCodec) -> std::path::PathBuf) {
    let entrants =
        ChunkCodec::ALL.into_iter().flat_map(|codec| Racer::ALL.map(|racer| (codec, racer)));
    for (codec, racer) in entrants.filter(|(codec, racer)| racer.reads(*codec)) {
        let reader = Reader::open(racer, &dir(codec));
        for (number, content) in contents.iter().enumerate() {
            for shard in 0..SHARDS {
                for (pos, chunk) in places(number, shard).zip(&content.chunks) {
                    let cells = match reader.read(racer, pos) {
                        Read::Chunk(chunk) => numbers(&chunk),
                        Read::Cells(cells) => cells,
                    };
                    assert!(
                        cells == numbers(chunk),
                        "{racer:?} reads other cells at {pos}, {codec}"
                    );
                }
            }
        }
    }
}
