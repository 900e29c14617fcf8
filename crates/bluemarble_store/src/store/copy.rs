//! A world copied into another place: only what differs, and checked by the manifests of both.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use futures::{StreamExt, stream};
use object_store::{ObjectStoreExt, path::Path};

use super::{chunk_store::ChunkStore, commit::AT_ONCE, errors::unfinished};
use crate::{
    StoreError,
    manifest::{Entry, Job, Key, Manifest, RootChange},
    objects::object_error,
};

/// A copy gives up after the world was written so often under it.
const MAX_ROUNDS: usize = 64;
/// A writer that is at it may be done by then.
const BETWEEN_ROUNDS: Duration = Duration::from_millis(100);

/// What [`ChunkStore::copy_from`] has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopiedWorld {
    /// The last batch of edits in the copy; 0 in worlds without a log.
    pub lsn: u64,
    /// Files of the world.
    pub files: u64,
    /// Those of them that were copied: the others were there already.
    pub copied: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Shards that are not in the world any more, and were removed from the copy.
    pub removed: u64,
}

/// How far a copy is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyProgress {
    /// Bytes copied.
    pub done_bytes: u64,
    /// Bytes to be copied, with those.
    pub bytes: u64,
}

impl ChunkStore {
    /// Makes this world the same as another one at one moment: that of one of its snapshots, or of its last commit. Fetches
    /// what this one does not have in the same version, and checks every byte. Files `beside` the manifest are copied if
    /// they are there.
    ///
    /// An interrupted copy goes on where it was when it is called again, with [`crate::StoreOptions::resume_copy`]; until then
    /// the world does not open. Of a world that is edited meanwhile only a snapshot is as of one batch; its last commit
    /// is copied again until nobody has written under the copy.
    ///
    /// # Errors
    /// [`StoreError::NoManifest`], [`StoreError::NoSnapshot`]; [`StoreError::Mismatch`] if the two are not the same
    /// world; [`StoreError::LostVersion`] if a file of the source is not what its manifest says; [`StoreError::Contended`],
    /// [`StoreError::Object`].
    pub async fn copy_from(
        &self,
        source: &Self,
        snapshot: Option<u64>,
        beside: &[&str],
        mut progress: impl FnMut(CopyProgress),
    ) -> Result<CopiedWorld, StoreError> {
        let from = source.any_manifest()?;
        let kept = snapshot.map(|number| source.snapshot_root(number)).transpose()?;
        self.check_same(source)?;
        let _writer = self.writer.lock().await;
        let manifest = self.own_manifest()?;
        // What an interrupted copy intended may not be there.
        self.settle_and_commit().await?;
        if manifest.job() != Some(Job::Copy) {
            let job = Some(Some(Job::Copy));
            manifest.commit(RootChange { job, ..RootChange::default() }).await?;
        }
        let mut done = CopiedWorld::default();
        let mut told = CopyProgress::default();
        for _ in 0..MAX_ROUNDS {
            // A snapshot is whole all the same.
            if kept.is_none()
                && let Some(job) = from.job()
            {
                return Err(unfinished(source.location(), job));
            }
            let (entries, lsn) = match &kept {
                Some(kept) => (from.list_snapshot(kept).await?, kept.lsn),
                None => (from.list().await?, from.lsn()),
            };
            (done.lsn, done.files) = (lsn, entries.len() as u64);
            manifest.note_lsn(lsn);
            match self.copy_round(source, entries, &mut done, &mut told, &mut progress).await {
                Ok(()) => {}
                // It was replaced meanwhile; or it is really damaged.
                Err(StoreError::LostVersion { .. }) if kept.is_none() && from.refresh().await? => {
                    std::thread::sleep(BETWEEN_ROUNDS);
                    continue;
                }
                Err(error) => return Err(error),
            }
            if kept.is_none() && (from.refresh().await? || from.job().is_some()) {
                continue;
            }
            for name in beside {
                let path = Path::from(*name);
                let Some(bytes) = source.get_file(&path).await? else { continue };
                if self.get_file(&path).await?.as_ref() != Some(&bytes) {
                    let put = self.objects.put(&path, bytes.into()).await;
                    put.map_err(object_error(&path, "writing"))?;
                }
            }
            let change = RootChange {
                job: Some(None),
                lsn: Some(lsn),
                is_copied: true,
                ..RootChange::default()
            };
            self.settle_and_change(change).await?;
            return Ok(done);
        }
        Err(StoreError::Contended { path: source.location() })
    }

