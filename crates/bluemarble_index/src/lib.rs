//! Rebuildable indices: everything here is derived and may be thrown away at any moment.
//!
//! | room | what it holds |
//! |---|---|
//! | [`octree`] | [`EditOctree`]: which nodes hold edited chunks |
//! | [`drawn`] | [`DrawnIndex`]: an R-tree over the drawn nodes, for ray queries |

pub mod drawn;
pub mod octree;

pub use drawn::DrawnIndex;
pub use octree::{EditOctree, NodeSummary};
