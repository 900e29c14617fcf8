//! Versions of a shard, as the object store names them.

use object_store::{ObjectMeta, UpdateVersion};

/// What this store has made of a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenShard {
    /// The version that was there when the shard was first replaced.
    pub over: Option<String>,
    /// The version that was written last; `None` if it has no name, or if another writer wrote in between.
    pub version: Option<String>,
}

/// What was at a path when it was read.
#[derive(Debug)]
pub(super) enum Seen {
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
