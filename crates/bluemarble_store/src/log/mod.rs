//! [`DeltaLog`]: edits, durable before they are folded into shards.
//!
//! ```text
//! edit batch -> records and a commit -> buffer -> one write and one sync for all who wait -> acknowledged
//! checkpoint -> the store holds everything up to an lsn -> a record says so -> older segments are removed
//! open       -> every batch after the last checkpoint is replayed, in order
//! ```
//!
//! Replaying is idempotent: edits say what voxels become, not what they were, and every replay goes on to
//! the end of the log. So a crash between any two steps of a checkpoint costs nothing but time.
//!
//! | module | what it holds |
//! |---|---|
//! | `delta_log` | [`DeltaLog`]: opened, appended to, checkpointed |
//! | `appended` | [`Appended`]: a batch that may not be durable yet |
//! | `options`, `statistics` | [`LogOptions`], [`LogStatistics`] |
//! | [`disk`] | what a log asks of a disk |
//! | `record` | one record and its checksum |
//! | `payload` | edits to bytes and back |
//! | `segment` | the files |
//! | `recover` | what a log holds after a crash, and whether it is damaged |
//! | `writer` | the thread that writes and syncs |
//! | `verify` | what a log holds and whether it is damaged, told without changing it |
//! | `repair` | what can be kept of a damaged log |
//! | `sim` | a disk that loses power, for tests (cargo feature `sim`) |

mod appended;
mod delta_log;
pub mod disk;
mod options;
mod payload;
mod record;
mod recover;
mod repair;
mod segment;
#[cfg(any(test, feature = "sim"))]
pub mod sim;
mod statistics;
mod verify;
mod writer;

pub use appended::Appended;
pub use delta_log::DeltaLog;
pub use options::{Durability, LogOptions};
pub use record::Lsn;
pub use recover::LoggedBatch;
pub use repair::{LogRepair, repair, repair_log};
pub use statistics::LogStatistics;
pub use verify::{LogCheck, LogDamage, verify, verify_log};

/// The folder of the log in a world directory.
pub const LOG_DIR: &str = "log";

#[cfg(test)]
mod tests;
