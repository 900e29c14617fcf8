//! A time step of a landscape that rises and is cut by rivers, against fastscapelib.
//!
//! Both do the same on one core: uplift, routing with pits, drainage areas, incision. They take turns in one run.

use std::time::Instant;

use crate::peer::Peer;
use bluemarble_benches::{
    random::Random,
    table::{median, print, ratio, turns},
};
use bluemarble_landscape::{
    flow::Flow,
    grid::{Grid, PlaneGrid},
    rivers::{Incision, UniformRock},
};

const SPACING_M: f64 = 200.0;
const UPLIFT_M: f64 = 1e-3;
const YEARS: f64 = 2e4;
/// Steps until valleys reach everywhere, and steps that are timed.
const YOUNG_STEPS: usize = 3;
const GROWING_STEPS: usize = 60;
const TIMED_STEPS: usize = 9;

struct Ours {
    grid: PlaneGrid,
    is_outlet: Vec<bool>,
    ground_m: Vec<f64>,
    flow: Flow,
    areas_m2: Vec<f64>,
}

impl Ours {
    fn step(&mut self) -> f64 {
        let start = Instant::now();
        for (height, is_outlet) in self.ground_m.iter_mut().zip(&self.is_outlet) {
            *height += if *is_outlet { 0.0 } else { UPLIFT_M * YEARS };
        }
        self.flow.route(&self.grid, &self.ground_m, &self.is_outlet);
        self.areas_m2.fill(SPACING_M * SPACING_M);
        self.flow.accumulate(&mut self.areas_m2);
        let incision = Incision::default();
        incision.cut(&self.flow, &self.areas_m2, &UniformRock, YEARS, &mut self.ground_m);
        start.elapsed().as_secs_f64()
    }
}

pub fn run() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut rows = Vec::new();
    for edge in [256usize, 1024, 4096] {
        let grid = PlaneGrid::new(edge, edge, SPACING_M);
        let mut random = Random(5);
        let ground_m: Vec<f64> = (0..grid.len()).map(|_| random.share()).collect();
        let mut ours = Ours {
            is_outlet: grid.border(),
            areas_m2: vec![0.0; grid.len()],
            flow: Flow::default(),
            grid,
            ground_m,
        };
        for (age, growing) in [("young", YOUNG_STEPS), ("grown", GROWING_STEPS)] {
            (0..growing).for_each(|_| _ = ours.step());
            let path = dir.path().join("heights");
            let bytes: Vec<u8> =
                ours.ground_m.iter().flat_map(|height| height.to_le_bytes()).collect();
            std::fs::write(&path, bytes).expect("heights");
            let mut peer = Peer::start();
            let erodibility = Incision::default().erodibility;
            peer.ask(&format!(
                "load {} {edge} {SPACING_M} {UPLIFT_M} {erodibility} {YEARS}",
                path.display()
            ));
            let (mut own, mut theirs) = (Vec::new(), Vec::new());
            for round in 0..TIMED_STEPS {
                for turn in turns(2, round) {
                    match turn {
                        0 => own.push(ours.step()),
                        _ => theirs.push(peer.step()),
                    }
                }
            }
            let found = peer.heights(&path);
            let off = |(own, other): (&f64, &f64)| (own - other).abs();
            let highest = found.iter().copied().fold(0.0, f64::max);
            let mean_off =
                ours.ground_m.iter().zip(&found).map(off).sum::<f64>() / found.len() as f64;
            let (own, theirs) = (median(own), median(theirs));
            rows.push(vec![
                format!("{edge}² {age}"),
                format!("{:.1}", own * 1e3),
                format!("{:.1}", theirs * 1e3),
                ratio(theirs / own),
                format!("{:.1}", grid.len() as f64 / own / 1e6),
                format!("{:.1e}", mean_off / highest),
            ]);
        }
    }
    print(
        "A time step of uplift and rivers",
        "One core each, in turns; medians. Young ground is rough and full of pits, grown ground has valleys everywhere. The last \
         column says how far the heights of both are apart after all steps, on average, as a part of the highest: ways out of \
         pits may differ.",
        &["nodes", "ours ms", "fastscapelib ms", "ratio", "ours M nodes/s", "apart"],
        &rows,
    );
}
