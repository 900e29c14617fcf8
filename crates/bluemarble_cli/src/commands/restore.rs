//! `restore`: a world becomes what it was.

use std::{process::ExitCode, time::SystemTime};

use bluemarble_store::{ChunkStore, Snapshot};
use clap::Args;
use futures::executor::block_on;
use serde_json::json;

use crate::{failure::Failure, open::WorldArgs, output, scan};

/// Make the world what it was when a snapshot was taken.
///
/// Every version that the snapshot needs is read and checked before anything is changed. The world as it is now becomes a
/// snapshot itself, so that a restore can be taken back. If the delta log holds edits, they are folded into the shards first.
#[derive(Args)]
#[command(after_help = "Example: bluemarble snapshot hills --list && bluemarble restore hills 12")]
pub struct Restore {
    #[command(flatten)]
    world: WorldArgs,
    /// The snapshot's number.
    #[arg(value_name = "SNAPSHOT", required_unless_present = "lsn")]
    number: Option<u64>,
    /// The newest snapshot with the edits up to this batch and no later ones, instead of a number.
    #[arg(long, value_name = "BATCH", conflicts_with = "number")]
    lsn: Option<u64>,
}

impl Restore {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        self.world.fold_log()?;
        let store = self.world.open_stored()?;
        if let Some(dir) = self.world.known_dir()
            && scan::log(dir)?.0.pending_batches > 0
        {
            return Err(Failure::new(format!(
                "{}: edited just now; try again",
                self.world.location
            )));
        }
        let number = self.number(&store)?;
        let now = SystemTime::now();
        let restored = block_on(store.restore_snapshot(number, now));
        let restored = restored.map_err(|error| Failure::from(error).at(&self.world.location))?;
        let before = store.snapshots()?.last().map(|snapshot| snapshot.number);
        if json {
            output::print_json(&json!({
                "snapshot": number, "restored": restored.restored, "removed": restored.removed, "before": before,
            }))?;
            return Ok(ExitCode::SUCCESS);
        }
        let (put_back, removed) = (restored.restored, restored.removed);
        output::print(&format!("{put_back} shards put back, {removed} removed"))?;
        if let Some(before) = before {
            output::print(&format!("the world of before is snapshot {before}"))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn number(&self, store: &ChunkStore) -> Result<u64, Failure> {
        if let Some(number) = self.number {
            return Ok(number);
        }
        let snapshots = store.snapshots()?;
        let wanted = self.lsn.unwrap_or_default();
        let newest = snapshots.iter().rev().find(|snapshot| snapshot.lsn == wanted);
        newest.map(|snapshot| snapshot.number).ok_or_else(|| {
            let batch = |snapshot: &Snapshot| snapshot.lsn.to_string();
            let kept: Vec<_> = snapshots.iter().map(batch).collect();
            let kept = if kept.is_empty() { "none".to_owned() } else { kept.join(", ") };
            let location = &self.world.location;
            Failure::new(format!(
                "{location}: --lsn {wanted}: no snapshot is as of that batch; those kept are of: {kept}"
            ))
        })
    }
}
