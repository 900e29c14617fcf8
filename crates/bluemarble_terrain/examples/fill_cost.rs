//! Prints what it costs to fill and to classify chunks of the Earth, by lod, for both editions of its ground.
//!
//! Run with `cargo run -p bluemarble_terrain --example fill_cost [FIRST LAST]`, two lods. The chunks hold the surface at random places
//! on land; "cold" includes the tile of columns, "warm" finds it in the cache. What is classified first is
//! unknown, then known from the tile of the next coarser lod.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::{path::Path, time::Instant};

use bluemarble_core::{CancelToken, Chunk, ChunkKey, MaterialTable};
use bluemarble_terrain::{
    Baseline, Classification, EarthBaseline, EarthSources, FirstEarth, TerrainError,
};
use glam::{IVec3, ivec3};

/// Chunks timed at each lod: fewer than the tile cache holds.
const CHUNKS: usize = 60;
/// Chunks above and below those that are classified, too.
const AROUND: i32 = 3;

/// What it costs, and which share of the boxes around the surface was left open.
struct Costs {
    cold_ms: f64,
    warm_ms: f64,
    classify_us: [f64; 2],
    mixed: [f64; 2],
}

/// Chunks with the surface of land in them.
fn surface_keys(earth: &dyn Baseline, lod: u8) -> Vec<ChunkKey> {
    let mut random = u64::from(lod);
    let mut next = move |end: i32| {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((random >> 33) % end as u64) as i32
    };
    let count = 1 << (20 - lod);
    let edge = f64::from(64 << lod);
    let sea = f64::from(earth.shape().sea_level_y());
    let mut keys = Vec::new();
    for _ in 0..CHUNKS * 20 {
        let (region, x, z) = (next(6) as u8, next(count), next(count));
        let middle = |v: i32| (f64::from(v) + 0.5) * edge;
        let y = earth.surface_y(region, middle(x), middle(z));
        if y > sea && keys.len() < CHUNKS {
            keys.push(ChunkKey::new(region, lod, ivec3(x, (y / edge) as i32, z)));
        }
    }
    keys
}

fn costs(earth: &dyn Baseline, lod: u8) -> Costs {
    let keys = surface_keys(earth, lod);
    let count = keys.len().max(1) as f64;
    let classify = || {
        let (start, mut mixed) = (Instant::now(), 0);
        for key in &keys {
            for up in -AROUND..=AROUND {
                let key = ChunkKey::new(key.region, lod, key.pos + IVec3::Y * up);
                let found = earth.classify(key.voxel_box(), lod);
                mixed += i32::from(found == Classification::Mixed);
            }
        }
        let boxes = count * f64::from(2 * AROUND + 1);
        (start.elapsed().as_secs_f64() * 1e6 / boxes, f64::from(mixed) * 100.0 / boxes)
    };
    let unknown = classify();
    if lod < 20 {
        for key in &keys {
            _ = earth
                .prepare(ChunkKey::new(key.region, lod + 1, key.pos >> 1), &CancelToken::never());
        }
    }
    let known = classify();
    let mut chunk = Chunk::default();
    let mut fill = || {
        let start = Instant::now();
        keys.iter().for_each(|&key| earth.fill(key, &mut chunk));
        start.elapsed().as_secs_f64() * 1e3 / count
    };
    Costs {
        cold_ms: fill(),
        warm_ms: fill(),
        classify_us: [unknown.0, known.0],
        mixed: [unknown.1, known.1],
    }
}

fn main() -> Result<(), TerrainError> {
    let assets = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets"));
    let materials = MaterialTable::standard();
    let start = Instant::now();
    let first = FirstEarth::load(&EarthSources::light(assets).elevation, &materials, 1)?;
    println!("{} loaded in {:.2} s", first.fingerprint(), start.elapsed().as_secs_f64());
    let start = Instant::now();
    let second = EarthBaseline::load(&EarthSources::shipped(assets), &materials, 1)?;
    println!("{} loaded in {:.2} s", second.fingerprint(), start.elapsed().as_secs_f64());
    println!("lod edition  cold ms  warm ms  classify us: unknown known  mixed %: unknown known");
    let number = |k: usize| std::env::args().nth(k).and_then(|text| text.parse::<u8>().ok());
    for lod in number(1).unwrap_or(0)..=number(2).unwrap_or(20).min(20) {
        let editions: [(u8, &dyn Baseline); 2] = [(1, &first), (2, &second)];
        for (edition, earth) in editions {
            let Costs { cold_ms, warm_ms, classify_us, mixed } = costs(earth, lod);
            println!(
                "{lod:3} {edition:7} {cold_ms:8.3} {warm_ms:8.3} {:20.2} {:5.2} {:17.0} {:5.0}",
                classify_us[0], classify_us[1], mixed[0], mixed[1]
            );
        }
    }
    Ok(())
}
