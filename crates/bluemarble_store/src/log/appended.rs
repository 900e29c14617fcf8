//! A batch on its way to the disk.

use std::sync::Arc;

use futures::channel::oneshot;

use super::{
    disk::Disk,
    record::Lsn,
    writer::{Answer, Failure},
};
use crate::StoreError;

/// A batch in the log that may not be durable yet.
#[derive(Debug)]
#[must_use = "nothing is durable before it is acknowledged"]
pub struct Appended {
    pub(super) lsn: Lsn,
    pub(super) answer: oneshot::Receiver<Answer>,
    pub(super) disk: Arc<dyn Disk>,
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

pub(super) fn log_failed(disk: &dyn Disk, failure: Failure) -> StoreError {
    StoreError::LogFailed {
        path: disk.path(&failure.name),
        reason: failure.reason.as_ref().to_owned(),
    }
}
