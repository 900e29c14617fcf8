//! [`StoredShard`]: a shard as it is listed.

use crate::{layout::ShardKey, manifest::Entry};

/// A shard of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredShard {
    /// Which shard it is.
    pub key: ShardKey,
    /// Its path in the world.
    pub path: String,
    /// Its bytes, index included.
    pub bytes: u64,
    /// The object store's name for the version that is there, if it names versions.
    pub version: Option<String>,
}

impl StoredShard {
    /// A shard as the manifest has it.
    pub(super) fn of_entry(key: ShardKey, entry: &Entry) -> Self {
        let (path, version) = (key.path().to_string(), Some(entry.version()));
        Self { key, path, bytes: entry.bytes, version }
    }
}
