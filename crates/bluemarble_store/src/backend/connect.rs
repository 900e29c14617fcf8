//! A place becomes an object store.

use std::sync::Arc;

use object_store::{ObjectStore, local::LocalFileSystem, memory::InMemory};

use super::{StoreOptions, WorldPlace};
use crate::StoreError;

/// The objects below a place, without lock or lease: for tools that copy or examine a world. A directory
/// must be there; nothing is asked of an object store yet.
///
/// # Errors
/// [`StoreError::CloudDisabled`], [`StoreError::Place`] and [`StoreError::Setting`];
/// [`StoreError::Unwritable`] for a directory that cannot be entered.
#[cfg_attr(not(feature = "cloud"), expect(unused_variables, reason = "only clouds have options"))]
pub fn connect(
    place: &WorldPlace,
    options: &StoreOptions,
) -> Result<Arc<dyn ObjectStore>, StoreError> {
    match place {
        WorldPlace::Directory(dir) => match LocalFileSystem::new_with_prefix(dir) {
            Ok(objects) => Ok(Arc::new(objects.with_fsync(true))),
            Err(error) => {
                let source = std::io::Error::other(error);
                Err(StoreError::Unwritable { path: dir.clone(), source })
            }
        },
        WorldPlace::Memory => Ok(Arc::new(InMemory::new())),
        #[cfg(feature = "cloud")]
        WorldPlace::Bucket { service, bucket, prefix } => {
            super::cloud::bucket(place, *service, bucket, prefix, options)
        }
        #[cfg(feature = "cloud")]
        WorldPlace::Http(url) => super::cloud::http(place, url, options),
        #[cfg(not(feature = "cloud"))]
        WorldPlace::Bucket { .. } | WorldPlace::Http(_) => {
            Err(StoreError::CloudDisabled { place: place.to_string() })
        }
    }
}
