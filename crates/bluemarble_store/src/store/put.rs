//! Replacing an object only if it is still the one that was read.

use bytes::Bytes;
use object_store::{Error, ObjectMeta, ObjectStoreExt, PutMode, UpdateVersion, path::Path};

use super::{ChunkStore, object_error};
use crate::StoreError;

/// What was at a path when it was read.
#[derive(Debug)]
pub(super) enum Seen {
    /// Nothing.
    Missing,
    /// This version.
    Version(UpdateVersion),
}

impl Seen {
    pub(super) fn object(meta: &ObjectMeta) -> Self {
        Self::Version(UpdateVersion { e_tag: meta.e_tag.clone(), version: meta.version.clone() })
    }
}

impl ChunkStore {
    /// Replaces what was seen; on stores that keep no conditions, whatever is there.
    pub(super) async fn put_over(
        &self,
        path: &Path,
        bytes: Bytes,
        seen: Seen,
    ) -> Result<(), StoreError> {
        let mode = match seen {
            Seen::Missing if self.capabilities.conditional_create => PutMode::Create,
            Seen::Version(version) if self.capabilities.conditional_update => {
                PutMode::Update(version)
            }
            _ => PutMode::Overwrite,
        };
        match self.objects.put_opts(path, bytes.clone().into(), mode.into()).await {
            Ok(_) => Ok(()),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {
                // A PUT that was done and whose reply was lost is refused when it is sent again.
                let found = self.objects.get(path).await.map_err(object_error(path, "reading"))?;
                if found.meta.size == bytes.len() as u64
                    && found.bytes().await.map_err(object_error(path, "reading"))? == bytes
                {
                    return Ok(());
                }
                Err(StoreError::Conflict { path: path.to_string() })
            }
            Err(error) => Err(object_error(path, "writing")(error)),
        }
    }
}
