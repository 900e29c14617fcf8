//! Rebuildable indices: everything here is derived and may be thrown away at any moment.
//!
//! ```
//! use bluemarble_core::{ChunkKey, MAX_LOD, Ray, Shape, VoxelPos};
//! use bluemarble_index::{EditOctree, NodeTree};
//! use glam::IVec3;
//!
//! let earth = Shape::earth();
//! let key = VoxelPos::new(2, IVec3::new(40_000_000, 33_554_432, 20_000_000)).chunk(0);
//!
//! // Which nodes hold edited chunks?
//! let mut edits = EditOctree::new();
//! edits.insert(key);
//! let root = ChunkKey::new(2, MAX_LOD, IVec3::ZERO);
//! assert_eq!(edits.edited_in(root), 1);
//!
//! // Which nodes does a ray meet, front to back?
//! let bounds = earth.node_bounds(key);
//! let tree = NodeTree::bulk([(key, bounds)]);
//! let down = -earth.up(bounds.centre);
//! let ray = Ray { origin: bounds.centre - down * 1000.0, direction: down };
//! let met: Vec<_> = tree.along_ray(&ray, 2000.0).map(|(key, _)| key).collect();
//! assert_eq!(met, [key]);
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | `edits` | [`EditOctree`]: which nodes hold edited chunks, and of which the index knows nothing new |
//! | `summary` | [`NodeSummary`]: what a node is made of, in short |
//! | `octree` | [`NodeIndex`]: the summaries of nodes, in an octree and an R-tree |
//! | `queue` | [`RebuildQueue`]: the chunks at which the index has to look, the most urgent first |
//! | `snapshot` | [`IndexSnapshot`]: what is known of nodes, kept from one session to the next |
//! | `tree` | [`NodeTree`]: an R-tree over boxes of nodes, for rays, places and regions |
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

mod edits;
mod octree;
mod queue;
mod snapshot;
mod summary;
mod tree;

pub use edits::EditOctree;
pub use octree::{IndexNode, NodeIndex, Untouched};
pub use queue::{QueueLength, RebuildQueue, Urgency};
pub use snapshot::{IndexSnapshot, SnapshotError, SnapshotGroup, SnapshotTile};
pub use summary::NodeSummary;
pub use tree::NodeTree;
