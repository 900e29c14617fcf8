//! A short step of water in pipes, against a plain loop over nodes that does the same.

#[path = "../../crates/bluemarble_landscape/src/water/plain.rs"]
mod plain;

use std::time::Instant;

use bluemarble_benches::{
    random::Random,
    table::{median, print, ratio, turns},
};
use bluemarble_landscape::{
    grid::{Grid, PlaneGrid},
    water::{Runoff, RunoffSettings},
};
use plain::{Cell, PlainPipes};

const SECONDS: f64 = 0.02;
const ROUNDS: usize = 15;

pub fn run() {
    let mut rows = Vec::new();
    for (name, deep) in [("under water", 1.0), ("half dry", 0.0)] {
        for edge in [64usize, 512, 2048] {
            let grid = PlaneGrid::new(edge, edge, 1.0);
            let mut random = Random(9);
            let mut ground: Vec<f64> = (0..grid.len()).map(|_| random.share()).collect();
            let settings = RunoffSettings { capacity_m: 0.0, ..RunoffSettings::default() };
            let mut ours = Runoff::new(grid, settings);
            ours.water_mut().fill_with(|| (random.share() - 0.5 + deep).max(0.0));
            let cells = ground.iter().zip(ours.water_m()).map(|(&ground_m, &water_m)| Cell {
                ground_m,
                water_m,
                ..Cell::default()
            });
            let mut plain = PlainPipes {
                columns: edge,
                rows: edge,
                spacing_m: 1.0,
                friction: settings.friction,
                cells: cells.collect(),
            };
            let is_outlet = vec![false; grid.len()];
            let (mut own, mut theirs) = (Vec::new(), Vec::new());
            for round in 0..ROUNDS {
                for turn in turns(2, round) {
                    let start = Instant::now();
                    match turn {
                        0 => _ = ours.run(SECONDS, &is_outlet, &mut ground),
                        _ => plain.step(SECONDS),
                    }
                    let times = if turn == 0 { &mut own } else { &mut theirs };
                    times.push(start.elapsed().as_secs_f64());
                }
            }
            let off = |(own, other): (&f64, &Cell)| (own - other.water_m).abs();
            let worst = ours.water_m().iter().zip(&plain.cells).map(off).fold(0.0, f64::max);
            assert!(worst < 1e-9, "both must come to the same: {worst}");
            let (own, theirs) = (median(own), median(theirs));
            let each = |seconds: f64| format!("{:.1}", seconds * 1e9 / grid.len() as f64);
            rows.push(vec![
                format!("{edge}² {name}"),
                each(own),
                each(theirs),
                ratio(theirs / own),
            ]);
        }
    }
    print(
        "A step of water in pipes, ns a node",
        "One core each, in turns; medians of 15. The plain loop goes from node to node, with a structure for each, and does the same: \
         the water of both is compared.",
        &["nodes", "ours", "plain loop", "ratio"],
        &rows,
    );
}
