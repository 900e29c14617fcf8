//! `bench`: edits and reads, measured on the disk that the world lies on.

use std::{
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use bluemarble_core::{ChunkKey, Flat, MaterialId, MaterialTable, Shape, VoxelPos};
use bluemarble_terrain::{Baseline, Empty};
use bluemarble_world::{EditBatch, HybridWorld};
use clap::Args;
use futures::executor::block_on;
use glam::IVec3;
use serde::Serialize;

use crate::{durable::Writer, failure::Failure, open::WorldArgs, output, progress};

/// Voxels to each side of the middle of the scratch world that are edited.
const REACH: i32 = 128;
/// Edits of a batch in the batched measurement.
const BATCH: u64 = 1000;

/// Measure edits and reads in a scratch world on the same disk.
///
/// Makes a world beside the world directory, over its baseline if that is known and over air if not, and
/// removes it at the end. The world itself is not touched.
#[derive(Args)]
#[command(after_help = "Example: bluemarble bench hills --edits 1000 --json")]
pub struct Bench {
    #[command(flatten)]
    world: WorldArgs,
    /// How many random voxels to edit one by one, each durable, and as many times 100 in batches.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    edits: u64,
    /// How many random chunks to read.
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    reads: u64,
    /// Any number: the same one edits and reads the same places.
    #[arg(long = "random-seed", value_name = "N", default_value_t = 1)]
    random_seed: u64,
}

/// How long the steps of one job took.
#[derive(Serialize)]
struct Measured {
    job: &'static str,
    /// Edits or chunks.
    count: u64,
    per_second: f64,
    /// Milliseconds of one call.
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

impl Bench {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let dir = self.world.dir()?;
        let ground = if dir.exists() { self.world.ground()? } else { None };
        let (baseline, materials): (Arc<dyn Baseline>, _) = match ground {
            Some(ground) => (ground.baseline, ground.materials),
            None => {
                let empty = Empty::new(Shape::Flat(Flat { voxel_m: 1.0 }))?;
                (Arc::new(empty), MaterialTable::standard())
            }
        };
        let world =
            std::path::absolute(dir).map_err(|error| Failure::file(dir, "cannot find", &error))?;
        let beside = world.parent().unwrap_or(Path::new("."));
        let scratch = tempfile::Builder::new()
            .prefix(".bluemarble-bench-")
            .tempdir_in(beside)
            .map_err(|error| Failure::file(beside, "cannot make a scratch world", &error))?;
        let open = || HybridWorld::open(scratch.path(), Arc::clone(&baseline), materials.clone());

        let mut random = Random(self.random_seed);
        let bar = progress::bar(4, "measuring");
        let mut measured = Vec::new();
        {
            let writer = Writer::new(open()?);
            measured.push(self.single(&writer, &mut random)?);
            bar.inc(1);
            measured.push(self.batched(&writer, &mut random)?);
            writer.checkpoint()?;
            bar.inc(1);
        }
        // Opened anew, so that nothing is in the cache.
        let world = open()?;
        let mut edited = block_on(world.edited_unsorted())?;
        edited.sort_unstable_by_key(|key| (key.lod, key.region, key.pos.to_array()));
        measured.push(
            self.reads("read stored chunk", &world, |at| {
                edited[at as usize % edited.len().max(1)]
            })?,
        );
        bar.inc(1);
        let middle = middle(&world);
        measured.push(self.reads("read baseline chunk", &world, |_| {
            // Beyond what was edited.
            let voxel = middle + random.voxel(REACH) + IVec3::new(32 * REACH, 0, 0);
            VoxelPos::new(0, voxel).chunk(0)
        })?);
        bar.finish_and_clear();

        if json {
            output::print_json(&measured)?;
        } else {
            let rows: Vec<_> = measured.iter().map(Measured::row).collect();
            let heading = ["job", "count", "per second", "p50 ms", "p95 ms", "p99 ms", "max ms"];
            output::print(&output::table(&heading, &rows))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// One voxel a batch, each durable before the next.
    fn single(&self, writer: &Writer, random: &mut Random) -> Result<Measured, Failure> {
        let mut times = Vec::new();
        for _ in 0..self.edits {
            let batch = random.batch(writer.world(), 1);
            let start = Instant::now();
            writer.commit(&batch)?;
            times.push(start.elapsed());
        }
        Ok(Measured::new("durable edit", self.edits, times))
    }

    /// Many voxels a batch, each batch durable before the next.
    fn batched(&self, writer: &Writer, random: &mut Random) -> Result<Measured, Failure> {
        let mut times = Vec::new();
        let batches = (self.edits * 100).div_ceil(BATCH);
        for _ in 0..batches {
            let batch = random.batch(writer.world(), BATCH);
            let start = Instant::now();
            writer.commit(&batch)?;
            times.push(start.elapsed());
        }
        Ok(Measured::new("edits in batches of 1000", batches * BATCH, times))
    }

    fn reads(
        &self,
        job: &'static str,
        world: &HybridWorld,
        mut key: impl FnMut(u64) -> ChunkKey,
    ) -> Result<Measured, Failure> {
        let mut times = Vec::new();
        for at in 0..self.reads {
            let key = key(at);
            let start = Instant::now();
            std::hint::black_box(block_on(world.read(key))?);
            times.push(start.elapsed());
        }
        Ok(Measured::new(job, self.reads, times))
    }
}

/// The voxel around which the scratch world is edited: the ground in the middle of region 0.
fn middle(world: &HybridWorld) -> IVec3 {
    let lattice = world.shape().region_box();
    let centre = lattice.min + lattice.size() / 2;
    let ground = world.ground_y_estimate(0, centre.x.into(), centre.z.into());
    IVec3::new(centre.x, ground as i32, centre.z)
}

/// `SplitMix64` (G. Steele, D. Lea and C. Flood, "Fast splittable pseudorandom number generators", 2014): the
/// same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn voxel(&mut self, reach: i32) -> IVec3 {
        let mut one = |reach: i32| (self.next() % (2 * reach as u64)) as i32 - reach;
        // Low and wide, as ground is.
        IVec3::new(one(reach), one((reach / 8).max(1)), one(reach))
    }

    fn batch(&mut self, world: &HybridWorld, edits: u64) -> EditBatch {
        let (middle, known) = (middle(world), world.materials().rows().len() as u64);
        let mut batch = EditBatch::new();
        for _ in 0..edits {
            let material = MaterialId((self.next() % known) as u16);
            batch.set(VoxelPos::new(0, middle + self.voxel(REACH)), material);
        }
        batch
    }
}

impl Measured {
    fn new(job: &'static str, count: u64, mut times: Vec<Duration>) -> Self {
        let all: Duration = times.iter().sum();
        times.sort_unstable();
        let at = |share: f64| {
            let index = (times.len() as f64 * share).ceil() as usize;
            let time = times.get(index.clamp(1, times.len().max(1)) - 1);
            time.map_or(0.0, |time| time.as_secs_f64() * 1e3)
        };
        Self {
            job,
            count,
            per_second: count as f64 / all.as_secs_f64().max(1e-9),
            p50_ms: at(0.5),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            max_ms: at(1.0),
        }
    }

    fn row(&self) -> Vec<String> {
        let times = [self.p50_ms, self.p95_ms, self.p99_ms, self.max_ms];
        let mut row =
            vec![self.job.to_owned(), self.count.to_string(), format!("{:.0}", self.per_second)];
        row.extend(times.map(|ms| format!("{ms:.3}")));
        row
    }
}
