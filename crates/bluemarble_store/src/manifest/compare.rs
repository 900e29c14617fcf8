//! Two trees compared: only pages that they do not share are read.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::{
    entry::{Change, Entry},
    key::Key,
    page::{Page, Pointer},
    tree::Pages,
};
use crate::StoreError;

impl Pages {
    /// What must change for one tree to become another one, in the order of keys.
    pub async fn compare(
        &self,
        from: Option<Pointer>,
        to: Option<Pointer>,
    ) -> Result<Vec<Change>, StoreError> {
        if from == to {
            return Ok(Vec::new());
        }
        let (before, after) = (self.leaves_of(from).await?, self.leaves_of(to).await?);
        let before_entries = self.entries_outside(&before, &after).await?;
        let after_entries = self.entries_outside(&after, &before).await?;
        let mut changes: BTreeMap<Key, Option<Entry>> =
            before_entries.keys().map(|&key| (key, None)).collect();
        for (key, entry) in after_entries {
            match before_entries.get(&key) {
                Some(same) if *same == entry => drop(changes.remove(&key)),
                _ => drop(changes.insert(key, Some(entry))),
            }
        }
        Ok(changes.into_iter().collect())
    }

    /// The leaves of a tree; only pages above them are read.
    async fn leaves_of(&self, root: Option<Pointer>) -> Result<Vec<Pointer>, StoreError> {
        let Some(root) = root else { return Ok(Vec::new()) };
        let mut leaves = Vec::new();
        let mut above = vec![(root, self.page(root).await?)];
        while let Some((at, page)) = above.pop() {
            match &*page {
                Page::Leaf(_) => leaves.push(at),
                Page::Inner(1, children) => {
                    leaves.extend(children.iter().map(|child| child.pointer))
                }
                Page::Inner(level, children) => {
                    for child in children {
                        above.push((child.pointer, self.page_below(child.pointer, *level).await?));
                    }
                }
            }
        }
        Ok(leaves)
    }

    /// The entries of leaves that are not among others.
    async fn entries_outside(
        &self,
        leaves: &[Pointer],
        others: &[Pointer],
    ) -> Result<BTreeMap<Key, Entry>, StoreError> {
        let others: FxHashSet<Pointer> = others.iter().copied().collect();
        let mut entries = BTreeMap::new();
        for &leaf in leaves.iter().filter(|leaf| !others.contains(leaf)) {
            if let Page::Leaf(of_leaf) = &*self.page(leaf).await? {
                entries.extend(of_leaf.iter().copied());
            }
        }
        Ok(entries)
    }
}
