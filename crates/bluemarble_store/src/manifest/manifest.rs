//! [`Manifest`]: the manifest of an opened world.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{Error, ObjectStore, ObjectStoreExt, path::Path};

use super::{
    entry::{Change, Entry},
    intent::{intent_path, intent_to_bytes, parse_intent},
    key::Key,
    packs::{MANIFEST_DIR, PackUse, PackWriter, Packs, pack_path},
    root::{Root, root_path},
    tree::Pages,
};
use crate::{
    StoreError,
    backend::Capabilities,
    store::{Seen, object_error, put_over},
};

/// A commit is due after so many intents.
const MAX_INTENTS: u64 = 64;

/// The manifest of an opened world.
///
/// Only one thread at a time may call what changes it.
#[derive(Debug)]
pub(crate) struct Manifest {
    objects: Arc<dyn ObjectStore>,
    capabilities: Capabilities,
    access: ManifestAccess,
    pages: Pages,
    state: Mutex<State>,
}

/// What an opened manifest is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ManifestAccess {
    /// Another process may change it.
    Read,
    /// Nobody else changes it.
    Write,
}

#[derive(Debug)]
struct State {
    root: Arc<Root>,
    /// The version of the root's object.
    seen: Option<Seen>,
    /// What was written or is being written since the root.
    noted: BTreeMap<Key, Noted>,
    next_intent: u64,
    /// Whether there may be an object for the next intent: it was put, and that failed or was given up.
    is_intent_begun: bool,
    /// No pack from this number on is there, but of commits that were never finished.
    next_pack: u64,
    /// Whether the root may have been replaced by one that is not known here, for the same reasons.
    is_root_begun: bool,
    lsn: u64,
}

/// What is known of a file since the root.
#[derive(Clone, Debug, Default)]
struct Noted {
    /// What it is, in place of what the tree says.
    settled: Option<Option<Entry>>,
    /// What it may be as well: writes that are under way, or that failed.
    possible: Vec<Option<Entry>>,
}

impl Manifest {
    /// Reads the root; `None` if there is no manifest.
    pub async fn open(
        objects: &Arc<dyn ObjectStore>,
        capabilities: Capabilities,
        access: ManifestAccess,
    ) -> Result<Option<Self>, StoreError> {
        let Some((root, seen)) = read_root(&**objects).await? else { return Ok(None) };
        Ok(Some(Self::of(objects, capabilities, access, root, Some(seen))))
    }

    /// The manifest of a world that has none that is of use, holding these files; not written yet.
    pub async fn anew(
        objects: &Arc<dyn ObjectStore>,
        capabilities: Capabilities,
        entries: impl IntoIterator<Item = (Key, Entry)>,
    ) -> Result<Self, StoreError> {
        let mut found = objects.list(Some(&Path::from(MANIFEST_DIR)));
        let dir = Path::from(MANIFEST_DIR);
        while let Some(object) = found.try_next().await.map_err(object_error(&dir, "listing"))? {
            let path = object.location;
            objects.delete(&path).await.map_err(object_error(&path, "removing"))?;
        }
        let manifest =
            Self::of(objects, capabilities, ManifestAccess::Write, Root::default(), None);
        let entries: Vec<_> = entries.into_iter().map(|(key, entry)| (key, Some(entry))).collect();
        manifest.done(&entries);
        Ok(manifest)
    }

