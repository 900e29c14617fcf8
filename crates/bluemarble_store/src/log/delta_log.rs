//! The log as the editor of a world sees it.

use std::{
    path::Path,
    sync::Arc,
    thread::JoinHandle,
    time::{SystemTime, UNIX_EPOCH},
};

use bluemarble_core::{Cause, CellColumn, CellEdit, ChunkKey, EditBatch};
use futures::channel::oneshot;

use super::{
    appended::{Appended, log_failed},
    disk::{Disk, disk_error, real_disk},
    options::LogOptions,
    payload,
    record::Lsn,
    recover::{self, LoggedBatch},
    statistics::LogStatistics,
    writer::{Answer, Failure, Shared, Writer},
};
use crate::StoreError;

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
        let writer = thread.spawn(move || writer.run()).map_err(disk_error(
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
            payload::push_by_chunk(chain, records, durable, cause, chunks, time_ms)
        });
        self.appended(pushed)
    }

    /// [`DeltaLog::append`] for a batch of columns, given as columns of cells of chunks of lod 0.
    ///
    /// # Errors
    /// As [`DeltaLog::append`].
    pub fn append_columns<'a>(
        &self,
        cause: Cause,
        chunks: impl Iterator<Item = (ChunkKey, &'a [CellColumn])>,
    ) -> Result<Appended, StoreError> {
        let time_ms = since_1970_ms();
        let pushed = self.shared.append(false, |chain, records, durable| {
            payload::push_by_chunk(chain, records, durable, cause, chunks, time_ms)
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