    /// A version of a file that a copy wants, or, while a writer is at it or has died there, another one that it may be.
    async fn get_any_version(&self, key: Key, entry: Entry) -> Result<(Bytes, Entry), StoreError> {
        let lost = match self.get_version(key, &entry).await {
            Err(lost @ StoreError::LostVersion { .. }) => lost,
            result => return Ok((result?, entry)),
        };
        // The recipe may grow beside the store; what it makes is known to be the same ground.
        if key == Key::RECIPE
            && let Some(bytes) = self.get_file(&key.path()).await?
        {
            let entry = Entry::unstamped(bytes.len() as u64, &bytes);
            return Ok((bytes, entry));
        }
        let versions = self.any_manifest()?.versions(key).await?;
        if versions.len() > 1 && versions.contains(&Some(entry)) {
            for version in versions.into_iter().flatten() {
                if let Ok(bytes) = self.get_version(key, &version).await {
                    return Ok((bytes, version));
                }
            }
        }
        Err(lost)
    }

    /// Whether this world is as a copy has left it, and nothing of it was changed since.
    pub fn is_unchanged_copy(&self) -> bool {
        let is_copy = |manifest: &Manifest| manifest.is_copy() || manifest.job() == Some(Job::Copy);
        self.manifest.as_ref().is_some_and(is_copy)
    }

    /// Makes sure that two worlds are the same but for their edits: the same ground, and the same materials as far as both have
    /// some.
    pub(super) fn check_same(&self, source: &Self) -> Result<(), StoreError> {
        let (ours, theirs) = (&self.metadata, &source.metadata);
        let differs = |field: &str, expected: String, found: String| StoreError::Mismatch {
            path: self.location(),
            field: field.to_owned(),
            expected,
            found,
        };
        if ours.shape != theirs.shape {
            let (ours, theirs) = (format!("{:?}", ours.shape), format!("{:?}", theirs.shape));
            return Err(differs("shape", theirs, ours));
        }
        if ours.baseline != theirs.baseline {
            return Err(differs("baseline", theirs.baseline.clone(), ours.baseline.clone()));
        }
        let different = ours.materials.iter().zip(&theirs.materials).enumerate();
        if let Some((at, (ours, theirs))) = different.into_iter().find(|(_, (a, b))| a != b) {
            return Err(differs(&format!("materials.{at}"), theirs.clone(), ours.clone()));
        }
        Ok(())
    }

    /// Takes over what differs.
    async fn copy_round(
        &self,
        source: &Self,
        entries: Vec<(Key, Entry)>,
        done: &mut CopiedWorld,
        told: &mut CopyProgress,
        progress: &mut impl FnMut(CopyProgress),
    ) -> Result<(), StoreError> {
        let manifest = self.own_manifest()?;
        let mut ours: BTreeMap<Key, Entry> = manifest.list().await?.into_iter().collect();
        let (mut documents, mut shards) = (Vec::new(), Vec::new());
        for (key, entry) in entries {
            if ours.remove(&key).is_some_and(|there| there.is_same(&entry)) {
                continue;
            }
            match key.shard() {
                None => documents.push((key, entry)),
                Some(shard) => shards.push((shard, entry)),
            }
        }
        let differing = documents.iter().map(|(_, entry)| entry.bytes);
        let differing = differing.chain(shards.iter().map(|(_, entry)| entry.bytes));
        told.bytes = told.done_bytes + differing.sum::<u64>();
        // Parents come before what lies below them: their keys are larger.
        documents.sort_unstable_by_key(|(key, _)| (key.path().parts().count(), *key));
        for (key, entry) in documents {
            let (bytes, _) = source.get_any_version(key, entry).await?;
            self.put_file(key, bytes.into()).await?;
            self.arrays.forget_all();
            done.tell(1, entry.bytes, told, progress);
        }
        shards.sort_by_key(|(shard, _)| std::cmp::Reverse(shard.lod));
        let fetched = stream::iter(shards).map(async |(shard, entry)| {
            let found = source.get_any_version(shard.into(), entry).await?;
            self.replacement(shard, Some(found)).await
        });
        self.replace_stream(fetched.buffered(AT_ONCE), |shards, bytes| {
            done.tell(shards, bytes, told, progress);
        })
        .await?;
        let gone = stream::iter(ours.into_keys().filter_map(Key::shard));
        let gone = gone.map(|shard| self.replacement(shard, None)).buffered(AT_ONCE);
        self.replace_stream(gone, |shards, _| done.removed += shards).await
    }
}

impl CopiedWorld {
    fn tell(
        &mut self,
        files: u64,
        bytes: u64,
        told: &mut CopyProgress,
        progress: &mut impl FnMut(CopyProgress),
    ) {
        self.copied += files;
        self.bytes += bytes;
        told.done_bytes += bytes;
        progress(*told);
    }
}
