//! [`HybridWorld`]: a baseline, and over it what was edited.
//!
//! | module | what it holds |
//! |---|---|
//! | `world` | [`HybridWorld`] itself: what all clones of it share |
//! | `open` | how worlds are put together, for [`crate::WorldBuilder`] |
//! | `state` | what is edited, in memory |
//! | `shared` | the same behind its lock |
//! | `unlisted`, `listing` | where nobody has asked yet what is stored, and how it is found out |
//! | `cache` | chunks as they are, all edits laid over |
//! | `read`, `survey` | chunks, and what can be told of them without reading them |
//! | `edit` | a batch goes into the log and over the chunks it touches |
//! | `parents` | edited chunks are carried into their parents |
//! | `checkpoint` | what the log and the memory hold is folded into the store |
//! | `import` | a volume becomes chunks of all lods at once |
//! | `moment` | snapshots of the world |
//! | `index`, `index_work` | the index of nodes, and what is counted of the work on it |
//! | `kept`, `snapshot` | what is kept of the index for the next session, and how it is saved |
//! | `stored` | stored chunks as far as they are listed |
//! | `count` | what a world has done, holds and takes on disk |
//! | `threads`, `pause` | long work shared between threads, or giving way |

mod cache;
mod checkpoint;
mod count;
mod edit;
mod import;
mod index;
mod index_work;
mod kept;
mod listing;
mod moment;
mod open;
mod parents;
mod pause;
mod read;
mod shared;
mod snapshot;
mod state;
mod stored;
mod survey;
mod threads;
mod unlisted;
mod world;

pub use checkpoint::CheckpointReport;
pub use edit::EditReport;
pub use import::{ImportProgress, ImportReport};
pub use index::IndexReport;
pub(crate) use index::Known;
pub use index_work::IndexStatistics;
pub use kept::{INDEX_DIR, kept_index_bytes};
pub use snapshot::SnapshotReport;
pub(crate) use state::Change;
pub use world::HybridWorld;

#[cfg(test)]
mod tests;
