//! [`WrittenShard`]: what became of shards since the world was opened, as the index asks for it.

use std::{
    collections::hash_map::Entry,
    sync::{Mutex, PoisonError},
};

use rustc_hash::FxHashMap;

use crate::layout::ShardKey;

/// What this store has made of a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenShard {
    /// The version that was there when the shard was first replaced.
    pub over: Option<String>,
    /// The version that was written last; `None` if the shard is gone.
    pub version: Option<String>,
}

/// Shards that were replaced since the store was opened.
#[derive(Debug, Default)]
pub(super) struct WrittenShards(Mutex<FxHashMap<ShardKey, WrittenShard>>);

impl WrittenShards {
    pub fn note(&self, shard: ShardKey, over: Option<String>, version: Option<String>) {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match written.entry(shard) {
            Entry::Vacant(entry) => drop(entry.insert(WrittenShard { over, version })),
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                known.version = version.filter(|_| known.version == over);
            }
        }
    }

    pub fn get(&self, shard: ShardKey) -> Option<WrittenShard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&shard).cloned()
    }
}
