//! Commits: what was written is taken into the tree, and what nothing needs any more is removed.

use std::{collections::BTreeMap, sync::Arc};

use futures::TryStreamExt;
use object_store::{Error, ObjectStoreExt, path::Path};

use super::{
    entry::Entry,
    intent::intent_path,
    key::Key,
    manifest::{Manifest, Noted, read_root},
    packs::{MANIFEST_DIR, PackUse, PackWriter, pack_path},
    root::{Root, root_path},
    snapshot::{ImportStep, RootChange},
    totals::ShardTotals,
};
use crate::{
    StoreError,
    objects::{Seen, object_error, put_over},
};

impl Manifest {
    /// Takes everything that was written into the tree. Nothing may be unsettled.
    pub async fn commit(&self, change: RootChange) -> Result<(), StoreError> {
        self.reread_begun_root().await?;
        let (before, seen, mut changes, next_intent, lsn, next_pack) = {
            let state = self.state();
            let settled = |(&key, noted): (&Key, &Noted)| Some((key, noted.settled?));
            let changes: BTreeMap<_, _> = state.noted.iter().filter_map(settled).collect();
            let seen = state.seen.clone().unwrap_or(Seen::Missing);
            (Arc::clone(&state.root), seen, changes, state.next_intent, state.lsn, state.next_pack)
        };
        let mut root = Root { next_intent, lsn, ..(*before).clone() };
        root.generation += 1;
        if changes.is_empty() && before.copied == Some(before.generation) {
            root.copied = Some(root.generation);
        }
        self.add_worn(&before, &mut changes).await?;
        let mut writer = PackWriter::new(next_pack);
        let totals = self.totals_of(&before).await?;
        let (are_known, mut totals) = (totals.is_some(), totals.unwrap_or_default());
        (root.tree, root.entries) = self
            .pages
            .change(before.tree, &changes, &mut totals, &mut root.packs, &mut writer)
            .await?;
        root.totals = are_known.then_some(totals);
        let mut packs = before.needed_packs();
        for (number, bytes) in self.put_packs(writer, &mut root.next_pack).await? {
            root.packs.0.insert(number, PackUse { bytes, live_bytes: bytes });
            packs.insert(number);
        }
        root.packs.remove_dead();
        if let (Some(ImportStep::MoveIn(moved)), Some(import)) = (&change.import, &mut root.import)
        {
            // Over what is changed now as well: its pages are none that this commit writes.
            changes.extend(moved.iter().copied());
            let (mut unused, mut writer) = (before.packs.clone(), PackWriter::new(root.next_pack));
            (import.tree, _) = self
                .pages
                .change(before.tree, &changes, &mut totals, &mut unused, &mut writer)
                .await?;
            import.packs = before.packs.0.keys().copied().collect();
            let written = self.put_packs(writer, &mut root.next_pack).await?;
            import.packs.extend(written.into_iter().map(|(number, _)| number));
        }
        let change_lsn = change.lsn;
        root.apply(change);
        let (path, bytes) = (root_path(), root.to_bytes());
        self.state().is_root_begun = true;
        let seen = put_over(&*self.objects, self.capabilities, &path, bytes.into(), seen).await?;
        let needed = root.needed_packs();
        {
            let mut state = self.state();
            state.noted.clear();
            state.lsn = change_lsn.unwrap_or(state.lsn);
            (state.root, state.seen, state.is_root_begun) = (Arc::new(root), Some(seen), false);
        }
        let intents = (before.next_intent..next_intent).map(intent_path);
        let dead = packs.into_iter().filter(|pack| !needed.contains(pack)).map(pack_path);
        self.remove(intents.chain(dead)).await;
        Ok(())
    }

    /// The totals of a root, counted where it does not have them; `None` if a page is damaged: what does not touch that
    /// page can be written all the same.
    async fn totals_of(&self, root: &Root) -> Result<Option<ShardTotals>, StoreError> {
        if root.totals.is_some() {
            return Ok(root.totals);
        }
        let mut entries = Vec::new();
        if let Some(tree) = root.tree {
            match self.pages.list(tree, &mut entries).await {
                Err(error @ StoreError::DamagedManifest { .. }) => {
                    tracing::warn!("shards cannot be counted: {error}");
                    return Ok(None);
                }
                listed => listed?,
            }
        }
        Ok(Some(ShardTotals::of(&entries)))
    }

    /// Writes the packs of new pages; gives their numbers and bytes.
    async fn put_packs(
        &self,
        writer: PackWriter,
        next_pack: &mut u64,
    ) -> Result<Vec<(u64, u64)>, StoreError> {
        let full;
        (full, *next_pack) = writer.finish();
        self.state().next_pack = *next_pack;
        let mut written = Vec::with_capacity(full.len());
        for (number, bytes) in full {
            let (path, length) = (pack_path(number), bytes.len() as u64);
            let put = self.objects.put(&path, bytes.into()).await;
            put.map_err(object_error(&path, "writing"))?;
            written.push((number, length));
        }
        Ok(written)
    }

    /// Goes on from the root that a commit has left behind which failed or was given up. What is noted stays noted.
    pub(super) async fn reread_begun_root(&self) -> Result<(), StoreError> {
        if !self.state().is_root_begun {
            return Ok(());
        }
        let found = read_root(&*self.objects).await?;
        let mut state = self.state();
        if let Some((root, seen)) = found {
            (state.root, state.seen) = (Arc::new(root), Some(seen));
        }
        state.is_root_begun = false;
        Ok(())
    }

    /// Has the pages of worn packs written once more.
    async fn add_worn(
        &self,
        before: &Root,
        changes: &mut BTreeMap<Key, Option<Entry>>,
    ) -> Result<(), StoreError> {
        for pack in before.packs.worn() {
            match self.pages.keys_in_pack(before.tree, pack).await {
                Ok(keys) => {
                    for key in keys {
                        let entry = self.pages.get(before.tree, key).await?;
                        changes.entry(key).or_insert(entry);
                    }
                }
                Err(error) => tracing::warn!("a worn part of the manifest stays: {error}"),
            }
        }
        Ok(())
    }

    /// Removes what writers that were killed left behind.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        let dir = Path::from(MANIFEST_DIR);
        let root = Arc::clone(&self.state().root);
        let needed = root.needed_packs();
        let mut left = Vec::new();
        let mut found = self.objects.list(Some(&dir));
        while let Some(object) = found.try_next().await.map_err(object_error(&dir, "listing"))? {
            let name = object.location.filename().unwrap_or_default();
            let number = |prefix| name.strip_prefix(prefix)?.parse::<u64>().ok();
            let is_left = match (number("pages-"), number("intent-")) {
                (Some(pack), _) => !needed.contains(&pack),
                (_, Some(intent)) => intent < root.next_intent,
                _ => false,
            };
            if is_left {
                left.push(object.location);
            }
        }
        self.remove(left.into_iter()).await;
        Ok(())
    }

    /// Removes what nothing needs; what stays is removed when the world is opened next.
    async fn remove(&self, paths: impl Iterator<Item = Path>) {
        for path in paths {
            match self.objects.delete(&path).await {
                Ok(()) | Err(Error::NotFound { .. }) => {}
                Err(error) => tracing::debug!("{path} stays for now: {error}"),
            }
        }
    }
}
