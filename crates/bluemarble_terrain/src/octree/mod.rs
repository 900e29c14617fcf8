//! [`LinearOctree`]: a pure octree in a file, its leaves in Morton order.
//!
//! | module | what it holds |
//! |---|---|
//! | [`LinearOctree`] | a file that is read leaf by leaf, however large it is |
//! | `leaf` | the bytes of the header and of a leaf |
//! | [`LinearOctreeWriter`] | leaves in order become such a file, merged where eight of them are one |
//! | [`OctreeBaseline`] | the octree as what a world is made of |
//!
//! I. Gargantini, "An effective way to represent quadtrees" (1982): the leaves alone, sorted by the code of
//! their lowest corner, are the whole tree; a node is a range of them.

mod baseline;
mod leaf;
mod linear;
#[cfg(test)]
mod tests;
mod write;

pub use baseline::OctreeBaseline;
pub use leaf::{Leaf, MAX_DEPTH};
pub use linear::LinearOctree;
pub use write::LinearOctreeWriter;
