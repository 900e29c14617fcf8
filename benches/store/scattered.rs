//! Scattered edits, made durable: ours against databases.

use std::{fs, path::Path, time::Instant};

use bluemarble_core::{MaterialId, VoxelPos, parallel};
use bluemarble_store::log::Durability;
use futures::executor::block_on;

use bluemarble_benches::table;

use crate::{
    Scale,
    input::{self, Area, REGION, Voxel, WIDE},
    peers::Kind,
    schemas::{Edits, Schema},
};

/// Of many transactions that rewrite chunks only this share is made, and the time multiplied.
const SHORTENED: usize = 10;
/// Voxels that are read back after the world or the database was closed and opened again.
const READ_BACK: usize = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contestant {
    Ours,
    Peer(Kind, Schema),
}

impl Contestant {
    /// The part of the work that is done.
    fn shortened(self, transactions: usize) -> usize {
        match self {
            Self::Peer(_, Schema::Chunks) if transactions > 1 => SHORTENED,
            _ => 1,
        }
    }
}

/// Seconds of one contestant in one round, and what it leaves on disk.
struct Result {
    durable_s: f64,
    /// With everything folded into chunks that can be used as they are: on one thread, and on all cores.
    folded_s: Option<[f64; 2]>,
    read_back_s: f64,
    disk_bytes: u64,
}

pub fn run(scale: &Scale) {
    for (area, transactions, rounds) in
        [(REGION, 1, scale.rounds), (WIDE, 1, 1), (REGION, 100, 1), (WIDE, 100, 1)]
    {
        let mut contestants = vec![Contestant::Ours];
        for schema in Schema::ALL {
            // That often almost every chunk of the wide area takes an hour.
            if schema == Schema::Chunks && transactions > 1 && area.name == WIDE.name {
                continue;
            }
            contestants.extend(Kind::ALL.map(|kind| Contestant::Peer(kind, schema)));
        }
        race(area, scale.edits, transactions, rounds, &contestants);
    }
}

fn race(area: Area, edits: usize, transactions: usize, rounds: usize, contestants: &[Contestant]) {
    let edits = input::scattered(area, edits);
    let sample = input::sample(&edits, READ_BACK);
    let part_sample = input::sample(&edits[..edits.len() / SHORTENED], READ_BACK);
    let mut results: Vec<Vec<Result>> = contestants.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds {
        for turn in table::turns(contestants.len(), round) {
            let shortened = contestants[turn].shortened(transactions);
            let part = edits.len() / shortened;
            let sample = if shortened > 1 { &part_sample } else { &sample };
            let transactions = transactions / shortened;
            results[turn].push(contestants[turn].run(&edits[..part], transactions, sample));
        }
    }
    let median = |results: &[Result], of: &dyn Fn(&Result) -> f64| {
        table::median(results.iter().map(of).collect())
    };
    let durable_s = median(&results[0], &|result| result.durable_s);
    let folded =
        |on: usize| median(&results[0], &|result| result.folded_s.map_or(f64::NAN, |s| s[on]));
    let folded_s = folded(0);
    let mut rows = Vec::new();
    for (contestant, results) in contestants.iter().zip(&results) {
        let mut row = |name: String, seconds: f64| {
            rows.push(vec![
                name,
                format!("{seconds:.3}"),
                table::ratio(seconds / durable_s),
                table::ratio(seconds / folded_s),
                format!("{:.3}", median(results, &|result| result.read_back_s)),
                format!("{:.1}", median(results, &|result| result.disk_bytes as f64) / 1e6),
            ]);
        };
        let shortened = contestant.shortened(transactions);
        let mut name = contestant.name();
        if shortened > 1 {
            name += &format!(" (1/{shortened}, x {shortened})");
        }
        row(name, median(results, &|result| result.durable_s) * shortened as f64);
        if *contestant == Contestant::Ours {
            row("ours, and checkpoint".to_owned(), folded_s);
            row(format!("the same on {} cores", parallel::cores()), folded(1));
        }
    }
    let size = area.chunks;
    table::print(
        &format!(
            "{} scattered edits, {}, {transactions} transaction{}",
            edits.len(),
            area.name,
            if transactions == 1 { "" } else { "s" }
        ),
        &format!(
            "Even over {} x {} x {} chunks. Compared: from the edits in memory until all are durable; ours with \
             `Durability::Group`. *chunks* reads, changes and writes LZ4 chunks, so compare it with the checkpoint, \
             which makes all coarser lods as well, and the databases none; *voxels* and *lists* write deltas as our \
             log does. Median of {rounds}; ratios are times of the row / times of ours. Last: opening again and \
             reading {READ_BACK} voxels (ours after the checkpoint), all of them right.",
            size.x, size.y, size.z
        ),
        &["contestant", "s", "/ durable", "/ checkpointed", "read back s", "MB on disk"],
        &rows,
    );
}

