//! `compact`: shards without gaps, and without what the baseline makes anyway.

use std::process::ExitCode;

use bluemarble_store::{
    ChunkStore, KeptFiles, ShardRewrite, StoredShard, UnfinishedImport, WholeChunk,
};
use clap::Args;
use futures::executor::block_on;
use serde_json::json;

use crate::{
    failure::{DAMAGED, Failure},
    open::{Ground, WorldArgs},
    output, progress, scan,
};

/// Rewrite shards without gaps, and without what the baseline makes anyway.
///
/// Every edit stays. If the baseline is known, the delta log is folded into the shards first, and chunks that
/// equal the baseline are no longer stored. A shard with a damaged chunk is left as it is and named; the exit
/// code is then 1. The space of snapshots that were dropped is given back; a shard that is rewritten stays as it was as well
/// for as long as a snapshot needs it.
#[derive(Args)]
#[command(after_help = "Example: bluemarble compact hills")]
pub struct Compact {
    #[command(flatten)]
    world: WorldArgs,
}

#[derive(Default)]
struct Done {
    shards: u64,
    rewritten: u64,
    dropped_chunks: u64,
    bytes_before: u64,
    bytes_after: u64,
    left_alone: Vec<String>,
    /// Versions of files that no snapshot needs.
    removed: KeptFiles,
    /// An import that was interrupted.
    abandoned: Option<UnfinishedImport>,
}

impl Compact {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        self.world.dir()?;
        let ground = self.world.ground()?;
        match &ground {
            Some(_) => self.world.fold_log()?,
            None => output::note(
                "the baseline is not known: no chunk is compared with it, and the delta log stays",
            ),
        }
        let store = self.world.open_stored()?;
        let listing = block_on(store.list_shards())?;
        let bar = progress::bar(listing.shards.len() as u64, "compacting");
        let mut done = Done { shards: listing.shards.len() as u64, ..Done::default() };
        for shard in &listing.shards {
            compact(&store, shard, ground.as_ref(), &mut done)?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        block_on(store.commit())?;
        done.removed = block_on(store.remove_unneeded())?;
        done.abandoned = block_on(store.abandon_import())?;
        done.print(json)
    }
}

/// Rewrites one shard if that makes it smaller, and leaves it alone if anything in it is damaged.
fn compact(
    store: &ChunkStore,
    shard: &StoredShard,
    ground: Option<&Ground>,
    done: &mut Done,
) -> Result<(), Failure> {
    let mut unchanged = Vec::new();
    let damages = block_on(store.check_shard(shard, |WholeChunk { key, chunk, .. }| {
        if let Some(ground) = ground {
            let unedited = scan::unedited(&*ground.baseline, key);
            if scan::lay_over(&unedited, chunk) == unedited {
                unchanged.push(key);
            }
        }
    }))?;
    done.bytes_before += shard.bytes;
    if !damages.is_empty() {
        done.left_alone.extend(damages.iter().map(ToString::to_string));
        done.bytes_after += shard.bytes;
        return Ok(());
    }
    let ShardRewrite { bytes_after, is_rewritten, .. } =
        block_on(store.rewrite_shard(shard.key, &unchanged))?;
    done.bytes_after += bytes_after;
    done.dropped_chunks += unchanged.len() as u64;
    done.rewritten += u64::from(is_rewritten);
    Ok(())
}

impl Done {
    fn print(self, json: bool) -> Result<ExitCode, Failure> {
        if json {
            output::print_json(&json!({
                "shards": self.shards,
                "rewritten": self.rewritten,
                "dropped_chunks": self.dropped_chunks,
                "bytes_before": self.bytes_before,
                "bytes_after": self.bytes_after,
                "left_alone": self.left_alone,
                "removed_versions": self.removed.files,
                "removed_version_bytes": self.removed.bytes,
                "abandoned_import_bytes": self.abandoned.map(|import| import.bytes),
            }))?;
        } else {
            for line in &self.left_alone {
                output::print(&format!("{line}; left as it is"))?;
            }
            output::print(&format!(
                "{} of {} shards rewritten, {} chunks dropped, {} to {}",
                self.rewritten,
                self.shards,
                self.dropped_chunks,
                output::human_bytes(self.bytes_before),
                output::human_bytes(self.bytes_after)
            ))?;
            if self.removed.files > 0 {
                output::print(&format!(
                    "{} versions that no snapshot needs removed, {}",
                    self.removed.files,
                    output::human_bytes(self.removed.bytes)
                ))?;
            }
            if let Some(UnfinishedImport { name, shards, bytes }) = &self.abandoned {
                let bytes = output::human_bytes(*bytes);
                output::print(&format!(
                    "{shards} shards of an interrupted import removed, {bytes}: {name}"
                ))?;
            }
        }
        Ok(if self.left_alone.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(DAMAGED) })
    }
}
