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
//! | [`disk`] | what a log asks of a disk |
//! | `record` | one record and its checksum |
//! | `payload` | edits to bytes and back |
//! | `segment` | the files |
//! | `recover` | what a log holds after a crash, and whether it is damaged |
//! | `writer` | the thread that writes and syncs |
//! | `verify` | what a log holds and whether it is damaged, told without changing it |
//! | `repair` | what can be kept of a damaged log |
//! | [`sim`] | a disk that loses power, for tests |

pub mod disk;
mod payload;
mod record;
mod recover;
mod repair;
mod segment;
pub mod sim;
mod verify;
mod writer;

use std::{
    path::Path,
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bluemarble_core::{Cause, CellEdit, ChunkKey, EditBatch};
use futures::channel::oneshot;
use serde::Serialize;

pub use record::Lsn;
pub use recover::LoggedBatch;
pub use repair::{LogRepair, repair, repair_log};
pub use verify::{LogCheck, LogDamage, verify, verify_log};

use crate::StoreError;
use disk::{Disk, RealDisk};
use writer::{Answer, Failure, Shared, Writer};

/// The folder of the log in a world directory.
pub const LOG_DIR: &str = "log";

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

/// The log of one world.
///
/// Appending is possible from any thread; one thread of the log's own writes. Dropping the log makes
/// everything durable first.
#[derive(Debug)]
pub struct DeltaLog {
    shared: Arc<Shared>,
    disk: Arc<dyn Disk>,
    writer: Option<JoinHandle<()>>,
}

impl DeltaLog {
    /// Opens the log in a directory, or begins one there. `replay` gets every batch that the store may
    /// not hold yet, in order.
    ///
    /// # Errors
    /// [`StoreError::Log`], [`StoreError::DamagedLog`], and what `replay` returns.
    pub fn open_dir<E: From<StoreError>>(
        dir: &Path,
        options: LogOptions,
        replay: impl FnMut(LoggedBatch) -> Result<(), E>,
    ) -> Result<Self, E> {
        Self::open(real_disk(dir)?, options, replay)
    }

    /// [`DeltaLog::open_dir`] on any disk.
    ///
    /// # Errors
    /// As [`DeltaLog::open_dir`].
    pub fn open<E: From<StoreError>>(
        disk: Arc<dyn Disk>,
        options: LogOptions,
        replay: impl FnMut(LoggedBatch) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut recovered = recover::recover(&*disk, replay)?;
        let statistics = LogStatistics {
            segments: recovered.segments.len() as u64,
            bytes_allocated: recovered.segments.iter().map(|header| header.length).sum(),
            ..LogStatistics::default()
        };
        recovered.segments.pop();
        let shared = Arc::new(Shared::new(recovered.chain, statistics));
        let writer = Writer {
            shared: Arc::clone(&shared),
            disk: Arc::clone(&disk),
            options,
            older: recovered.segments,
            active: recovered.active,
            unsynced: false,
            sync_at: None,
            synced_at: None,
        };
        let thread = std::thread::Builder::new().name("bluemarble-log".to_owned());
        let writer = thread.spawn(move || writer.run()).map_err(recover::disk_error(
            &*disk,
            "",
            "starting a thread",
        ))?;
        Ok(Self { shared, disk, writer: Some(writer) })
    }

    /// Appends a batch. It is in the log's order from now on, and acknowledged when
    /// [`Appended::acknowledged`] returns.
    ///
    /// # Errors
    /// [`StoreError::LogFailed`] if an earlier write has failed.
    pub fn append(&self, batch: &EditBatch) -> Result<Appended, StoreError> {
        let time_ms = since_1970_ms();
        let pushed = self.shared.append(false, |chain, records, durable| {
            payload::push_batch(chain, records, durable, batch, time_ms)
        });
        self.appended(pushed)
    }

    /// [`DeltaLog::append`] for a batch of single voxels, given as cells of chunks of lod 0: a third of
    /// the bytes where a chunk has many.
    ///
    /// # Errors
    /// As [`DeltaLog::append`].
    pub fn append_cells<'a>(
        &self,
        cause: Cause,
        chunks: impl Iterator<Item = (ChunkKey, &'a [CellEdit])>,
    ) -> Result<Appended, StoreError> {
        let time_ms = since_1970_ms();
        let pushed = self.shared.append(false, |chain, records, durable| {
            payload::push_cells(chain, records, durable, cause, chunks, time_ms)
        });
        self.appended(pushed)
    }

    /// Notes that the store durably holds everything up to `through`: it is not replayed again, and
    /// segments that hold nothing else are removed.
    ///
    /// # Errors
    /// [`StoreError::LogFailed`].
    pub fn checkpointed(&self, through: Lsn) -> Result<Appended, StoreError> {
        let pushed = self.shared.checkpoint(through);
        self.appended(pushed)
    }

    /// Returns once everything appended so far is on disk, whatever the policy.
    ///
    /// # Errors
    /// [`StoreError::LogFailed`].
    pub async fn sync(&self) -> Result<(), StoreError> {
        let lsn = self.last_lsn();
        let pushed = self.shared.sync().map(|answer| (lsn, answer));
        self.appended(pushed)?.acknowledged().await?;
        Ok(())
    }

    /// The lsn of the last record.
    pub fn last_lsn(&self) -> Lsn {
        self.shared.lock().chain.next - 1
    }

    /// Everything up to here is on disk.
    pub fn durable_lsn(&self) -> Lsn {
        self.shared.lock().durable
    }

    /// What the log has done and takes.
    pub fn statistics(&self) -> LogStatistics {
        let state = self.shared.lock();
        let (last_lsn, durable_lsn) = (state.chain.next - 1, state.durable);
        LogStatistics { last_lsn, durable_lsn, ..state.statistics }
    }

    fn appended(
        &self,
        pushed: Result<(Lsn, oneshot::Receiver<Answer>), Failure>,
    ) -> Result<Appended, StoreError> {
        let disk = Arc::clone(&self.disk);
        match pushed {
            Ok((lsn, answer)) => Ok(Appended { lsn, answer, disk }),
            Err(failure) => Err(log_failed(&*disk, failure)),
        }
    }
}

fn since_1970_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}

