//! What a step costs as the area grows: read, shaped by rivers, soil and slides, and written into a world of hills.

use std::{sync::Arc, time::Instant};

use bluemarble_core::{CancelToken, MaterialTable};
use bluemarble_geology::{
    Area,
    process::{GeologicalProcess, Rivers, RockWeathering, Slides, SoilCreep},
    run::{Rated, Run, RunOptions},
};
use bluemarble_terrain::NoiseBaseline;
use bluemarble_world::HybridWorld;

/// Nodes along the edge of a tile; a node is a column of voxels.
const TILE: usize = 128;
const YEARS: f64 = 2_000.0;

pub fn run() {
    println!(
        "\n### An area read, a step of {YEARS:.0} years, and what has changed written: ms a tile of {TILE}² columns\n"
    );
    println!("| tiles | read | step | write | voxels changed | million voxels a second written |");
    println!("|---|---|---|---|---|---|");
    for edge in [1, 2, 4, 8] {
        let tiles = (edge * edge) as f64;
        let mut best: Option<([f64; 3], u64)> = None;
        for _ in 0..3 {
            let found = measure(edge * TILE);
            let total = |times: &[f64; 3]| times.iter().sum::<f64>();
            if best.as_ref().is_none_or(|(times, _)| total(times) > total(&found.0)) {
                best = Some(found);
            }
        }
        let Some((times, voxels)) = best else { continue };
        let [read, step, write] = times.map(|seconds| seconds * 1e3 / tiles);
        let rate = voxels as f64 / times[2] / 1e6;
        println!("| {tiles} | {read:.1} | {step:.1} | {write:.1} | {voxels} | {rate:.2} |");
    }
}

/// Seconds to read an area, to let time go on, and to write it; and voxels written.
fn measure(nodes: usize) -> ([f64; 3], u64) {
    let materials = MaterialTable::standard();
    let hills = NoiseBaseline::new(1.0, 7, &materials).expect("hills");
    let world = HybridWorld::in_memory(Arc::new(hills), materials);
    let half = (nodes / 2) as i32;
    let area = Area { region: 0, lod: 0, first: [-half; 2], size: [nodes; 2] };
    let mut rivers = Rivers::default();
    rivers.incision.erodibility = 1e-3;
    let processes: [Box<dyn GeologicalProcess>; 4] = [
        Box::new(rivers),
        Box::<RockWeathering>::default(),
        Box::<SoilCreep>::default(),
        Box::<Slides>::default(),
    ];
    let rated = processes.map(|process| Rated { process, rate: 1.0 });
    let start = Instant::now();
    let mut run = Run::begin(world, RunOptions::new(area, rated.into())).expect("begins");
    let read = start.elapsed().as_secs_f64();
    let start = Instant::now();
    run.step(YEARS, &CancelToken::never()).expect("steps");
    let step = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let written = run.write(&CancelToken::never()).expect("written");
    ([read, step, start.elapsed().as_secs_f64()], written.voxels)
}
