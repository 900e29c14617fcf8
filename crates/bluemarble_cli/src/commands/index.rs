//! `index`: what queries can be quick with, looked up beforehand and kept.

use std::{process::ExitCode, thread, time::Duration};

use bluemarble_store::log::LogOptions;
use bluemarble_world::{
    HybridWorld, IndexStatistics, RebuildManager, RebuildOptions, RebuildPace, SnapshotReport,
};
use clap::Args;
use futures::executor::block_on;
use serde_json::json;

use crate::{
    failure::{DAMAGED, Failure},
    open::WorldArgs,
    output, progress,
};

/// How often the progress bar looks.
const EVERY: Duration = Duration::from_millis(100);

/// Look at every stored chunk that has changed and keep what queries can be quick with.
///
/// The delta log is folded into the shards first. What is known is kept in the folder index: it makes asking
/// about the world faster, changes no answer, and may be deleted. If chunks cannot be read the last of them is
/// named, and the exit code is 1.
#[derive(Args)]
#[command(after_help = "Example: bluemarble index hills")]
pub struct Index {
    #[command(flatten)]
    world: WorldArgs,
}

impl Index {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let world = self.world.open(LogOptions::default())?;
        block_on(world.checkpoint())?;
        block_on(world.list_all())?;
        look(&world)?;
        let kept = block_on(world.save_index())?;
        block_on(world.measure_disk())?;
        print(&world, kept, json)?;
        let is_whole = world.unindexed() == 0;
        Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::from(DAMAGED) })
    }
}

/// Looks at everything that has changed, as far as it can be read.
fn look(world: &HybridWorld) -> Result<(), Failure> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let options = RebuildOptions { pace: RebuildPace::OnDemand, workers };
    let manager = RebuildManager::start(world, options)
        .map_err(|error| Failure::new(format!("no thread to look at chunks: {error}")))?;
    let bar = progress::bar(world.unindexed() as u64, "indexing");
    manager.rebuild_now();
    while !manager.wait(EVERY) {
        bar.set_position(manager.progress().indexed as u64);
    }
    bar.finish_and_clear();
    Ok(())
}

fn print(world: &HybridWorld, kept: SnapshotReport, json: bool) -> Result<(), Failure> {
    let report = world.report();
    if json {
        return output::print_json(&json!({ "kept": kept, "report": report }));
    }
    let IndexStatistics { nodes, summaries, leaves, looks, failures, last_error, .. } =
        report.index;
    if let Some(error) = last_error {
        output::print(&format!("{failures} chunks could not be read, the last: {error}"))?;
    }
    output::print(&format!(
        "{looks} chunks looked at; {summaries} known in {nodes} nodes, {leaves} not all air"
    ))?;
    output::print(&format!(
        "{} shards kept in the index; {} on disk, 1/{:.0} of plain numbers",
        kept.shards,
        output::human_bytes(report.disk.shard_bytes),
        report.compression_ratio.max(1.0)
    ))
}
