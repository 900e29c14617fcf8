//! Replacing an object only if it is still the one that was read.

use std::{collections::hash_map::Entry, sync::PoisonError};

use bytes::Bytes;
use object_store::{Error, ObjectStoreExt, PutMode};

use super::{
    chunk_store::ChunkStore,
    errors::object_error,
    versions::{Seen, WrittenShard},
};
use crate::{StoreError, layout::ShardKey};

impl ChunkStore {
    /// Replaces what was seen; on stores that keep no conditions, whatever is there.
    pub(super) async fn put_over(
        &self,
        shard: ShardKey,
        bytes: Bytes,
        seen: Seen,
    ) -> Result<(), StoreError> {
        let path = &shard.path();
        let over = match &seen {
            Seen::Missing => None,
            Seen::Version(version) => version.e_tag.clone(),
        };
        let mode = match seen {
            Seen::Missing if self.capabilities.conditional_create => PutMode::Create,
            Seen::Version(version) if self.capabilities.conditional_update => {
                PutMode::Update(version)
            }
            _ => PutMode::Overwrite,
        };
        match self.objects.put_opts(path, bytes.clone().into(), mode.into()).await {
            Ok(put) => {
                self.note_written(shard, over, put.e_tag);
                Ok(())
            }
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {
                // A PUT that was done and whose reply was lost is refused when it is sent again.
                let found = self.objects.get(path).await.map_err(object_error(path, "reading"))?;
                let version = found.meta.e_tag.clone();
                if found.meta.size == bytes.len() as u64
                    && found.bytes().await.map_err(object_error(path, "reading"))? == bytes
                {
                    self.note_written(shard, over, version);
                    return Ok(());
                }
                Err(StoreError::Conflict { path: path.to_string() })
            }
            Err(error) => Err(object_error(path, "writing")(error)),
        }
    }

    fn note_written(&self, shard: ShardKey, over: Option<String>, version: Option<String>) {
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
