//! The store against its peers: same edits, same durability, same disk, one process, in turns.
//!
//! `cargo bench -p bluemarble_benches --bench store [-- --quick] [scattered] [reads] [acks] [bytes] [imports] [openings]`
//!
//! | file | what it holds |
//! |---|---|
//! | `input` | the world, the edits, and folders on one disk |
//! | `contents` | chunks to be read |
//! | `peers` | the databases behind one trait |
//! | `schemas` | how edits lie in them |
//! | `scattered` | many edits until they are durable, and until they are folded into chunks |
//! | `reads` | a chunk read from a shard, against zarrs |
//! | `acks` | one voxel edit until it is acknowledged |
//! | `bytes` | bytes written for each byte of an edit |
//! | `imports` | volumes with all lods, against zarr-python |
//! | `openings` | worlds of few and of many shards opened |
//! | `table` | medians and Markdown |
//!
//! Everybody's answers are checked before their times count. Folders are made below the build's target
//! folder: put that on the disk that is to be measured. Tables are Markdown; a ratio is the time of a row
//! / that of ours, so above 1 ours takes less time, and rows that ours loses say so.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

mod acks;
mod bytes;
mod contents;
mod imports;
mod input;
mod openings;
mod peers;
mod reads;
mod scattered;
mod schemas;

/// How much is done.
pub struct Scale {
    /// Edits of a race of scattered edits.
    pub edits: usize,
    /// How often a race that is short is run.
    pub rounds: usize,
    /// How often each chunk is read.
    pub read_rounds: usize,
    /// Edits made one at a time.
    pub single_edits: usize,
    /// Edits whose bytes are counted.
    pub amplified_edits: usize,
    /// The edges of imported volumes are divided by this.
    pub smaller_volumes: i32,
    /// Shards of the larger of two worlds that are opened; the other has a thousandth of it.
    pub many_shards: usize,
}

const FULL: Scale = Scale {
    edits: 1_000_000,
    rounds: 3,
    read_rounds: 21,
    single_edits: 2000,
    amplified_edits: 100_000,
    smaller_volumes: 1,
    many_shards: 1_000_000,
};
const QUICK: Scale = Scale {
    edits: 100_000,
    rounds: 1,
    read_rounds: 5,
    single_edits: 200,
    amplified_edits: 10_000,
    smaller_volumes: 2,
    many_shards: 100_000,
};
/// Without `--bench`, as when all targets are tested: only that everybody's answers are right.
const CHECK: Scale = Scale {
    edits: 1000,
    rounds: 1,
    read_rounds: 1,
    single_edits: 10,
    amplified_edits: 100,
    smaller_volumes: 8,
    many_shards: 2000,
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let scale = match () {
        () if !has("--bench") => CHECK,
        () if has("--quick") => QUICK,
        () => FULL,
    };
    let parts: [(&str, fn(&Scale)); 6] = [
        ("scattered", scattered::run),
        ("reads", reads::run),
        ("acks", acks::run),
        ("bytes", bytes::run),
        ("imports", imports::run),
        ("openings", openings::run),
    ];
    for kind in [peers::Kind::Redb, peers::Kind::Sqlite, peers::Kind::Fjall, peers::Kind::FjallData]
    {
        println!("{:>14}: {}", kind.name(), kind.settings());
    }
    let is_chosen = parts.iter().any(|(name, _)| has(name));
    for (name, run) in parts {
        if !is_chosen || has(name) {
            run(&scale);
        }
    }
}
