//! Prints what it costs to fill and to classify chunks of the Earth, by lod.
//!
//! Run with `cargo run -p bluemarble_terrain --example fill_cost [elevation.tif]`. The chunks hold the
//! surface at random places; "cold" includes the tile of columns, "warm" finds it in the cache.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::{path::PathBuf, time::Instant};

use bluemarble_core::{Chunk, ChunkKey, MaterialTable};
use bluemarble_terrain::{Baseline, Classification, EarthBaseline, TerrainError};
use glam::ivec3;

/// Chunks timed at each lod: fewer than the tile cache holds.
const CHUNKS: u64 = 100;

fn main() -> Result<(), TerrainError> {
    let path = std::env::args().nth(1).map(PathBuf::from).unwrap_or_else(|| {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/earth/etopo5.tif"))
    });
    let start = Instant::now();
    let earth = EarthBaseline::load(&path, &MaterialTable::standard(), 1)?;
    println!("{} loaded in {:.2} s", earth.fingerprint(), start.elapsed().as_secs_f64());
    println!("lod  cold ms  warm ms  classify us  cold/classify  mixed %");
    let mut random = 1u64;
    let mut next = move |end: i32| {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((random >> 33) % end as u64) as i32
    };
    for lod in 0..=20u8 {
        let count = 1 << (20 - lod);
        let keys: Vec<ChunkKey> = (0..CHUNKS)
            .map(|_| {
                let (region, x, z) = (next(6) as u8, next(count), next(count));
                let edge = f64::from(64 << lod);
                let middle = |v: i32| (f64::from(v) + 0.5) * edge;
                let y = earth.surface_y(region, middle(x), middle(z)) / edge;
                ChunkKey::new(region, lod, ivec3(x, y as i32, z))
            })
            .collect();
        let mut chunk = Chunk::default();
        let mut pass = || {
            let start = Instant::now();
            keys.iter().for_each(|&key| earth.fill(key, &mut chunk));
            start.elapsed().as_secs_f64() * 1e3 / CHUNKS as f64
        };
        let (cold_ms, warm_ms) = (pass(), pass());
        let start = Instant::now();
        let mixed = keys
            .iter()
            .filter(|key| {
                earth.classify(key.region, key.lattice_box(), lod) == Classification::Mixed
            })
            .count();
        let classify_us = start.elapsed().as_secs_f64() * 1e6 / CHUNKS as f64;
        let ratio = cold_ms * 1e3 / classify_us;
        println!("{lod:3} {cold_ms:8.3} {warm_ms:8.3} {classify_us:12.2} {ratio:14.0} {mixed:8}");
    }
    Ok(())
}
