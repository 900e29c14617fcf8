//! A world made what it was when a snapshot was taken.

use std::time::SystemTime;

use futures::{StreamExt, TryStreamExt, stream};

use super::take::unix_s;
use crate::{
    StoreError,
    layout::ShardKey,
    manifest::{Entry, Job, RootChange},
    store::{
        chunk_store::ChunkStore,
        commit::{AT_ONCE, Replacement},
    },
};

/// What [`ChunkStore::restore_snapshot`] has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RestoredSnapshot {
    /// Shards that are as they were.
    pub restored: u64,
    /// Shards that were not there then, and are gone.
    pub removed: u64,
}

impl ChunkStore {
    /// Makes all shards what they were in a snapshot, and keeps those of now as another one. Documents stay: arrays are
    /// never changed, only added.
    ///
    /// First every version is read and found whole; from then on the restore is finished even after a crash, by whoever
    /// opens the world for writing next. Until then others get [`StoreError::UnfinishedJob`], and never a mixture. What
    /// holds chunks of this world in memory must be made anew.
    ///
    /// # Errors
    /// [`StoreError::NoSnapshot`], [`StoreError::LostVersion`] and [`StoreError::ReadOnly`]: nothing is changed then.
    /// [`StoreError::Object`], [`StoreError::DamagedManifest`].
    pub async fn restore_snapshot(
        &self,
        number: u64,
        now: SystemTime,
    ) -> Result<RestoredSnapshot, StoreError> {
        let _writer = self.writer.lock().await;
        self.refuse_unfinished().await?;
        self.settle_and_commit().await?;
        let manifest = self.own_manifest()?;
        let snapshot = self.snapshot_root(number)?;
        let changes = manifest.changes_to(&snapshot).await?;
        let checked = stream::iter(
            changes.iter().filter_map(|(key, entry)| Some((key, (*entry)?))),
        )
        .map(async |(key, entry)| match key.shard() {
            Some(_) => self.get_version(*key, &entry).await.map(drop),
            None => Ok(()),
        });
        checked.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        let is_kept = match manifest.snapshots().last() {
            Some((_, newest)) => manifest.changes_to(newest).await?.is_empty(),
            None => false,
        };
        let take_unix_s = (!is_kept).then(|| unix_s(now));
        let job = Some(Some(Job::Restore(number)));
        manifest.commit(RootChange { take_unix_s, job, ..RootChange::default() }).await?;
        self.finish_restore(number).await
    }

    /// Takes back what is not as it was yet. By the one who writes.
    pub(in crate::store) async fn finish_restore(
        &self,
        number: u64,
    ) -> Result<RestoredSnapshot, StoreError> {
        let manifest = self.own_manifest()?;
        let snapshot = self.snapshot_root(number)?;
        let mut done = RestoredSnapshot::default();
        let changes = manifest.changes_to(&snapshot).await?.into_iter();
        let changes: Vec<(ShardKey, Option<Entry>)> =
            changes.filter_map(|(key, entry)| Some((key.shard()?, entry))).collect();
        done.removed = changes.iter().filter(|(_, entry)| entry.is_none()).count() as u64;
        done.restored = changes.len() as u64 - done.removed;
        let as_they_were = stream::iter(changes).map(async |(shard, entry)| {
            let was = self.as_it_was(shard, entry).await;
            match entry {
                Some(entry) => self.unless_lost(shard, entry, was),
                None => was.map(Some),
            }
        });
        let as_they_were = as_they_were.buffered(AT_ONCE).try_filter_map(async |was| Ok(was));
        self.replace_stream(as_they_were, |_, _| {}).await?;
        let (job, lsn) = (Some(None), Some(snapshot.lsn));
        self.settle_and_change(RootChange { job, lsn, ..RootChange::default() }).await?;
        Ok(done)
    }

    async fn as_it_was(
        &self,
        shard: ShardKey,
        entry: Option<Entry>,
    ) -> Result<Replacement, StoreError> {
        let now = match entry {
            Some(entry) => Some((self.get_version(shard.into(), &entry).await?, entry)),
            None => None,
        };
        self.replacement(shard, now).await
    }
}
