//! Rebuildable indices: everything here is derived and may be thrown away at any moment.
//!
//! | module | what it holds |
//! |---|---|
//! | [`edits`] | [`EditOctree`]: which nodes hold edited chunks, and of which the index knows nothing new |
//! | [`summary`] | [`NodeSummary`]: what a node is made of, in short |
//! | [`octree`] | [`NodeIndex`]: the summaries of nodes, in an octree and an R-tree |
//! | [`queue`] | [`RebuildQueue`]: the chunks at which the index has to look, the most urgent first |
//! | [`snapshot`] | [`IndexSnapshot`]: what is known of nodes, kept from one session to the next |
//! | [`tree`] | [`NodeTree`]: an R-tree over boxes of nodes, for rays, places and regions |

pub mod edits;
pub mod octree;
pub mod queue;
pub mod snapshot;
pub mod summary;
pub mod tree;

pub use edits::EditOctree;
pub use octree::{IndexNode, NodeIndex};
pub use queue::{QueueLength, RebuildQueue, Urgency};
pub use snapshot::{IndexSnapshot, SnapshotContents, SnapshotError, SnapshotGroup};
pub use summary::NodeSummary;
pub use tree::NodeTree;
