//! A location becomes an object store.

use std::sync::Arc;

use object_store::{ObjectStore, local::LocalFileSystem, memory::InMemory};

use super::{StoreOptions, WorldLocation};
use crate::StoreError;

/// The objects below a location, without lock or lease: for tools that copy or examine a world. A directory
/// must be there; nothing is asked of an object store yet.
///
/// # Errors
/// [`StoreError::CloudDisabled`], [`StoreError::Location`] and [`StoreError::Setting`];
/// [`StoreError::Unwritable`] for a directory that cannot be entered.
#[cfg_attr(not(feature = "cloud"), expect(unused_variables, reason = "only clouds have options"))]
pub fn connect(
    location: &WorldLocation,
    options: &StoreOptions,
) -> Result<Arc<dyn ObjectStore>, StoreError> {
    match location {
        WorldLocation::Directory(dir) => match LocalFileSystem::new_with_prefix(dir) {
            Ok(objects) => Ok(Arc::new(objects.with_fsync(true))),
            Err(error) => {
                let source = std::io::Error::other(error);
                Err(StoreError::Unwritable { path: dir.clone(), source })
            }
        },
        WorldLocation::Memory => Ok(Arc::new(InMemory::new())),
        #[cfg(feature = "cloud")]
        WorldLocation::Bucket { service, bucket, prefix } => {
            super::cloud::bucket(location, *service, bucket, prefix, options)
        }
        #[cfg(feature = "cloud")]
        WorldLocation::Http(url) => super::cloud::http(location, url, options),
        #[cfg(not(feature = "cloud"))]
        WorldLocation::Bucket { .. } | WorldLocation::Http(_) => {
            Err(StoreError::CloudDisabled { location: location.to_string() })
        }
    }
}
