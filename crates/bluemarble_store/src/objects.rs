//! Objects replaced on conditions, and errors of object stores in our terms.

use bytes::Bytes;
use object_store::{
    Error, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, UpdateVersion, path::Path,
};

use crate::{
    StoreError,
    backend::{Capabilities, refusal},
};

/// What was at a path when it was read.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    /// Nothing.
    Missing,
    /// This version.
    Version(UpdateVersion),
}

impl Seen {
    pub fn object(meta: &ObjectMeta) -> Self {
        Self::Version(UpdateVersion { e_tag: meta.e_tag.clone(), version: meta.version.clone() })
    }
}

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

/// Turns an object store's error into ours.
pub(crate) fn object_error(path: &Path, action: &'static str) -> impl FnOnce(Error) -> StoreError {
    let path = path.to_string();
    move |source| match refusal(source) {
        Ok(refusal) => refusal,
        Err(source) => StoreError::Object { path, action, source: Box::new(source) },
    }
}
