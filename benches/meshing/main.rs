//! Meshing against its peers: same chunks, same flags, one process, in turns.
//!
//! `cargo bench -p bluemarble_benches --bench meshing [-- ROUNDS] [smooth]`: `smooth` races
//! rounded surfaces only
//!
//! | file | what it holds |
//! |---|---|
//! | `corpus` | the chunks, in everybody's format |
//! | `racers` | the meshers behind one trait |
//! | `areas` | what meshes cover |
//! | `smooth` | rounded surfaces against their peer |
//!
//! Every mesher gets the same 64³ cells. Peers take the outermost ones as padding and mesh 62³, ours
//! meshes 64³ and gets what lies beyond as planes: so times are per meshed voxel. Peers race twice: with
//! their own input made beforehand, and with the making of it from a packed chunk within the time, which
//! is what ours starts from. Before anything is timed, and also without `--bench`, the area of every mesh
//! is compared, direction by direction, with a count of the visible faces.
//!
//! One core busy with something else slows all alike, as they take turns; the medians of the rounds are
//! printed, and a ratio above 1 means that ours takes less time.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

mod areas;
mod corpus;
mod racers;
mod smooth;

use std::{hint::black_box, time::Instant};

use bluemarble_core::{CHUNK_EDGE, CHUNK_VOLUME, MaterialTable};
use corpus::{Sample, corpus};
use racers::{Racer, racers};

/// Turns that every mesher gets on every chunk, unless the command line says otherwise.
const ROUNDS: usize = 41;

fn main() {
    let materials = MaterialTable::standard();
    let samples = corpus(&materials);
    let mut racers = racers(&materials);
    let quads = check(&samples, &mut racers, &materials);
    let mut smooth = smooth::Smooth::new(&materials, &samples);
    println!("areas are equal: {} meshers, {} chunks", racers.len(), samples.len());
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let smooth_only = arguments.iter().any(|argument| argument == "smooth");
    let rounds = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(ROUNDS);
    if smooth_only {
        smooth.race(&samples, rounds.max(1));
        return;
    }
    let medians_ns = race(&samples, &mut racers, rounds.max(1));

    println!();
    for racer in &racers {
        let (short, long) = racer.name();
        println!("{short:>10}: {long}");
    }
    let names: Vec<_> = racers.iter().map(|racer| racer.name().0).collect();
    let heading = |title: &str| {
        println!("\n{title}");
        print_row("", names.iter().map(|&name| name.to_owned()));
    };
    heading(&format!("ns a voxel, median of {rounds}"));
    for (sample, row) in samples.iter().zip(&medians_ns) {
        print_row(sample.name, row.iter().map(|ns| format!("{ns:.3}")));
    }
    heading("quads that show one of the inner 62³ (bgm-ao: 61³) cells, and skirts");
    for (sample, row) in samples.iter().zip(&quads) {
        print_row(sample.name, row.iter().map(usize::to_string));
    }
    let shading: Vec<usize> =
        (0..racers.len()).filter(|&racer| racer == 0 || racers[racer].shades()).collect();
    println!("\nquads that show one of the inner 61³ cells, without and with light");
    print_row("", shading.iter().map(|&racer| names[racer].to_owned()));
    let (low, high) = (1, CHUNK_EDGE - 2);
    for sample in &samples {
        let count = |&racer: &usize| {
            racers[racer].mesh(sample);
            racers[racer].cover(sample, low, high).quads.to_string()
        };
        print_row(sample.name, shading.iter().map(count));
    }
    heading("time of the mesher / time of ours");
    let ratios: Vec<Vec<f64>> =
        medians_ns.iter().map(|row| row.iter().map(|ns| ns / row[0]).collect()).collect();
    for (sample, row) in samples.iter().zip(&ratios) {
        print_row(sample.name, row.iter().map(|ratio| format!("{ratio:.2}")));
    }
    let mean = |name, keep: &dyn Fn(&Sample) -> bool| {
        let kept: Vec<_> = samples.iter().zip(&ratios).filter(|(sample, _)| keep(sample)).collect();
        print_row(
            name,
            (0..racers.len()).map(|racer| {
                let logarithms: f64 = kept.iter().map(|(_, row)| row[racer].ln()).sum();
                format!("{:.2}", (logarithms / kept.len() as f64).exp())
            }),
        );
    };
    mean("geomean", &|_| true);
    mean("  but uniform", &Sample::is_mixed);
    smooth.race(&samples, rounds.max(1));
}

/// Stops unless every mesher covers exactly the visible faces; returns how many quads it takes for the
/// cells that all mesh, by chunk and mesher.
fn check(
    samples: &[Sample],
    racers: &mut [Box<dyn Racer>],
    materials: &MaterialTable,
) -> Vec<Vec<usize>> {
    let mut quads = Vec::new();
    for sample in samples {
        let whole = areas::counted(sample, materials, 0, CHUNK_EDGE);
        let mut row = Vec::new();
        for racer in &mut *racers {
            racer.mesh(sample);
            let (low, high) = (1, 1 + racer.inner_edge() as i32);
            let inner = areas::counted(sample, materials, low, high);
            let (name, chunk) = (racer.name().0, sample.name);
            let cover = racer.cover(sample, low, high);
            assert_eq!(cover.areas, inner, "{name} covers other faces inside `{chunk}`");
            if racer.voxels() == CHUNK_VOLUME {
                let cover = racer.cover(sample, 0, CHUNK_EDGE);
                assert_eq!(cover.areas, whole, "{name} covers other faces of `{chunk}`");
            }
            row.push(cover.quads);
        }
        quads.push(row);
    }
    quads
}

/// Median nanoseconds a voxel, by chunk and mesher.
fn race(samples: &[Sample], racers: &mut [Box<dyn Racer>], rounds: usize) -> Vec<Vec<f64>> {
    let count = racers.len();
    let mut times_ns = vec![vec![Vec::with_capacity(rounds); count]; samples.len()];
    for round in 0..rounds {
        for (sample, times_ns) in samples.iter().zip(&mut times_ns) {
            for turn in 0..count {
                // Another one begins each round, and every other round runs backwards, so that nobody
                // always follows the same.
                let turn = if round % 2 == 0 { turn } else { count - 1 - turn };
                let index = (turn + round) % count;
                let racer = &mut racers[index];
                let start = Instant::now();
                racer.mesh(black_box(sample));
                let elapsed = start.elapsed();
                times_ns[index].push(elapsed.as_secs_f64() * 1e9 / racer.voxels() as f64);
            }
        }
    }
    times_ns.into_iter().map(|row| row.into_iter().map(median).collect()).collect()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn print_row(name: &str, values: impl Iterator<Item = String>) {
    print!("{name:<15}");
    values.for_each(|value| print!(" {value:>8}"));
    println!();
}
