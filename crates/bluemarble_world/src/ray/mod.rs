//! Ray casts: what a ray hits in the world as it is now, drawn or not.
//!
//! | module | what it holds |
//! |---|---|
//! | `options`, `hit` | [`RayOptions`], [`RayHit`]: what is asked, and the answer |
//! | `queries` | what a [`crate::WorldReader`] answers with rays |
//! | `chunk` | [`first_hit_in_chunk`]: the first cell of one chunk, without a world |
//! | `cast` | [`RayCast`]: a ray on its way through nodes, chunks and regions |
//! | `position` | where it is: in which voxel of which region |
//!
//! A ray leaps over every node that is known to hold nothing for it, over free blocks and bricks in
//! chunks, and is still exactly where a walk from voxel to voxel would be
//! ([`bluemarble_core::Crossings`]).

mod cast;
mod chunk;
mod hit;
mod options;
mod position;
mod queries;

pub use cast::RayCast;
pub use chunk::first_hit_in_chunk;
pub use hit::RayHit;
pub use options::RayOptions;

#[cfg(test)]
mod chunk_tests;
#[cfg(test)]
mod tests;