    fn of(
        objects: &Arc<dyn ObjectStore>,
        capabilities: Capabilities,
        access: ManifestAccess,
        root: Root,
        seen: Option<Seen>,
    ) -> Self {
        let state = State {
            next_intent: root.next_intent,
            next_pack: root.next_pack,
            lsn: root.lsn,
            root: Arc::new(root),
            seen,
            noted: BTreeMap::new(),
            is_intent_begun: false,
            is_root_begun: false,
        };
        Self {
            objects: Arc::clone(objects),
            capabilities,
            access,
            pages: Pages::new(Arc::clone(objects)),
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Files that the last commit knew of.
    pub fn committed_entries(&self) -> u64 {
        self.state().root.entries
    }

    /// The last batch of edits that shards hold.
    pub fn lsn(&self) -> u64 {
        self.state().lsn
    }

    /// What is written from now on may hold the edits up to a batch.
    pub fn note_lsn(&self, lsn: u64) {
        let mut state = self.state();
        state.lsn = state.lsn.max(lsn);
    }

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
            let mut entries = Vec::with_capacity(root.entries as usize);
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

    /// Puts down what is going to be written. When this returns, a crash leaves files that are as before or as said.
    pub async fn intend(&self, changes: &[Change]) -> Result<(), StoreError> {
        let (number, is_begun) = {
            let mut state = self.state();
            (state.next_intent, std::mem::replace(&mut state.is_intent_begun, true))
        };
        let (path, bytes) = (intent_path(number), Bytes::from(intent_to_bytes(changes)));
        if is_begun {
            let put = self.objects.put(&path, bytes.into()).await;
            put.map_err(object_error(&path, "writing"))?;
        } else {
            put_over(&*self.objects, self.capabilities, &path, bytes, Seen::Missing).await?;
        }
        let mut state = self.state();
        for &(key, entry) in changes {
            state.noted.entry(key).or_default().possible.push(entry);
        }
        (state.next_intent, state.is_intent_begun) = (number + 1, false);
        Ok(())
    }

    /// Takes down what was written.
    pub fn done(&self, changes: &[Change]) {
        let mut state = self.state();
        for &(key, entry) in changes {
            state.noted.insert(key, Noted { settled: Some(entry), possible: Vec::new() });
        }
    }

    /// Reads the intents that a writer has left behind, or is at.
    pub async fn read_intents(&self) -> Result<(), StoreError> {
        loop {
            let path = intent_path(self.state().next_intent);
            let found = match self.objects.get(&path).await {
                Ok(found) => found.bytes().await.map_err(object_error(&path, "reading"))?,
                Err(Error::NotFound { .. }) => return Ok(()),
                Err(source) => return Err(object_error(&path, "reading")(source)),
            };
            let changes = parse_intent(&found).map_err(|reason| StoreError::DamagedManifest {
                path: path.to_string(),
                reason: reason.to_owned(),
            })?;
            let mut state = self.state();
            for (key, entry) in changes {
                state.lsn = state.lsn.max(entry.map_or(0, |entry| entry.lsn));
                state.noted.entry(key).or_default().possible.push(entry);
            }
            state.next_intent += 1;
        }
    }

    /// For readers: looks whether a writer has gone on. False if all is as before.
    pub async fn refresh(&self) -> Result<bool, StoreError> {
        let before = self.state().next_intent;
        let (root, seen) = read_root(&*self.objects).await?.ok_or_else(missing_root)?;
        let is_newer = {
            let mut state = self.state();
            let is_newer = *state.root != root;
            if is_newer {
                state.noted.clear();
                (state.next_intent, state.lsn) = (root.next_intent, root.lsn);
                (state.root, state.seen) = (Arc::new(root), Some(seen));
            }
            is_newer
        };
        self.read_intents().await?;
        Ok(is_newer || self.state().next_intent != before)
    }

    /// Files of which it is not known in which of several versions they are.
    pub fn unsettled(&self) -> Vec<(Key, Vec<Option<Entry>>)> {
        let state = self.state();
        let unsettled = state.noted.iter().filter(|(_, noted)| !noted.possible.is_empty());
        unsettled.map(|(&key, noted)| (key, noted.possible.clone())).collect()
    }

    /// Whether there are intents that a commit would make superfluous.
    pub fn is_changed(&self) -> bool {
        let state = self.state();
        !state.noted.is_empty() || state.next_intent != state.root.next_intent
    }

    /// Whether a commit is due.
    pub fn is_full(&self) -> bool {
        let state = self.state();
        state.next_intent - state.root.next_intent >= MAX_INTENTS
    }

    /// Takes everything that was written into the tree. Nothing may be unsettled.
    pub async fn commit(&self) -> Result<(), StoreError> {
        self.reread_begun_root().await?;
        let (before, seen, mut changes, next_intent, lsn, mut next_pack) = {
            let state = self.state();
            let settled = |(&key, noted): (&Key, &Noted)| Some((key, noted.settled?));
            let changes: BTreeMap<_, _> = state.noted.iter().filter_map(settled).collect();
            let seen = state.seen.clone().unwrap_or(Seen::Missing);
            (Arc::clone(&state.root), seen, changes, state.next_intent, state.lsn, state.next_pack)
        };
        let mut packs = before.packs.clone();
        self.add_worn(&before, &packs, &mut changes).await?;
        let mut writer = PackWriter::new(next_pack);
        let (tree, entries) =
            self.pages.change(before.tree, &changes, &mut packs, &mut writer).await?;
        let full;
        (full, next_pack) = writer.finish();
        self.state().next_pack = next_pack;
        for (number, bytes) in full {
            let (path, length) = (pack_path(number), bytes.len() as u64);
            let put = self.objects.put(&path, bytes.into()).await;
            put.map_err(object_error(&path, "writing"))?;
            packs.0.insert(number, PackUse { bytes: length, live_bytes: length });
        }
        let dead = packs.take_dead();
        let generation = before.generation + 1;
        let manifest_version = before.manifest_version;
        let root = Root {
            manifest_version,
            generation,
            lsn,
            next_intent,
            next_pack,
            entries,
            tree,
            packs,
        };
        let (path, bytes) = (root_path(), root.to_bytes());
        self.state().is_root_begun = true;
        let seen = put_over(&*self.objects, self.capabilities, &path, bytes.into(), seen).await?;
        {
            let mut state = self.state();
            state.noted.clear();
            (state.root, state.seen, state.is_root_begun) = (Arc::new(root), Some(seen), false);
        }
        let intents = (before.next_intent..next_intent).map(intent_path);
        self.remove(intents.chain(dead.into_iter().map(pack_path))).await;
        Ok(())
    }

    /// Goes on from the root that a commit has left behind which failed or was given up. What is noted stays noted.
    async fn reread_begun_root(&self) -> Result<(), StoreError> {
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
        packs: &Packs,
        changes: &mut BTreeMap<Key, Option<Entry>>,
    ) -> Result<(), StoreError> {
        for pack in packs.worn() {
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
        let mut left = Vec::new();
        let mut found = self.objects.list(Some(&dir));
        while let Some(object) = found.try_next().await.map_err(object_error(&dir, "listing"))? {
            let name = object.location.filename().unwrap_or_default();
            let number = |prefix| name.strip_prefix(prefix)?.parse::<u64>().ok();
            let is_left = match (number("pages-"), number("intent-")) {
                (Some(pack), _) => !root.packs.0.contains_key(&pack),
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

async fn read_root(objects: &dyn ObjectStore) -> Result<Option<(Root, Seen)>, StoreError> {
    let path = root_path();
    let found = match objects.get(&path).await {
        Ok(found) => found,
        Err(Error::NotFound { .. }) => return Ok(None),
        Err(source) => return Err(object_error(&path, "reading")(source)),
    };
    let seen = Seen::object(&found.meta);
    let bytes = found.bytes().await.map_err(object_error(&path, "reading"))?;
    let root = Root::parse(&bytes)
        .map_err(|reason| StoreError::DamagedManifest { path: path.to_string(), reason })?;
    Ok(Some((root, seen)))
}

/// The root of a world that must have one is not there.
pub(crate) fn missing_root() -> StoreError {
    let path = root_path().to_string();
    StoreError::DamagedManifest { path, reason: "it is missing".to_owned() }
}
