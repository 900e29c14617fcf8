//! Queries: what a place, a box or a list of places is made of, at any lod, by the cheapest way to the
//! answer.
//!
//! | module | what it holds |
//! |---|---|
//! | [`Exactness`], [`Path`], [`Explanation`] | what is asked for, and which way was taken and why |
//! | `point` | one material: of a place, at a lod |
//! | `region` | [`HomogeneousBox`]es: what a box is made of, in as few boxes as possible |
//! | `boxes` | how boxes of one material are joined |
//! | `sample` | [`Samples`]: a grid over a box |
//! | `cells` | every cell of a box |
//! | `batch` | many places or rays at once, in their order |

mod batch;
mod boxes;
mod cells;
mod point;
mod region;
mod sample;

use serde::Serialize;

pub use region::HomogeneousBox;
pub use sample::Samples;

/// How exact an answer must be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Exactness {
    /// The material of the very cell.
    #[default]
    Exact,
    /// Where a chunk consists of one material to at least this share, 0..=1, that material will do.
    Dominant {
        /// The share; [`Exactness::DOMINANT`] uses 0.95.
        threshold: f64,
    },
}

impl Exactness {
    /// The most frequent material will do where it fills 95 % of a chunk.
    pub const DOMINANT: Self = Self::Dominant { threshold: 0.95 };
}

/// Which way a query took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Path {
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
    pub path: Path,
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
            (_, 1..) => (Path::Read, "some nodes are of several materials and were not at hand"),
            (1.., _) => (Path::Held, "all nodes of several materials were at hand"),
            _ => (Path::Node, "every node is of one material"),
        };
        Self { path, reason, nodes, held, read }
    }
}

#[cfg(test)]
mod tests;
