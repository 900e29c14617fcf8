//! What works on a world in the background: who does, and how it has ended.

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use bevy::tasks::futures_lite::FutureExt;
use bluemarble_core::{Cancelled, ChunkKey};
use bluemarble_world::{CheckpointReport, WorldError};

/// How long work that failed waits to be tried again.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Tells how many hold it.
#[derive(Clone, Debug, Default)]
pub(crate) struct WorkToken(Arc<()>);

impl WorkToken {
    /// Whether it has at most this many holders, this one included.
    pub fn is_held_by(&self, holders: usize) -> bool {
        Arc::strong_count(&self.0) <= holders
    }
}

/// Why work in the background has no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkError {
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error(transparent)]
    World(WorldError),
    /// Code of the game runs on workers: baselines, meshers, bakers, contents.
    #[error(
        "code that runs on a worker panicked, a baseline, mesher or content of the game perhaps: {0}"
    )]
    Panicked(String),
}

impl From<WorldError> for WorkError {
    fn from(error: WorldError) -> Self {
        match error {
            WorldError::Cancelled => Self::Cancelled(Cancelled),
            error => Self::World(error),
        }
    }
}

/// Does work whose panic must not take what waits for it along.
pub(crate) async fn guarded<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<T, WorkError>
where
    WorkError: From<E>,
{
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(result) => Ok(result?),
        Err(panic) => Err(WorkError::Panicked(message(&*panic))),
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// How a piece of work has ended.
pub(super) enum Done {
    /// Coarser chunks were brought up to date: those that have changed.
    ParentsUpdated(Result<Vec<ChunkKey>, WorkError>),
    Saved(Result<CheckpointReport, WorkError>),
}
