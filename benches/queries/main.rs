//! Queries and fills against their peers; same input, one run, in turns.
//!
//! `scripts/bench-queries.sh [ROUNDS] [rays] [sky] [points] [batch] [broad] [fills] [regions] [beside]` installs and builds the peers and runs this.
//!
//! | file | what it holds |
//! |---|---|
//! | `corpus` | the ground, the rays and the points |
//! | `walker` | the peer within this program: a walk from voxel to voxel |
//! | `peer` | peers that are programs of their own: `NanoVDB`, `TensorStore` |
//! | `rays` | picking rays and rays through the sky |
//! | `points` | points one by one |
//! | `batch` | many points at once |
//! | `broad` | boxes of nodes along a ray |
//! | `fills` | boxes and spheres of one material |
//! | `regions` | every voxel of a box |
//! | `beside` | queries while somebody edits and the index is rebuilt; without a peer |
//!
//! The walk looks its chunk up for each voxel (`hash walk`), or keeps it until the next one is entered (`walk`).
//!
//! Answers are compared before anything is timed. The medians of the rounds are printed; a ratio above 1
//! means that ours takes less time.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

mod batch;
mod beside;
mod broad;
mod corpus;
mod fills;
mod peer;
mod points;
mod rays;
mod regions;
mod walker;

use corpus::Corpus;
use peer::Peer;
use walker::Walker;

/// Turns that everybody gets, unless the command line says otherwise.
const ROUNDS: usize = 9;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let rounds = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(ROUNDS);
    let corpus = Corpus::new();
    let dir = tempfile::tempdir().expect("a folder for the peers' input");
    corpus.write(dir.path()).expect("the peers' input is written");
    let program = std::env::var("BLUEMARBLE_NANOVDB_PEER").unwrap_or("nanovdb-peer".to_owned());
    let mut nanovdb = match Peer::start(&[&program], dir.path()) {
        Ok(peer) => Some(peer),
        Err(error) => {
            println!("NanoVDB does not take part: {error}");
            None
        }
    };
    let (world, walker) = (corpus.world(), Walker::new(&corpus.chunks));
    let named = |name: &str| arguments.iter().any(|argument| argument == name);
    let all = !["rays", "sky", "points", "batch", "broad", "fills", "regions", "beside"]
        .into_iter()
        .any(named);
    if all || named("rays") {
        rays::race(&corpus, &world, &walker, nanovdb.as_mut(), dir.path(), rounds.max(1));
    }
    if all || named("sky") {
        rays::sky(rounds.max(1));
    }
    if all || named("points") {
        points::race(&corpus, &world, &walker, nanovdb.as_mut(), dir.path(), rounds.max(1));
    }
    if all || named("batch") {
        batch::race(&corpus, &world, rounds.max(1));
    }
    if all || named("broad") {
        broad::race(rounds.max(1));
    }
    if all || named("fills") {
        fills::race(nanovdb.as_mut(), rounds.max(1));
    }
    if all || named("regions") {
        let python = std::env::var("BLUEMARBLE_PEERS_PYTHON").unwrap_or("python3".to_owned());
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/queries/peers/tensorstore_peer.py");
        let mut tensorstore = match Peer::start(&[&python, script], dir.path()) {
            Ok(peer) => Some(peer),
            Err(error) => {
                println!("TensorStore does not take part: {error}");
                None
            }
        };
        regions::race(&corpus, &world, tensorstore.as_mut(), dir.path(), rounds.max(1));
    }
    if all || named("beside") {
        beside::measure();
    }
}
