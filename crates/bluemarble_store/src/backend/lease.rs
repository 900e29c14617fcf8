//! The lease of a shared world's one writer: an object that says who writes, and until when.
//!
//! The writer stops at `expires - margin` by its own clock; another one takes over at
//! `expires + margin` by its own. Two writers therefore overlap only if their clocks differ by more than
//! twice the margin, or if a request takes longer. On stores that keep conditions, replacing the lease
//! and every shard is conditional too, so that even then nothing is overwritten unseen.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bluemarble_core::block_on;
use bytes::Bytes;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, UpdateVersion, path::Path};
use serde::{Deserialize, Serialize};

use super::{name::random_name, probe::Capabilities};
use crate::StoreError;

/// The name of the lease.
pub const LEASE_NAME: &str = ".writer";
/// A larger object is no lease.
const MAX_BYTES: u64 = 4096;
/// An acquisition gives up after it met this many others.
const ATTEMPTS: usize = 4;

/// What the lease says. `owner` and `serial` together are never used twice, so that a writer knows its
/// own words again when the reply to a PUT was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lease {
    owner: String,
    serial: u64,
    host: String,
    pid: u32,
    /// Milliseconds since 1970; 0 when given back.
    expires_unix_ms: u64,
}

/// The times of a lease, all from its duration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub duration: Duration,
}

impl Times {
    pub fn renew_every(self) -> Duration {
        self.duration / 4
    }

    /// How much clocks may differ and a request may take.
    pub fn margin(self) -> Duration {
        self.duration / 6
    }

    /// How long a writer waits for another one that wrote at the same moment.
    fn settle(self) -> Duration {
        (self.duration / 30).min(Duration::from_secs(2))
    }
}

/// A lease that is ours.
#[derive(Debug)]
pub(super) struct Held {
    lease: Lease,
    /// When it ends, by both of our clocks: the first stands still while a machine sleeps.
    pub ends: (Instant, SystemTime),
}

/// Why a lease was not renewed.
#[derive(Debug)]
pub(super) enum NotRenewed {
    /// Another writer has it, or has taken it away.
    Taken(String),
    /// Unknown; the next try may tell.
    Failed(String),
}

/// A world's lease, before and while it is held.
#[derive(Clone, Debug)]
pub(super) struct LeaseObject {
    pub objects: Arc<dyn ObjectStore>,
    pub location: String,
    pub capabilities: Capabilities,
    pub times: Times,
}

