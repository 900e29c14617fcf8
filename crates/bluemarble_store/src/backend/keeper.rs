//! A thread that keeps the lease of a world for as long as the world is open.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::{Duration, Instant, SystemTime},
};

use object_store::ObjectStore;

use super::{
    Capabilities,
    lease::{Held, LEASE_NAME, LeaseObject, NotRenewed, Times},
};
use crate::StoreError;

/// Closing a world waits no longer than this for its lease to be given back.
const RELEASE: Duration = Duration::from_secs(5);

/// Whether the lease is held.
#[derive(Debug)]
pub(crate) struct LeaseState {
    margin: Duration,
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    ends: (Instant, SystemTime),
    /// Why the last renewal failed.
    failure: Option<String>,
    /// Why it will never be ours again.
    taken: Option<String>,
}

impl LeaseState {
    fn new(held: &Held, times: Times) -> Self {
        let now = Now { ends: held.ends, failure: None, taken: None };
        Self { margin: times.margin(), now: Mutex::new(now) }
    }

    /// Why nothing may be written, if so.
    pub(super) fn check(&self) -> Result<(), String> {
        let now = self.lock();
        if let Some(reason) = &now.taken {
            return Err(reason.clone());
        }
        let (instant, time) = now.ends;
        if Instant::now() + self.margin < instant && SystemTime::now() + self.margin < time {
            return Ok(());
        }
        let because = now.failure.as_deref().unwrap_or("nothing was heard of the object store");
        Err(format!("it could not be renewed in time ({because})"))
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Holds the lease until it is dropped.
#[derive(Debug)]
pub(crate) struct LeaseKeeper {
    state: Arc<LeaseState>,
    /// Dropped to stop the thread.
    stop: Option<mpsc::Sender<()>>,
    /// Ends when the lease is given back.
    released: Mutex<mpsc::Receiver<()>>,
}

impl LeaseKeeper {
    /// Takes the lease of a world and renews it from now on; blocks.
    pub(crate) fn acquire(
        objects: Arc<dyn ObjectStore>,
        location: String,
        capabilities: Capabilities,
        duration: Duration,
    ) -> Result<Self, StoreError> {
        let object = LeaseObject { objects, location, capabilities, times: Times { duration } };
        let held = object.acquire()?;
        let state = Arc::new(LeaseState::new(&held, object.times));
        let (stop, stopped) = mpsc::channel();
        let (release, released) = mpsc::channel();
        let shared = Arc::clone(&state);
        thread::Builder::new()
            .name("bluemarble-lease".to_owned())
            .spawn(move || {
                keep(&object, held, &shared, &stopped);
                drop(release);
            })
            .map_err(|source| StoreError::Object {
                path: LEASE_NAME.to_owned(),
                action: "starting the thread that keeps the lease",
                source: source.into(),
            })?;
        Ok(Self { state, stop: Some(stop), released: Mutex::new(released) })
    }

    pub(crate) fn state(&self) -> Arc<LeaseState> {
        Arc::clone(&self.state)
    }
}

impl Drop for LeaseKeeper {
    fn drop(&mut self) {
        self.stop = None;
        // An error either way: the thread has ended, or the store does not answer.
        let released = self.released.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = released.recv_timeout(RELEASE);
    }
}

fn keep(object: &LeaseObject, mut held: Held, state: &LeaseState, stopped: &mpsc::Receiver<()>) {
    while stopped.recv_timeout(object.times.renew_every()) == Err(mpsc::RecvTimeoutError::Timeout) {
        match object.renew(&held) {
            Ok(renewed) => {
                held = renewed;
                let mut now = state.lock();
                now.ends = held.ends;
                now.failure = None;
            }
            Err(NotRenewed::Failed(reason)) => {
                tracing::warn!("{}: the lease was not renewed: {reason}", object.location);
                state.lock().failure = Some(reason);
            }
            Err(NotRenewed::Taken(reason)) => {
                tracing::error!("{}: the lease is lost: {reason}", object.location);
                state.lock().taken = Some(reason);
                return;
            }
        }
    }
    object.release(&held);
}
