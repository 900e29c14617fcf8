//! Snapshots taken and listed.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::policy::SnapshotPolicy;
use crate::{
    StoreError,
    manifest::{RootChange, SnapshotRoot},
    store::chunk_store::ChunkStore,
};

/// A world as it was at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its number; larger is later.
    pub number: u64,
    /// The last batch of edits in it; 0 in worlds without a log.
    pub lsn: u64,
    /// When it was taken.
    pub taken: SystemTime,
    /// Shards and documents in it.
    pub files: u64,
}

impl Snapshot {
    fn new(number: u64, root: &SnapshotRoot) -> Self {
        let taken = UNIX_EPOCH + Duration::from_secs(root.taken_unix_s);
        Self { number, lsn: root.lsn, taken, files: root.entries }
    }
}

/// What [`ChunkStore::take_snapshot`] has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenSnapshot {
    /// The newest snapshot.
    pub snapshot: Snapshot,
    /// False if nothing had changed since it was taken.
    pub is_new: bool,
    /// Numbers of those that are kept no longer.
    pub dropped: BTreeSet<u64>,
}

impl ChunkStore {
    /// Keeps the world as the store holds it now, and drops snapshots that a policy does not want. Costs as much as a
    /// [`ChunkStore::commit`]; the space of dropped ones is given back by [`ChunkStore::remove_unneeded`].
    ///
    /// # Errors
    /// As [`ChunkStore::commit`]; no snapshot is taken then.
    pub async fn take_snapshot(
        &self,
        now: SystemTime,
        policy: &SnapshotPolicy,
    ) -> Result<TakenSnapshot, StoreError> {
        let _writer = self.writer.lock().await;
        self.refuse_unfinished().await?;
        self.settle_and_commit().await?;
        let manifest = self.own_manifest()?;
        let (before, now_s) = (manifest.snapshots(), unix_s(now));
        let is_new = match before.last() {
            Some((_, newest)) => !manifest.changes_to(newest).await?.is_empty(),
            None => true,
        };
        let mut times: Vec<_> =
            before.iter().map(|(number, root)| (*number, root.taken_unix_s)).collect();
        if is_new {
            times.push((u64::MAX, now_s));
        }
        let dropped = policy.expired(&times);
        if is_new || !dropped.is_empty() {
            let take_unix_s = is_new.then_some(now_s);
            let drop = dropped.clone();
            manifest.commit(RootChange { take_unix_s, drop, ..RootChange::default() }).await?;
        }
        let snapshots = self.snapshots()?;
        let Some(&snapshot) = snapshots.last() else {
            return Err(Self::no_snapshot("the newest one"));
        };
        Ok(TakenSnapshot { snapshot, is_new, dropped })
    }

    /// The snapshots that are kept, oldest first.
    ///
    /// # Errors
    /// [`StoreError::NoManifest`] in a world of an older version that is open for reading.
    pub fn snapshots(&self) -> Result<Vec<Snapshot>, StoreError> {
        let snapshots = self.any_manifest()?.snapshots();
        Ok(snapshots.iter().map(|(number, root)| Snapshot::new(*number, root)).collect())
    }

    /// A snapshot by its number.
    pub(in crate::store) fn snapshot_root(&self, number: u64) -> Result<SnapshotRoot, StoreError> {
        let snapshots = self.any_manifest()?.snapshots();
        let found = snapshots.into_iter().find(|(of, _)| *of == number);
        found.map(|(_, root)| root).ok_or_else(|| Self::no_snapshot(&number.to_string()))
    }

    fn no_snapshot(wanted: &str) -> StoreError {
        StoreError::NoSnapshot { wanted: wanted.to_owned() }
    }
}

/// Seconds since 1970; times before are 1970.
pub(super) fn unix_s(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
