//! Points, one by one.

use std::{fs, hint::black_box, path::Path, time::Instant};

use bluemarble_benches::table;
use bluemarble_core::{MaterialId, VoxelPos};
use bluemarble_world::HybridWorld;
use glam::IVec3;

use crate::{corpus::Corpus, peer::Peer, walker::Walker};

fn timed(
    points: &[IVec3],
    materials: &mut Vec<MaterialId>,
    mut read: impl FnMut(IVec3) -> MaterialId,
) -> f64 {
    materials.clear();
    let start = Instant::now();
    for &point in points {
        materials.push(read(point));
    }
    start.elapsed().as_nanos() as f64
}

pub fn race(
    corpus: &Corpus,
    world: &HybridWorld,
    walker: &Walker,
    mut nanovdb: Option<&mut Peer>,
    dir: &Path,
    rounds: usize,
) {
    let mut reader = world.reader();
    let out = dir.join("materials");
    let mut rows = Vec::new();
    for (name, points) in &corpus.points {
        let question = format!("points {name} {}", out.display());
        let mut read = |at| reader.material(VoxelPos::new(0, at)).expect("the world reads");
        let (mut expected, mut found) = (Vec::new(), Vec::new());
        timed(points, &mut expected, |at| walker.material(at));
        timed(points, &mut found, &mut read);
        assert!(found == expected, "{name}: other materials");
        if let Some(peer) = &mut nanovdb {
            peer.ask(&question, "elapsed_ns");
            let bytes = fs::read(&out).expect("the peer's answers");
            let found = bytes.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]]));
            assert!(
                found.eq(expected.iter().map(|material| material.0)),
                "{name}: other materials"
            );
        }
        let mut times_ns = [const { Vec::new() }; 3];
        for round in 0..rounds {
            for turn in table::turns(3, round) {
                let elapsed_ns = match (turn, &mut nanovdb) {
                    (0, _) => black_box(timed(points, &mut found, &mut read)),
                    (1, _) => black_box(timed(points, &mut found, |at| walker.material(at))),
                    (_, Some(peer)) => peer.ask(&question, "elapsed_ns"),
                    (_, None) => f64::NAN,
                };
                times_ns[turn].push(elapsed_ns / points.len() as f64);
            }
        }
        let [ours, hash, vdb] = times_ns.map(table::median);
        let mut row = vec![(*name).to_owned()];
        row.extend([ours, hash, vdb].map(|ns| format!("{ns:.1}")));
        row.extend([hash / ours, vdb / ours].map(table::ratio));
        rows.push(row);
    }
    table::print(
        "Points near the surface",
        &format!("{} points of each kind, one thread; ns a point", corpus.points[0].1.len()),
        &["points", "ours", "hash of chunks", "NanoVDB", "hash / ours", "NanoVDB / ours"],
        &rows,
    );
}
