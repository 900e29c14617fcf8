//! [`ChunkStore`]: edited chunks on disk.
//!
//! | module | what it holds |
//! |---|---|
//! | `chunk_store` | [`ChunkStore`] and what it keeps while a world is open |
//! | `open` | worlds opened and made |
//! | `arrays` | documents of the world, its regions and arrays |
//! | `read` | chunks and shards read |
//! | `write` | chunks written |
//! | `put` | objects replaced, on the condition that no other writer has |
//! | `commit` | what was written taken into the manifest |
//! | [`maintain`] | shards listed, checked, rewritten and set aside |
//! | `known_arrays`, `known_index`, `decoded` | what was read lately |
//! | `ranges` | requests for ranges of an object |
//! | `stripe` | whether a shard was replaced meanwhile |
//! | `versions` | whether a shard is the one that the manifest names |
//! | `statistics` | [`StoreStatistics`] |
//! | `errors` | errors from below, with the place they hit |

mod arrays;
mod chunk_store;
mod commit;
mod decoded;
mod errors;
mod known_arrays;
mod known_index;
pub mod maintain;
mod open;
mod put;
mod ranges;
mod read;
mod statistics;
mod stripe;
mod versions;
mod write;

pub use chunk_store::ChunkStore;
pub use statistics::StoreStatistics;
pub use versions::WrittenShard;
pub(crate) use {errors::object_error, put::put_over, versions::Seen};

#[cfg(test)]
pub(crate) mod tests;
