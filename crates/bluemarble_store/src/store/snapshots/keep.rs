//! Versions of files that snapshots need, below `snapshots/`.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{CopyMode, CopyOptions, Error, ObjectStore, ObjectStoreExt, path::Path};

use crate::{
    StoreError,
    layout::{SNAPSHOT_DIR, ShardKey},
    manifest::{Entry, Key},
    objects::object_error,
    store::{chunk_store::ChunkStore, versions::Versions},
};

/// Versions of files that snapshots keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptFiles {
    /// How many there are.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Where a version of a file is kept. The digest of a shard without a stamp does not say whose it is.
pub(super) fn kept_path(key: Key, entry: &Entry) -> Path {
    let version = entry.version();
    let name = match (key.shard(), entry.is_stamped) {
        (Some(ShardKey { region, lod, pos }), false) => {
            format!("{version}-{region}-{lod}-{}-{}-{}", pos.y, pos.z, pos.x)
        }
        _ => version.clone(),
    };
    Path::from(format!("{SNAPSHOT_DIR}/{}/{name}", &version[..2]))
}

impl ChunkStore {
    /// Keeps a file that is about to be replaced or removed, if a snapshot needs the version that is there.
    pub(in crate::store) async fn keep(
        &self,
        key: Key,
        versions: &Versions,
    ) -> Result<(), StoreError> {
        let manifest = self.own_manifest()?;
        for version in versions.iter().flatten().flatten() {
            if !manifest.is_kept(key, version).await? {
                continue;
            }
            // What is damaged cannot be kept.
            if self.current(key).await?.is_some_and(|there| there.is_same(version)) {
                self.link(&key.path(), &kept_path(key, version)).await?;
            }
        }
        Ok(())
    }

    /// Makes the same file appear at a second path, durably.
    async fn link(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        match self.objects.head(to).await {
            Ok(_) => return Ok(()),
            Err(Error::NotFound { .. }) => {}
            Err(source) => return Err(object_error(to, "reading")(source)),
        }
        // In directories a link in one step, without a file of another name meanwhile.
        let options = CopyOptions::new().with_mode(CopyMode::Create);
        match self.objects.copy_opts(from, to, options).await {
            Ok(()) | Err(Error::AlreadyExists { .. }) => return Ok(()),
            Err(error) => tracing::debug!("{to}: copied by reading and writing: {error}"),
        }
        let found = self.objects.get(from).await.map_err(object_error(from, "reading"))?;
        let bytes = found.bytes().await.map_err(object_error(from, "reading"))?;
        self.objects.put(to, bytes.into()).await.map_err(object_error(to, "writing"))?;
        Ok(())
    }

    /// A version of a file as a snapshot has it, from its place in the world or from where it is kept; whole.
    ///
    /// # Errors
    /// [`StoreError::LostVersion`].
    pub(in crate::store) async fn get_version(
        &self,
        key: Key,
        entry: &Entry,
    ) -> Result<Bytes, StoreError> {
        // The place in the world first: what is replaced there meanwhile has been kept by then.
        for path in [key.path(), kept_path(key, entry)] {
            let Some(bytes) = self.get_file(&path).await? else { continue };
            let (found, is_whole) = self.inspect(key, &bytes).await?;
            if is_whole && found.entry.is_same(entry) {
                return Ok(bytes);
            }
        }
        let (path, kept_at) = (key.path().to_string(), kept_path(key, entry).to_string());
        Err(StoreError::LostVersion { path, kept_at })
    }

    /// How many versions of files are kept, and how large they are. Lists them.
    ///
    /// # Errors
    /// [`StoreError::Object`].
    pub async fn kept_files(&self) -> Result<KeptFiles, StoreError> {
        let mut kept = KeptFiles::default();
        let dir = Path::from(SNAPSHOT_DIR);
        let mut found = self.objects.list(Some(&dir));
        while let Some(object) = found.try_next().await.map_err(object_error(&dir, "listing"))? {
            kept.files += 1;
            kept.bytes += object.size;
        }
        Ok(kept)
    }

    /// Removes versions of files that no snapshot needs any more, and says what they took.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], [`StoreError::DamagedManifest`], [`StoreError::Object`].
    pub async fn remove_unneeded(&self) -> Result<KeptFiles, StoreError> {
        let _writer = self.writer.lock().await;
        let kept = self.own_manifest()?.kept_entries().await?;
        let needed: BTreeSet<Path> =
            kept.iter().map(|(key, entry)| kept_path(*key, entry)).collect();
        let mut removed = KeptFiles::default();
        let dir = Path::from(SNAPSHOT_DIR);
        let mut found = self.objects.list(Some(&dir));
        while let Some(object) = found.try_next().await.map_err(object_error(&dir, "listing"))? {
            if needed.contains(&object.location) {
                continue;
            }
            let path = object.location;
            match self.objects.delete(&path).await {
                Ok(()) | Err(Error::NotFound { .. }) => {}
                Err(source) => return Err(object_error(&path, "removing")(source)),
            }
            removed.files += 1;
            removed.bytes += object.size;
        }
        Ok(removed)
    }
}
