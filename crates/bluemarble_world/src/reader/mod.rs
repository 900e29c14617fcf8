//! [`WorldReader`]: one thread's quick way to voxels and nodes.
//!
//! | module | what it holds |
//! |---|---|
//! | `world_reader` | [`WorldReader`] |
//! | `cache` | what a reader remembers |
//! | `slots` | a table that forgets, in which looking is a single step |
//! | `sight` | a chunk as a ray sees it, and what stops a ray |
//! | `explanation` | which way a query took, and why |

mod cache;
mod explanation;
mod sight;
mod slots;
mod world_reader;

pub(crate) use cache::UniformNode;
pub use explanation::{Explanation, QueryPath};
pub use sight::RayTarget;
pub(crate) use sight::Sight;
pub use world_reader::{DEFAULT_READER_BYTES, WorldReader};
