//! Boxes of 64³ voxels that lie across eight chunks: against `TensorStore`.

use std::{fs, hint::black_box, path::Path, time::Instant};

use bluemarble_benches::table;
use bluemarble_core::{CellBox, LatticeBox};
use bluemarble_world::HybridWorld;
use glam::IVec3;

use crate::{corpus::Corpus, peer::Peer};

pub fn race(
    corpus: &Corpus,
    world: &HybridWorld,
    mut tensorstore: Option<&mut Peer>,
    dir: &Path,
    rounds: usize,
) {
    let mut reader = world.reader();
    reader.set_budget_bytes(usize::MAX);
    let out = dir.join("sums");
    let question = format!("regions unaligned {}", out.display());
    let mut read = |low: IVec3| {
        let cells = LatticeBox::new(low, low + 64);
        reader.read_box(CellBox::new(0, 0, cells)).expect("the world reads")
    };
    let sum = |low: &IVec3| read(*low).iter().map(|material| u64::from(material.0)).sum::<u64>();
    let expected: Vec<u64> = corpus.regions.iter().map(sum).collect();
    if let Some(peer) = &mut tensorstore {
        peer.ask(&question, "elapsed_ns");
        let bytes = fs::read(&out).expect("the peer's answers");
        let found = bytes.as_chunks::<8>().0.iter().map(|sum| u64::from_le_bytes(*sum));
        assert!(found.eq(expected.iter().copied()), "other voxels");
    }
    let count = corpus.regions.len() as f64;
    let mut times_us = [const { Vec::new() }; 3];
    for round in 0..rounds {
        for turn in table::turns(2, round) {
            match (turn, &mut tensorstore) {
                (0, _) => {
                    let start = Instant::now();
                    corpus.regions.iter().for_each(|&low| drop(black_box(read(low))));
                    times_us[0].push(start.elapsed().as_secs_f64() * 1e6 / count);
                }
                (_, Some(peer)) => {
                    let answer = peer.answer(&question);
                    let number = |word| Peer::number(&answer, word) / 1e3 / count;
                    times_us[1].push(number("elapsed_ns"));
                    times_us[2].push(number("overhead_ns"));
                }
                (_, None) => times_us[1..].iter_mut().for_each(|times| times.push(f64::NAN)),
            }
        }
    }
    let [ours, theirs, overhead] = times_us.map(table::median);
    let mut row = vec!["64³, unaligned".to_owned()];
    row.extend([ours, theirs, overhead].map(|us| format!("{us:.1}")));
    row.push(table::ratio((theirs - overhead) / ours));
    table::print(
        "Boxes of voxels",
        &format!(
            "{count} boxes across eight chunks each, all chunks in memory on both sides, one thread; microseconds a \
             box; overhead: the same call for no voxel, subtracted"
        ),
        &["boxes", "ours", "TensorStore", "its overhead", "TensorStore / ours"],
        &[row],
    );
}
