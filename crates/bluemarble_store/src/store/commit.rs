//! The manifest kept true: intents before files are changed, commits after it.

use std::pin::pin;

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use object_store::ObjectStoreExt;

use super::{
    chunk_store::ChunkStore,
    errors::unfinished,
    stripe::Replacing,
    versions::{Versions, is_one_of},
};
use crate::{
    StoreError,
    layout::ShardKey,
    manifest::{Change, Entry, Key, Manifest, RootChange},
    objects::{Seen, object_error, put_over},
};

/// Shards that are replaced or looked at at once.
pub(super) const AT_ONCE: usize = 16;
/// Shards are replaced in groups of so many bytes, with one intent each.
const GROUP_BYTES: usize = 64 << 20;
/// ... and of so many at most.
const MAX_GROUP: usize = 4096;

/// A shard as it is to be.
pub(super) struct Replacement {
    pub shard: ShardKey,
    /// Without bytes it is removed.
    pub now: Option<(Bytes, Entry)>,
    /// What it was when it was read.
    pub seen: Seen,
    pub before: Versions,
}

/// Shards that are replaced with one intent.
#[derive(Default)]
pub(super) struct Group {
    replacements: Vec<Replacement>,
    bytes: usize,
}

impl Group {
    pub fn push(&mut self, replacement: Replacement) {
        self.bytes += replacement.now.as_ref().map_or(0, |(bytes, _)| bytes.len());
        self.replacements.push(replacement);
    }

    pub fn is_full(&self) -> bool {
        self.bytes >= GROUP_BYTES || self.replacements.len() >= MAX_GROUP
    }

    /// How many shards there are, and their bytes.
    fn size(&self) -> (u64, u64) {
        (self.replacements.len() as u64, self.bytes as u64)
    }
}

impl ChunkStore {
    /// Takes what was written into the manifest for good. Until then another opening of the world would have to look at
    /// each shard that was written since the last commit; [`ChunkStore::write`] calls this now and then.
    ///
    /// # Errors
    /// [`StoreError::DamagedManifest`], [`StoreError::Conflict`], [`StoreError::Object`]; everything that was written is
    /// durable all the same.
    pub async fn commit(&self) -> Result<(), StoreError> {
        let _writer = self.writer.lock().await;
        self.settle_and_commit().await
    }

    /// Takes the recipe of the baseline, as it is now, for a file of this world, so that its loss is noticed.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], [`StoreError::Object`].
    pub async fn note_recipe(&self) -> Result<(), StoreError> {
        let _writer = self.writer.lock().await;
        let manifest = self.own_manifest()?;
        let found = self.current(Key::RECIPE).await?;
        if found.is_some() && manifest.versions(Key::RECIPE).await? != [found] {
            manifest.done(&[(Key::RECIPE, found)]);
        }
        Ok(())
    }

    /// The manifest, in a store that may read.
    pub(super) fn any_manifest(&self) -> Result<&Manifest, StoreError> {
        self.manifest.as_ref().ok_or_else(|| StoreError::NoManifest { location: self.location() })
    }

    /// The manifest, in a store that may write.
    pub(super) fn own_manifest(&self) -> Result<&Manifest, StoreError> {
        let location = || self.objects.to_string();
        let manifest = self.manifest.as_ref().filter(|_| !self.is_read_only);
        manifest.ok_or_else(|| StoreError::ReadOnly { location: location() })
    }

    /// Makes sure that no job of this store has failed, which only another opening of the world finishes.
    pub(super) async fn refuse_unfinished(&self) -> Result<(), StoreError> {
        match self.own_manifest()?.certain_job().await? {
            Some(job) => Err(unfinished(self.location(), job)),
            None => Ok(()),
        }
    }

    /// [`ChunkStore::commit`], by the one who writes.
    pub(super) async fn settle_and_commit(&self) -> Result<(), StoreError> {
        match self.own_manifest()?.is_changed() {
            true => self.settle_and_change(RootChange::default()).await,
            false => Ok(()),
        }
    }

    /// The same with a change of the root, and also if nothing was written.
    pub(super) async fn settle_and_change(&self, change: RootChange) -> Result<(), StoreError> {
        let manifest = self.own_manifest()?;
        let settled = stream::iter(manifest.unsettled()).map(async |(key, possible)| {
            let found = self.current(key).await?;
            let versions = manifest.versions(key).await?;
            let is_found = |version: &&Option<Entry>| is_one_of(&[**version], found.as_ref());
            // Where none of them is there, reads will say so.
            let newest = possible.last().copied().flatten();
            Ok::<Change, StoreError>((
                key,
                versions.iter().find(is_found).copied().unwrap_or(newest),
            ))
        });
        let settled: Vec<Change> = settled.buffer_unordered(AT_ONCE).try_collect().await?;
        manifest.done(&settled);
        manifest.commit(change).await
    }

    /// A shard as it is to be, whatever is there now.
    pub(super) async fn replacement(
        &self,
        shard: ShardKey,
        now: Option<(Bytes, Entry)>,
    ) -> Result<Replacement, StoreError> {
        let path = shard.path();
        let seen = match self.objects.head(&path).await {
            Ok(meta) => Seen::object(&meta),
            Err(object_store::Error::NotFound { .. }) => Seen::Missing,
            Err(source) => return Err(object_error(&path, "reading")(source)),
        };
        Ok(Replacement { shard, now, seen, before: self.versions(shard).await? })
    }