impl LeaseObject {
    /// Takes the lease; blocks.
    pub fn acquire(&self) -> Result<Held, StoreError> {
        let owner = random_name();
        for _ in 0..ATTEMPTS {
            let found = block_on(self.find())?;
            if let Some((lease, _)) = &found {
                self.refuse_if_held(lease)?;
            }
            let lease = Lease {
                owner: owner.clone(),
                serial: 1,
                host: gethostname::gethostname().to_string_lossy().into_owned(),
                pid: std::process::id(),
                expires_unix_ms: self.expiry(),
            };
            let version = found.map(|(_, version)| version);
            let unconditional = matches!(self.mode(version.as_ref()), PutMode::Overwrite);
            match self.put(lease, version) {
                Ok(Some(held)) if unconditional => {
                    thread::sleep(self.times.settle());
                    match block_on(self.find())? {
                        Some((lease, _)) if lease == held.lease => return Ok(held),
                        // Another writer came at the same moment, and after us.
                        _ => {}
                    }
                }
                Ok(Some(held)) => return Ok(held),
                // Another writer came first; the next look will say who.
                Ok(None) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Contended { path: LEASE_NAME.to_owned() })
    }

    /// Prolongs the lease; blocks.
    pub fn renew(&self, held: &Held) -> Result<Held, NotRenewed> {
        let failed = |error: StoreError| NotRenewed::Failed(error.to_string());
        let taken = |found: Option<(Lease, UpdateVersion)>| match found {
            Some((lease, _)) => NotRenewed::Taken(format!("{} has taken it over", writer(&lease))),
            None => NotRenewed::Taken(format!("{LEASE_NAME} was deleted")),
        };
        // What was last written may be a renewal whose reply never came.
        let version = match block_on(self.find()).map_err(failed)? {
            Some((lease, version)) if lease.owner == held.lease.owner => version,
            found => return Err(taken(found)),
        };
        let lease = Lease {
            serial: held.lease.serial + 1,
            expires_unix_ms: self.expiry(),
            ..held.lease.clone()
        };
        match self.put(lease, Some(version)).map_err(failed)? {
            Some(held) => Ok(held),
            None => Err(taken(block_on(self.find()).map_err(failed)?)),
        }
    }

    /// Gives the lease back, if it is still ours; blocks.
    pub fn release(&self, held: &Held) {
        let outcome = match block_on(self.find()) {
            Ok(Some((lease, version))) if lease.owner == held.lease.owner => {
                let lease = Lease { serial: u64::MAX, expires_unix_ms: 0, ..lease };
                self.put(lease, Some(version)).map(|_| ())
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::warn!("{}: the lease could not be given back: {error}", self.location);
        }
    }

    fn expiry(&self) -> u64 {
        unix_ms(SystemTime::now() + self.times.duration)
    }

    fn refuse_if_held(&self, lease: &Lease) -> Result<(), StoreError> {
        if lease.expires_unix_ms == 0 {
            return Ok(());
        }
        let free = lease.expires_unix_ms.saturating_add(self.times.margin().as_millis() as u64);
        match free.saturating_sub(unix_ms(SystemTime::now())) {
            0 => Ok(()),
            left_ms => Err(StoreError::HeldByWriter {
                location: self.location.clone(),
                writer: writer(lease),
                free_in_s: left_ms.div_ceil(1000),
            }),
        }
    }

    fn mode(&self, version: Option<&UpdateVersion>) -> PutMode {
        match version {
            Some(version) if self.capabilities.conditional_update => {
                PutMode::Update(version.clone())
            }
            None if self.capabilities.conditional_create => PutMode::Create,
            _ => PutMode::Overwrite,
        }
    }

    /// Replaces what has that version; `None` if something else is there by now.
    fn put(
        &self,
        lease: Lease,
        version: Option<UpdateVersion>,
    ) -> Result<Option<Held>, StoreError> {
        let path = Path::from(LEASE_NAME);
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| StoreError::Object {
            path: LEASE_NAME.to_owned(),
            action: "writing",
            source,
        };
        // Counted from before the request: it may take long.
        let ends = (Instant::now() + self.times.duration, SystemTime::now() + self.times.duration);
        let body = serde_json::to_vec_pretty(&lease).map_err(|error| failed(error.into()))?;
        let mode = self.mode(version.as_ref());
        let put = block_on(self.objects.put_opts(&path, Bytes::from(body).into(), mode.into()));
        match put {
            Ok(_) => Ok(Some(Held { lease, ends })),
            // Done or not, only the object itself can say.
            Err(error) => match block_on(self.find()) {
                Ok(Some((found, _))) if found == lease => Ok(Some(Held { lease, ends })),
                Ok(_) if is_conflict(&error) => Ok(None),
                _ => Err(failed(error.into())),
            },
        }
    }

    async fn find(&self) -> Result<Option<(Lease, UpdateVersion)>, StoreError> {
        let path = Path::from(LEASE_NAME);
        let failed = |source: Error| StoreError::Object {
            path: LEASE_NAME.to_owned(),
            action: "reading",
            source: source.into(),
        };
        let damaged = |reason: String| StoreError::DamagedLease {
            location: self.location.clone(),
            name: LEASE_NAME,
            reason,
        };
        let result = match self.objects.get(&path).await {
            Ok(result) => result,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let size = result.meta.size;
        if size > MAX_BYTES {
            return Err(damaged(format!(
                "it has {size} bytes, no lease has more than {MAX_BYTES}"
            )));
        }
        let version = UpdateVersion {
            e_tag: result.meta.e_tag.clone(),
            version: result.meta.version.clone(),
        };
        let bytes = result.bytes().await.map_err(failed)?;
        let lease = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        Ok(Some((lease, version)))
    }
}

fn is_conflict(error: &Error) -> bool {
    matches!(error, Error::AlreadyExists { .. } | Error::Precondition { .. })
}

fn writer(lease: &Lease) -> String {
    format!("process {} on {}", lease.pid, lease.host)
}

fn unix_ms(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
