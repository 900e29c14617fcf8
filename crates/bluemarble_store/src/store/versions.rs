//! Versions of a shard: which one is there, and whether it is the one that the manifest names.

use bytes::Bytes;
use object_store::{Error, ObjectStoreExt, path::Path};

use super::{chunk_store::ChunkStore, errors::unfinished};
use crate::{
    StoreError,
    layout::ShardKey,
    manifest::{Entry, Key, difference},
    objects::object_error,
    shard::Stamp,
};

/// A shard as it was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub entry: Entry,
    pub stamp: Option<Stamp>,
}

impl Found {
    /// A shard of `bytes` bytes with this index and stamp.
    pub fn new(bytes: u64, index: &[u8], stamp: Option<Stamp>) -> Self {
        let entry = match &stamp {
            Some(stamp) => Entry::stamped(bytes, stamp),
            None => Entry::unstamped(bytes, index),
        };
        Self { entry, stamp }
    }

    /// Whether it does not say of itself that it belongs elsewhere.
    pub fn may_be(&self, key: Key) -> bool {
        self.stamp.is_none_or(|stamp| Key::from(stamp.shard) == key)
    }
}

/// Whether a file, or its absence, is one of those that are known.
pub(super) fn is_one_of(versions: &[Option<Entry>], found: Option<&Entry>) -> bool {
    versions.iter().any(|version| match (version, found) {
        (Some(version), Some(found)) => version.is_same(found),
        (None, None) => true,
        _ => false,
    })
}

/// What a file may be, as the manifest says; `None` in worlds that have none.
pub(super) type Versions = Option<Vec<Option<Entry>>>;

impl ChunkStore {
    pub(super) async fn versions(&self, shard: ShardKey) -> Result<Versions, StoreError> {
        let Some(manifest) = &self.manifest else { return Ok(None) };
        if self.is_read_only && manifest.job().is_some() {
            manifest.refresh().await?;
            if let Some(job) = manifest.job() {
                return Err(unfinished(self.location(), job));
            }
        }
        manifest.versions(shard.into()).await.map(Some)
    }

    /// Whether a shard that was read is one of those that it may be. `before` is what it could be before it was read.
    /// False if a writer has gone on meanwhile: it is to be read again then.
    pub(super) async fn is_expected(
        &self,
        shard: ShardKey,
        before: &Versions,
        found: Option<&Found>,
    ) -> Result<bool, StoreError> {
        let (Some(manifest), Some(before)) = (&self.manifest, before) else {
            return match found.and_then(|found| found.stamp) {
                Some(stamp) if stamp.shard != shard => Err(StoreError::DamagedShard {
                    path: shard.path().to_string(),
                    reason: format!("it is the shard {}", stamp.shard.path()),
                }),
                _ => Ok(true),
            };
        };
        let is_known =
            |versions: &[Option<Entry>]| is_one_of(versions, found.map(|found| &found.entry));
        // A writer that was at it may be done since: then the file must be there.
        let may_be_done = self.is_read_only && found.is_none() && before.len() > 1;
        if is_known(before) && !may_be_done {
            return Ok(true);
        }
        let mut after = manifest.versions(shard.into()).await?;
        let mut is_newer = after != *before;
        if self.is_read_only && (may_be_done || !is_known(&after)) {
            is_newer |= manifest.refresh().await?;
            if let Some(job) = manifest.job() {
                return Err(unfinished(self.location(), job));
            }
            after = manifest.versions(shard.into()).await?;
        }
        if is_newer || is_known(&after) {
            return Ok(is_known(&after));
        }
        let expected = after.first().copied().flatten();
        Err(self.unexpected(shard, expected.as_ref(), found))
    }

    fn unexpected(
        &self,
        shard: ShardKey,
        expected: Option<&Entry>,
        found: Option<&Found>,
    ) -> StoreError {
        let path = shard.path().to_string();
        let reason = match (expected, found) {
            (Some(expected), None) => return StoreError::MissingShard { path, lsn: expected.lsn },
            (Some(expected), Some(found)) => {
                difference(shard, expected, &found.entry, found.stamp.as_ref())
            }
            (None, _) => "the manifest knows of none here".to_owned(),
        };
        StoreError::OtherShard { path, reason }
    }

    /// The version of a file that is there now, read once more.
    pub(super) async fn current(&self, key: Key) -> Result<Option<Entry>, StoreError> {
        Ok(self.find(key).await?.map(|found| found.entry))
    }

    /// The same with its stamp.
    pub(super) async fn find(&self, key: Key) -> Result<Option<Found>, StoreError> {
        if let Some(shard) = key.shard() {
            let form = self.format_or_own(shard).await?.form;
            let head = self.read_head(shard, &form).await?;
            return Ok(head.map(|head| head.found(&form)));
        }
        let bytes = self.get_file(&key.path()).await?;
        Ok(bytes.map(|bytes| Found {
            entry: Entry::unstamped(bytes.len() as u64, &bytes),
            stamp: None,
        }))
    }

    /// The bytes of a file; `None` if it is not there.
    pub(super) async fn get_file(&self, path: &Path) -> Result<Option<Bytes>, StoreError> {
        match self.objects.get(path).await {
            Ok(found) => found.bytes().await.map(Some).map_err(object_error(path, "reading")),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(source) => Err(object_error(path, "reading")(source)),
        }
    }
}
