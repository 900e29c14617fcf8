//! How a log is kept.

use std::time::Duration;

/// What an acknowledged edit survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Power loss. Every batch is synced as soon as the disk is free.
    Sync,
    /// Power loss. A batch is synced at once if it is the first for some time; those that follow closely
    /// wait for each other and share a sync.
    Group {
        /// From the beginning of one sync to the next it takes at least this long.
        window: Duration,
    },
    /// The end of the process at once, power loss after the interval.
    Interval {
        /// How long a batch may be unsynced.
        every: Duration,
    },
    /// The end of the process; power loss only after a checkpoint.
    None,
}

impl Default for Durability {
    fn default() -> Self {
        Self::Group { window: Duration::from_millis(2) }
    }
}

/// How a log is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// What an acknowledged edit survives.
    pub durability: Durability,
    /// Bytes that a segment is made with; a batch that needs more gets a segment of its own.
    pub segment_bytes: u64,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { durability: Durability::default(), segment_bytes: 4 << 20 }
    }
}
