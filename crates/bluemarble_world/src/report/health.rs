//! [`Health`]: which parts of a world are in order.

use serde::Serialize;

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

/// Which parts of a world are in order.
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
