//! [`Health`]: what of a world is as it should be.

use serde::Serialize;

use super::WorldReport;

/// More chunks than this at which the index has to look make queries slower.
const MANY_WAITING: usize = 10_000;
/// Queries of the slowest percent should not take longer.
const SLOW_QUERY_US: f64 = 10_000.0;
/// More bytes of edits than this should not wait to be stored.
const MANY_PENDING_BYTES: usize = 1 << 30;

/// How a part of a world does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case", tag = "condition", content = "reason")]
pub enum Condition {
    /// As it should.
    #[default]
    Good,
    /// It works, worse than it should; for this reason.
    Degraded(String),
    /// It does not work; for this reason.
    Failed(String),
}

impl Condition {
    fn degraded_if(is_so: bool, reason: impl FnOnce() -> String) -> Self {
        if is_so { Self::Degraded(reason()) } else { Self::Good }
    }
}

/// What of a world is as it should be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Edits reach the store.
    pub storage: Condition,
    /// The index knows the edits.
    pub index: Condition,
    /// The index can look at what it has to.
    pub rebuild_queue: Condition,
    /// Queries are quick.
    pub queries: Condition,
}

impl Health {
    /// Judges a report; beside it, why edits could not be stored the last time, if so.
    pub(super) fn of(report: &WorldReport, save_error: Option<String>) -> Self {
        let index = &report.index;
        let pending = report.world.overlay_bytes;
        let storage = match save_error {
            Some(error) => Condition::Failed(format!("edits could not be stored: {error}")),
            None => Condition::degraded_if(pending > MANY_PENDING_BYTES, || {
                format!("{} MiB of edits wait to be stored", pending >> 20)
            }),
        };
        let behind = index.newest_lsn.saturating_sub(index.lsn);
        Self {
            storage,
            index: Condition::degraded_if(report.awaiting_index > MANY_WAITING, || {
                let waiting = report.awaiting_index;
                format!("the index is {waiting} chunks and {behind} batches behind")
            }),
            rebuild_queue: Condition::degraded_if(index.resting > 0, || {
                let error = index.last_error.as_deref().unwrap_or("no reason is known");
                format!("{} chunks can not be looked at: {error}", index.resting)
            }),
            queries: Condition::degraded_if(report.queries.p99_us > SLOW_QUERY_US, || {
                format!("one query in a hundred takes {:.0} ms", report.queries.p99_us / 1e3)
            }),
        }
    }

    /// Each part by name.
    pub fn parts(&self) -> [(&'static str, &Condition); 4] {
        [
            ("storage", &self.storage),
            ("index", &self.index),
            ("rebuild_queue", &self.rebuild_queue),
            ("queries", &self.queries),
        ]
    }

    /// Whether everything is as it should be.
    pub fn is_good(&self) -> bool {
        self.parts().iter().all(|(_, condition)| **condition == Condition::Good)
    }
}
