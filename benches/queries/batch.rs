//! A list of points at once: on one thread and on all.

use std::{hint::black_box, time::Instant};

use bluemarble_benches::table;
use bluemarble_core::VoxelPos;
use bluemarble_world::HybridWorld;

use crate::corpus::Corpus;

/// Points of a batch.
const BATCH: usize = 100_000;

pub fn race(corpus: &Corpus, world: &HybridWorld, rounds: usize) {
    let mut reader = world.reader();
    let mut rows = Vec::new();
    for (name, points) in &corpus.points {
        let batch: Vec<_> =
            points.iter().take(BATCH).map(|&point| VoxelPos::new(0, point)).collect();
        // Twice as many readers as threads, so that whoever comes next finds all chunks at hand.
        let expected = reader.read_many(&batch).expect("the world reads");
        for _ in 0..4 {
            assert!(world.read_many(&batch).expect("the world reads") == expected, "{name}");
        }
        let mut times_ns = [const { Vec::new() }; 3];
        for round in 0..rounds {
            for turn in table::turns(3, round) {
                let start = Instant::now();
                match turn {
                    0 => drop(black_box(world.read_many(&batch))),
                    1 => drop(black_box(reader.read_many(&batch))),
                    _ => batch.iter().for_each(|&point| {
                        black_box(reader.material(point).expect("the world reads"));
                    }),
                }
                times_ns[turn].push(start.elapsed().as_nanos() as f64 / batch.len() as f64);
            }
        }
        let [all, one, single] = times_ns.map(table::median);
        let mut row = vec![(*name).to_owned()];
        row.extend([all, one, single].map(|ns| format!("{ns:.1}")));
        row.extend([one / all, single / all].map(table::ratio));
        rows.push(row);
    }
    table::print(
        "Points in batches",
        &format!("{BATCH} points at once; ns a point"),
        &["points", "all threads", "one thread", "one by one", "one / all", "one by one / all"],
        &rows,
    );
}
