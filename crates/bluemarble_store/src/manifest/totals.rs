//! [`ShardTotals`]: how many shards there are, and their bytes, kept up as entries change.

use serde::{Deserialize, Serialize};

use super::{entry::Entry, key::Key};

/// How many shards there are, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShardTotals {
    pub shards: u64,
    pub bytes: u64,
}

impl ShardTotals {
    /// Those of some entries.
    pub fn of(entries: &[(Key, Entry)]) -> Self {
        let shards = entries.iter().filter(|(key, _)| key.shard().is_some());
        shards.fold(Self::default(), |totals, (_, entry)| Self {
            shards: totals.shards + 1,
            bytes: totals.bytes.saturating_add(entry.bytes),
        })
    }

    /// Takes note that some entries were replaced by others.
    pub fn replace(&mut self, before: &[(Key, Entry)], after: &[(Key, Entry)]) {
        let (before, after) = (Self::of(before), Self::of(after));
        // A root that somebody has made up may say anything.
        self.shards = self.shards.saturating_add(after.shards).saturating_sub(before.shards);
        self.bytes = self.bytes.saturating_add(after.bytes).saturating_sub(before.bytes);
    }
}
