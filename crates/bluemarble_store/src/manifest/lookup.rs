//! What a manifest says of files.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    entry::Entry,
    key::Key,
    manifest::{Manifest, ManifestAccess, Noted},
    root::Root,
    totals::ShardTotals,
};
use crate::StoreError;

impl Manifest {
    /// What a file may be: one version, more only while it is being written or after that failed. `None` stands for no
    /// file.
    pub async fn versions(&self, key: Key) -> Result<Vec<Option<Entry>>, StoreError> {
        loop {
            let (root, noted) = {
                let state = self.state();
                (Arc::clone(&state.root), state.noted.get(&key).cloned().unwrap_or_default())
            };
            let first = match noted.settled {
                Some(settled) => settled,
                None => match self.pages.get(root.tree, key).await {
                    Ok(entry) => entry,
                    Err(error) if self.is_outdated(&root, &error).await? => continue,
                    Err(error) => return Err(error),
                },
            };
            let mut versions = noted.possible;
            versions.insert(0, first);
            return Ok(versions);
        }
    }

    /// All files that there may be, in the order of their keys; of one that is being written, what it is to be.
    pub async fn list(&self) -> Result<Vec<(Key, Entry)>, StoreError> {
        loop {
            let (root, noted) = {
                let state = self.state();
                (Arc::clone(&state.root), state.noted.clone())
            };
            let mut entries = Vec::new();
            if let Some(tree) = root.tree
                && let Err(error) = self.pages.list(tree, &mut entries).await
            {
                if self.is_outdated(&root, &error).await? {
                    continue;
                }
                return Err(error);
            }
            if noted.is_empty() {
                return Ok(entries);
            }
            let mut entries: BTreeMap<Key, Entry> = entries.into_iter().collect();
            for (key, noted) in noted {
                if let Some(None) = noted.settled {
                    entries.remove(&key);
                }
                let newest = noted.possible.into_iter().flatten().next_back();
                if let Some(entry) = newest.or(noted.settled.flatten()) {
                    entries.insert(key, entry);
                }
            }
            return Ok(entries.into_iter().collect());
        }
    }

    /// False if there are certainly no shards. Reads nothing.
    pub fn may_have_shards(&self) -> bool {
        let state = self.state();
        state.root.tree.is_some() || state.noted.keys().any(|key| key.shard().is_some())
    }

    /// How many shards there are, and their bytes; `None` if that is not known without listing them.
    pub fn totals(&self) -> Option<ShardTotals> {
        let state = self.state();
        state.root.totals.filter(|_| state.noted.is_empty())
    }

    /// Whether there may be a file with a key from `first` on and up to `last`. Reads as many pages as the tree is high.
    pub async fn may_hold(&self, first: Key, last: Key) -> Result<bool, StoreError> {
        loop {
            let root = {
                let state = self.state();
                let mut noted = state.noted.range(first..=last).map(|(_, noted)| noted);
                let is_file = |noted: &Noted| {
                    noted.settled.flatten().is_some() || noted.possible.iter().any(Option::is_some)
                };
                if noted.any(is_file) {
                    return Ok(true);
                }
                Arc::clone(&state.root)
            };
            match self.pages.first_from(root.tree, first).await {
                Ok(found) => return Ok(found.is_some_and(|found| found <= last)),
                Err(error) if self.is_outdated(&root, &error).await? => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether a page could not be read because a commit has gone on from this root, and has removed it.
    async fn is_outdated(&self, root: &Arc<Root>, error: &StoreError) -> Result<bool, StoreError> {
        if !matches!(error, StoreError::DamagedManifest { .. }) {
            return Ok(false);
        }
        if self.access == ManifestAccess::Read {
            self.refresh().await?;
        }
        Ok(!Arc::ptr_eq(root, &self.state().root))
    }
}