    /// Replaces shards in the order in which they come, group by group; tells of each group how many shards it had, and
    /// their bytes. By the one who writes.
    pub(super) async fn replace_stream(
        &self,
        replacements: impl Stream<Item = Result<Replacement, StoreError>>,
        mut replaced: impl FnMut(u64, u64),
    ) -> Result<(), StoreError> {
        let mut replacements = pin!(replacements);
        let mut group = Group::default();
        while let Some(replacement) = replacements.try_next().await? {
            group.push(replacement);
            if group.is_full() {
                let (shards, bytes) = group.size();
                self.replace_group(&mut group).await?;
                replaced(shards, bytes);
            }
        }
        let (shards, bytes) = group.size();
        self.replace_group(&mut group).await?;
        replaced(shards, bytes);
        Ok(())
    }

    /// A replacement of a job that must be finished, unless the version that was to be put in place is lost: then the manifest
    /// says what should be there, so that reads name the shard as a wrong one, and a repair settles it. The rest of
    /// the world does not wait for it. By the one who writes.
    pub(super) fn unless_lost(
        &self,
        shard: ShardKey,
        entry: Entry,
        replacement: Result<Replacement, StoreError>,
    ) -> Result<Option<Replacement>, StoreError> {
        match replacement {
            Err(lost @ StoreError::LostVersion { .. }) => {
                tracing::error!("{lost}");
                self.own_manifest()?.done(&[(shard.into(), Some(entry))]);
                Ok(None)
            }
            replacement => replacement.map(Some),
        }
    }

    /// Replaces the shards of a group, which is empty afterwards. By the one who writes.
    pub(super) async fn replace_group(&self, group: &mut Group) -> Result<(), StoreError> {
        self.replace_all(std::mem::take(group).replacements).await
    }

    /// Replaces shards; those of coarser lods are durable before the first one of a finer lod is touched, whatever their
    /// order. By the one who writes.
    pub(super) async fn replace_all(
        &self,
        mut replacements: Vec<Replacement>,
    ) -> Result<(), StoreError> {
        let manifest = self.own_manifest()?;
        if replacements.is_empty() {
            return Ok(());
        }
        let changes: Vec<_> = replacements.iter().map(Replacement::change).collect();
        manifest.intend(&changes).await?;
        replacements.sort_by_key(|replacement| std::cmp::Reverse(replacement.shard.lod));
        let mut replacements = replacements.into_iter().peekable();
        while let Some(first) = replacements.next() {
            let lod = first.shard.lod;
            let mut of_lod = vec![first];
            while let Some(next) = replacements.next_if(|next| next.shard.lod == lod) {
                of_lod.push(next);
            }
            let replaced = stream::iter(of_lod).map(|replacement| self.replace(replacement));
            let replaced: Vec<Result<(), StoreError>> =
                replaced.buffer_unordered(AT_ONCE).collect().await;
            replaced.into_iter().collect::<Result<(), _>>()?;
        }
        if manifest.is_full() {
            self.settle_and_commit().await?;
        }
        Ok(())
    }

    async fn replace(&self, replacement: Replacement) -> Result<(), StoreError> {
        let manifest = self.own_manifest()?;
        let change = replacement.change();
        let Replacement { shard, now, seen, before } = replacement;
        self.keep(shard.into(), &before).await?;
        let path = shard.path();
        let length = now.as_ref().map_or(0, |(bytes, _)| bytes.len() as u64);
        let written = {
            let _replacing = Replacing::new(&self.stripe(shard).generation);
            match now {
                Some((bytes, _)) => {
                    let objects = &*self.objects;
                    put_over(objects, self.capabilities, &path, bytes, seen).await.map(drop)
                }
                None => match self.objects.delete(&path).await {
                    Err(object_store::Error::NotFound { .. }) => Ok(()),
                    deleted => deleted.map_err(object_error(&path, "removing")),
                },
            }
        };
        self.indices.remove(&shard);
        written?;
        manifest.done(&[change]);
        let version = |entry: Option<Entry>| entry.map(|entry| entry.version());
        let over = before.and_then(|before| before.first().copied().flatten());
        self.written.note(shard, version(over), version(change.1));
        self.counters.replaced_shard(length);
        Ok(())
    }

    /// Replaces a file of the world that is no shard, or makes it. By the one who writes.
    pub(super) async fn put_file(&self, key: Key, bytes: Vec<u8>) -> Result<(), StoreError> {
        let manifest = self.own_manifest()?;
        let change = [(key, Some(Entry::unstamped(bytes.len() as u64, &bytes)))];
        self.keep(key, &Some(manifest.versions(key).await?)).await?;
        manifest.intend(&change).await?;
        let path = key.path();
        self.objects.put(&path, bytes.into()).await.map_err(object_error(&path, "writing"))?;
        manifest.done(&change);
        Ok(())
    }
}

impl Replacement {
    fn change(&self) -> Change {
        (self.shard.into(), self.now.as_ref().map(|(_, entry)| *entry))
    }
}
