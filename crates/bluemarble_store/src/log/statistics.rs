//! What a log has done.

use serde::Serialize;

use super::record::Lsn;

/// What a log has done since it was opened, and what it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LogStatistics {
    /// Bytes of records written.
    pub bytes_written: u64,
    /// Times the disk was asked for durability.
    pub syncs: u64,
    /// Groups of batches that were written at once.
    pub groups: u64,
    /// Segments there are.
    pub segments: u64,
    /// Bytes that these take on disk.
    pub bytes_allocated: u64,
    /// The last record appended.
    pub last_lsn: Lsn,
    /// Everything up to here is on disk.
    pub durable_lsn: Lsn,
}
