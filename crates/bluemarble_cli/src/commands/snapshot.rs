//! `snapshot`: a world is kept as it is now.

use std::{process::ExitCode, time::SystemTime};

use bluemarble_store::{ChunkStore, Snapshot, SnapshotPolicy};
use clap::Args;
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::{failure::Failure, open::WorldArgs, output};

/// Keep the world as it is now, to restore it later.
///
/// A snapshot costs nothing when it is taken: from then on a shard that is replaced is kept in `snapshots/` in the version that
/// the snapshot has. Without options all snapshots stay; with --last, --hourly or --daily those that none of them wants are
/// dropped, and `bluemarble compact` gives their space back. If the delta log holds edits, they are folded into the shards first.
#[derive(Args)]
#[command(after_help = "Examples:
  bluemarble snapshot hills --last 8 --hourly 24 --daily 30
  bluemarble snapshot hills --list")]
pub struct TakeSnapshot {
    #[command(flatten)]
    world: WorldArgs,
    /// Take none, list those that are kept.
    #[arg(long, conflicts_with_all = ["last", "hourly", "daily"])]
    list: bool,
    /// Keep the last N.
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    /// Keep the newest of each of the last N hours that have any.
    #[arg(long, value_name = "N")]
    hourly: Option<usize>,
    /// Keep the newest of each of the last N days that have any.
    #[arg(long, value_name = "N")]
    daily: Option<usize>,
}

impl TakeSnapshot {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        if self.list {
            return list(&self.world.open_to_read()?, json);
        }
        self.world.fold_log()?;
        let store = self.world.open_stored()?;
        let taken = block_on(store.take_snapshot(SystemTime::now(), &self.policy()))?;
        let Snapshot { number, lsn, .. } = taken.snapshot;
        if json {
            output::print_json(&json!({
                "snapshot": as_json(&taken.snapshot), "is_new": taken.is_new, "dropped": taken.dropped,
            }))?;
            return Ok(ExitCode::SUCCESS);
        }
        output::print(&match taken.is_new {
            true => format!("snapshot {number}, with the edits up to batch {lsn}"),
            false => format!("nothing has changed since snapshot {number}"),
        })?;
        if !taken.dropped.is_empty() {
            let dropped = taken.dropped.len();
            output::print(&format!(
                "{dropped} older ones dropped; `bluemarble compact` gives their space back"
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn policy(&self) -> SnapshotPolicy {
        match (self.last, self.hourly, self.daily) {
            (None, None, None) => SnapshotPolicy::ALL,
            (last, hourly, daily) => SnapshotPolicy {
                last: last.unwrap_or(0),
                hourly: hourly.unwrap_or(0),
                daily: daily.unwrap_or(0),
            },
        }
    }
}

fn list(store: &ChunkStore, json: bool) -> Result<ExitCode, Failure> {
    let snapshots = store.snapshots()?;
    if json {
        let snapshots: Vec<Value> = snapshots.iter().map(as_json).collect();
        output::print_json(&json!({ "snapshots": snapshots }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |snapshot: &Snapshot| {
        let Snapshot { number, lsn, files, .. } = snapshot;
        vec![number.to_string(), lsn.to_string(), time(snapshot), files.to_string()]
    };
    let rows: Vec<_> = snapshots.iter().map(row).collect();
    output::print(&match rows.as_slice() {
        [] => "no snapshots".to_owned(),
        rows => output::table(&["snapshot", "batch", "taken", "files"], rows),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn as_json(snapshot: &Snapshot) -> Value {
    let Snapshot { number, lsn, files, .. } = snapshot;
    json!({ "number": number, "lsn": lsn, "taken": time(snapshot), "files": files })
}

/// When it was taken, in UTC.
fn time(snapshot: &Snapshot) -> String {
    humantime::format_rfc3339_seconds(snapshot.taken).to_string()
}
