//! Replacing an object only if it is still the one that was read.

use std::{collections::hash_map::Entry, sync::PoisonError};

use bytes::Bytes;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, UpdateVersion, path::Path};

use super::{
    chunk_store::ChunkStore,
    errors::object_error,
    versions::{Seen, WrittenShard},
};
use crate::{StoreError, backend::Capabilities, layout::ShardKey};

/// Replaces what was seen; on stores that keep no conditions, whatever is there. Gives what is there now.
pub(crate) async fn put_over(
    objects: &dyn ObjectStore,
    capabilities: Capabilities,
    path: &Path,
    bytes: Bytes,
    seen: Seen,
) -> Result<Seen, StoreError> {
    let mode = match seen {
        Seen::Missing if capabilities.conditional_create => PutMode::Create,
        Seen::Version(version) if capabilities.conditional_update => PutMode::Update(version),
        _ => PutMode::Overwrite,
    };
    match objects.put_opts(path, bytes.clone().into(), mode.into()).await {
        Ok(put) => Ok(Seen::Version(UpdateVersion::from(put))),
        Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {
            // A PUT that was done and whose reply was lost is refused when it is sent again.
            let found = objects.get(path).await.map_err(object_error(path, "reading"))?;
            let version = Seen::object(&found.meta);
            if found.meta.size == bytes.len() as u64
                && found.bytes().await.map_err(object_error(path, "reading"))? == bytes
            {
                return Ok(version);
            }
            Err(StoreError::Conflict { path: path.to_string() })
        }
        Err(error) => Err(object_error(path, "writing")(error)),
    }
}

impl ChunkStore {
    pub(super) fn note_written(
        &self,
        shard: ShardKey,
        over: Option<String>,
        version: Option<String>,
    ) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        match written.entry(shard) {
            Entry::Vacant(entry) => drop(entry.insert(WrittenShard { over, version })),
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                known.version = version.filter(|_| known.version == over);
            }
        }
    }

    /// What this store has made of a shard since it was opened; `None` if it has not replaced it.
    pub fn written(&self, shard: ShardKey) -> Option<WrittenShard> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).get(&shard).cloned()
    }
}
