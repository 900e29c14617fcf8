//! [`Counted`]: what a world counts for its reports.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use super::{
    activity::{Meter, ReaderMeter},
    disk::DiskUse,
};

/// What is counted for reports.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub edits: Meter,
    pub queries: Meter,
    without_chunk: AtomicU64,
    disk: Mutex<DiskUse>,
    /// Why the last checkpoint failed, if it did.
    save_error: Mutex<Option<String>>,
}

impl Counted {
    /// Counts of a world that takes so much on disk.
    pub fn of(disk: DiskUse) -> Self {
        Self { disk: Mutex::new(disk), ..Self::default() }
    }

    /// Takes over what a reader has counted.
    pub fn take(&self, reader: &mut ReaderMeter) {
        self.without_chunk.fetch_add(reader.tell(&self.queries), Relaxed);
    }

    /// What the store took when it was last measured.
    pub fn disk(&self) -> DiskUse {
        *self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what the store takes.
    pub fn measured(&self, disk: DiskUse) {
        *self.disk.lock().unwrap_or_else(PoisonError::into_inner) = disk;
    }

    /// Queries that were answered without looking into a chunk.
    pub fn without_chunk(&self) -> u64 {
        self.without_chunk.load(Relaxed)
    }

    /// Why the last checkpoint failed, if it did.
    pub fn save_error(&self) -> Option<String> {
        self.save_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes how a checkpoint has ended.
    pub fn saved(&self, error: Option<String>) {
        *self.save_error.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }
}
