//! [`Explanation`]: which way a query took, and why.

use serde::Serialize;

/// Which way a query took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryPath {
    /// A node is of one material, as the baseline or the index knows.
    Node,
    /// The index knows what a chunk is mostly made of.
    Summary,
    /// A chunk was at hand.
    Held,
    /// A chunk was read: from memory, the store or the baseline.
    #[default]
    Read,
}

/// How the last query of a reader was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The slowest way that had to be taken.
    pub path: QueryPath,
    /// Why.
    pub reason: &'static str,
    /// Nodes that were answered without a chunk.
    pub nodes: u32,
    /// Chunks that were at hand.
    pub held: u32,
    /// Chunks that were read.
    pub read: u32,
}

impl Explanation {
    /// Tells the way from what was looked at.
    pub(crate) fn of(nodes: u32, held: u32, read: u32) -> Self {
        let (path, reason) = match (held, read) {
            (_, 1..) => {
                (QueryPath::Read, "some nodes are of several materials and were not at hand")
            }
            (1.., _) => (QueryPath::Held, "all nodes of several materials were at hand"),
            _ => (QueryPath::Node, "every node is of one material"),
        };
        Self { path, reason, nodes, held, read }
    }
}