impl Drop for DeltaLog {
    fn drop(&mut self) {
        self.shared.close();
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the thread of the delta log has panicked");
        }
    }
}

/// A batch in the log that may not be durable yet.
#[derive(Debug)]
#[must_use = "nothing is durable before it is acknowledged"]
pub struct Appended {
    lsn: Lsn,
    answer: oneshot::Receiver<Answer>,
    disk: Arc<dyn Disk>,
}

impl Appended {
    /// The lsn of the batch's commit.
    pub fn lsn(&self) -> Lsn {
        self.lsn
    }

    /// Waits until the batch is as durable as the policy asks.
    ///
    /// # Errors
    /// [`StoreError::LogFailed`]: the batch may or may not be there after the next start.
    pub async fn acknowledged(self) -> Result<Lsn, StoreError> {
        match self.answer.await {
            Ok(Ok(())) => Ok(self.lsn),
            Ok(Err(failure)) => Err(log_failed(&*self.disk, failure)),
            Err(oneshot::Canceled) => {
                let reason = "the log was closed".into();
                Err(log_failed(&*self.disk, Failure { name: String::new(), reason }))
            }
        }
    }
}

fn log_failed(disk: &dyn Disk, failure: Failure) -> StoreError {
    StoreError::LogFailed {
        path: disk.path(&failure.name),
        reason: failure.reason.as_ref().to_owned(),
    }
}

fn real_disk(dir: &Path) -> Result<Arc<RealDisk>, StoreError> {
    RealDisk::new(dir).map_err(|source| StoreError::Log {
        path: dir.to_owned(),
        action: "making the directory",
        source,
    })
}

#[cfg(test)]
mod tests;
