//! From the numbers of a report to the health of the world.

use super::{
    health::{Condition, Health},
    world_report::WorldReport,
};

/// More chunks than this at which the index has to look make queries slower.
const MANY_WAITING: usize = 10_000;
/// Queries of the slowest percent should not take longer.
const SLOW_QUERY_US: f64 = 10_000.0;
/// More bytes of edits than this should not wait to be stored.
const MANY_PENDING_BYTES: usize = 1 << 30;

/// Judges a report; beside it, why edits could not be stored the last time, if so.
pub(super) fn judge(report: &WorldReport, save_error: Option<String>) -> Health {
    let index = &report.index;
    let pending = report.world.overlay_bytes;
    let storage = match save_error {
        Some(error) => Condition::Failed(format!("edits could not be stored: {error}")),
        None => degraded_if(pending > MANY_PENDING_BYTES, || {
            format!("{} MiB of edits wait to be stored", pending >> 20)
        }),
    };
    let behind = index.newest_lsn.saturating_sub(index.lsn);
    Health {
        storage,
        index: degraded_if(report.awaiting_index > MANY_WAITING, || {
            let waiting = report.awaiting_index;
            format!("the index is {waiting} chunks and {behind} batches behind")
        }),
        rebuild_queue: degraded_if(index.resting > 0, || {
            let error = index.last_error.as_deref().unwrap_or("no reason is known");
            format!("{} chunks can not be looked at: {error}", index.resting)
        }),
        queries: degraded_if(report.queries.p99_us > SLOW_QUERY_US, || {
            format!("one query in a hundred takes {:.0} ms", report.queries.p99_us / 1e3)
        }),
    }
}

fn degraded_if(is_so: bool, reason: impl FnOnce() -> String) -> Condition {
    if is_so { Condition::Degraded(reason()) } else { Condition::Good }
}
