//! Looking after a world shard by shard, so that one that is damaged does not hide the others.
//!
//! | module | what it holds |
//! |---|---|
//! | `listing` | which shards there are |
//! | `damage` | [`Damage`]: where and why something is damaged |
//! | `check` | what is damaged, down to the chunk |
//! | `groups` | which stored chunks hold which chunks |
//! | `rewrite` | shards without gaps, or without some of their chunks |
//! | `restore` | files taken back from a copy |
//! | `survey` | what is missing, foreign or changed; [`Adopted`] |
//! | `aside` | damaged files taken out of the way, documents made again |

mod aside;
mod check;
mod damage;
mod groups;
mod listing;
mod restore;
mod rewrite;
mod survey;

pub use super::stored_shard::StoredShard;
pub use check::WholeChunk;
pub use damage::{Damage, DamagedPart};
pub use listing::Listing;
pub use restore::Restored;
pub use rewrite::ShardRewrite;
pub use survey::Adopted;
