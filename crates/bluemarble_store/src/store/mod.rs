//! [`ChunkStore`]: edited chunks on disk.
//!
//! | module | what it holds |
//! |---|---|
//! | `chunk_store` | [`ChunkStore`] and what it keeps while a world is open |
//! | `open` | worlds opened and made |
//! | `arrays` | documents of the world, its regions and arrays |
//! | `read` | chunks read |
//! | `fetch` | indices and bytes of shards fetched |
//! | `write` | chunks written |
//! | `written` | what was written since the world was opened |
//! | `commit` | what was written taken into the manifest |
//! | [`maintain`] | shards listed, checked, rewritten and set aside |
//! | `copy` | a world copied into another one |
//! | `import` | shards made beside the world and moved in together |
//! | [`snapshots`] | worlds as they were at earlier moments |
//! | `known_arrays`, `known_index`, `decoded` | what was read lately |
//! | `places` | which shards there are in a part of the world |
//! | `stored_shard` | [`maintain::StoredShard`]: a shard as it is listed |
//! | `ranges` | requests for ranges of an object |
//! | `stripe` | whether a shard was replaced meanwhile |
//! | `versions` | whether a shard is the one that the manifest names |
//! | `statistics` | [`StoreStatistics`] |
//! | `errors` | errors from below, with the place they hit |

mod arrays;
mod chunk_store;
mod commit;
mod copy;
mod decoded;
mod errors;
mod fetch;
mod import;
mod known_arrays;
mod known_index;
pub mod maintain;
mod open;
mod places;
mod ranges;
mod read;
pub mod snapshots;
mod statistics;
mod stored_shard;
mod stripe;
mod versions;
mod write;
mod written;

pub use chunk_store::ChunkStore;
pub use copy::{CopiedWorld, CopyProgress};
pub use import::{Import, UnfinishedImport};
pub use statistics::StoreStatistics;
pub use written::WrittenShard;

#[cfg(test)]
pub(crate) mod tests;