impl Contestant {
    fn name(self) -> String {
        match self {
            Self::Ours => "ours, durable".to_owned(),
            Self::Peer(kind, schema) => format!("{}, {}", kind.name(), schema.name()),
        }
    }

    fn run(self, edits: &[Voxel], transactions: usize, sample: &[Voxel]) -> Result {
        let per_transaction = edits.len().div_ceil(transactions);
        let folder = input::folder();
        match self {
            Self::Ours => ours(folder.path(), edits, per_transaction, sample),
            Self::Peer(kind, schema) => {
                let mut database = Edits::new(kind.open(folder.path()), schema, 0);
                let start = Instant::now();
                edits.chunks(per_transaction).for_each(|edits| database.edit(edits));
                let durable_s = start.elapsed().as_secs_f64();
                drop(database);
                let start = Instant::now();
                let batches = edits.len().div_ceil(per_transaction) as u64;
                let mut database = Edits::new(kind.open(folder.path()), schema, batches);
                let found = database.materials(sample);
                let read_back_s = start.elapsed().as_secs_f64();
                check(&self.name(), sample, &found);
                drop(database);
                let disk_bytes = disk_bytes(folder.path());
                Result { durable_s, folded_s: None, read_back_s, disk_bytes }
            }
        }
    }
}

fn ours(dir: &Path, edits: &[Voxel], per_transaction: usize, sample: &[Voxel]) -> Result {
    let batches: Vec<_> = edits.chunks(per_transaction).map(input::batch).collect();
    let world = input::open_ours(dir, Durability::default());
    let start = Instant::now();
    for batch in &batches {
        block_on(world.edit(batch)).expect("our edits are made");
    }
    let durable_s = start.elapsed().as_secs_f64();
    drop(world);
    let read_back = || {
        let start = Instant::now();
        let world = input::open_ours(dir, Durability::default());
        let voxels: Vec<_> = sample.iter().map(|voxel| VoxelPos::new(0, voxel.at)).collect();
        let found = world.read_many(&voxels).expect("our voxels are read");
        let elapsed_s = start.elapsed().as_secs_f64();
        check("ours", sample, &found);
        (world, elapsed_s)
    };
    // From the log alone, then from the chunks alone.
    let (world, _) = read_back();
    drop(world);
    let other = input::folder();
    copy(dir, other.path());
    let folded_s = [(dir, 1), (other.path(), parallel::cores())].map(|(dir, threads)| {
        let world = input::open_ours(dir, Durability::default());
        world.set_threads(threads);
        let start = Instant::now();
        block_on(world.checkpoint()).expect("our checkpoint is made");
        durable_s + start.elapsed().as_secs_f64()
    });
    let (world, read_back_s) = read_back();
    drop(world);
    Result { durable_s, folded_s: Some(folded_s), read_back_s, disk_bytes: disk_bytes(dir) }
}

fn check(name: &str, expected: &[Voxel], found: &[MaterialId]) {
    assert_eq!(expected.len(), found.len(), "{name} gives another number of voxels");
    for (voxel, found) in expected.iter().zip(found) {
        assert_eq!(voxel.material, *found, "{name} is wrong at {}", voxel.at);
    }
}

/// Copies all files of a folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder is made");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let (from, to) = {
            let path = entry.expect("the folder can be read").path();
            let to = to.join(path.file_name().expect("it has a name"));
            (path, to)
        };
        match from.is_dir() {
            true => copy(&from, &to),
            false => drop(fs::copy(from, to).expect("a file is copied")),
        }
    }
}

/// The lengths of all files in a folder.
pub fn disk_bytes(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).expect("the folder is there");
    let sizes = entries.map(|entry| {
        let entry = entry.expect("the folder can be read");
        let metadata = entry.metadata().expect("the file is there");
        if metadata.is_dir() { disk_bytes(&entry.path()) } else { metadata.len() }
    });
    sizes.sum()
}
