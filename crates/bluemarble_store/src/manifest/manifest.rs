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
    intent::{intent_path, intent_to_bytes},
    key::Key,
    packs::MANIFEST_DIR,
    root::{Root, root_path},
    snapshot::{Job, SnapshotRoot},
    tree::Pages,
};
use crate::{
    StoreError,
    backend::Capabilities,
    objects::{Seen, object_error, put_over},
};

/// A commit is due after so many intents.
const MAX_INTENTS: u64 = 64;

/// The manifest of an opened world.
///
/// Only one thread at a time may call what changes it.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub(super) objects: Arc<dyn ObjectStore>,
    pub(super) capabilities: Capabilities,
    pub(super) access: ManifestAccess,
    pub(super) pages: Pages,
    pub(super) state: Mutex<State>,
    /// Held while a reader looks whether a writer has gone on.
    pub(super) refreshing: futures::lock::Mutex<()>,
}

/// What an opened manifest is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ManifestAccess {
    /// Another process may change it.
    Read,
    /// Nobody else changes it.
    Write,
}

/// What changes of a manifest while it is open.
#[derive(Debug)]
pub(super) struct State {
    pub root: Arc<Root>,
    /// The version of the root's object.
    pub seen: Option<Seen>,
    /// What was written or is being written since the root.
    pub noted: BTreeMap<Key, Noted>,
    pub next_intent: u64,
    /// Whether there may be an object for the next intent: it was put, and that failed or was given up.
    pub is_intent_begun: bool,
    /// No pack from this number on is there, but of commits that were never finished.
    pub next_pack: u64,
    /// Whether the root may have been replaced by one that is not known here, for the same reasons.
    pub is_root_begun: bool,
    pub lsn: u64,
}

/// What is known of a file since the root.
#[derive(Clone, Debug, Default)]
pub(super) struct Noted {
    /// What it is, in place of what the tree says.
    pub settled: Option<Option<Entry>>,
    /// What it may be as well: writes that are under way, or that failed.
    pub possible: Vec<Option<Entry>>,
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
        // The root first: one whose pages are gone would look like a manifest.
        let dir = Path::from(MANIFEST_DIR);
        let listed: Vec<_> = objects
            .list(Some(&dir))
            .map_ok(|object| object.location)
            .try_collect()
            .await
            .map_err(object_error(&dir, "listing"))?;
        let is_root = |path: &Path| *path == root_path();
        let (root, others): (Vec<_>, Vec<_>) = listed.into_iter().partition(is_root);
        for path in root.into_iter().chain(others) {
            objects.delete(&path).await.map_err(object_error(&path, "removing"))?;
        }
        let manifest =
            Self::of(objects, capabilities, ManifestAccess::Write, Root::default(), None);
        let entries: Vec<_> = entries.into_iter().map(|(key, entry)| (key, Some(entry))).collect();
        let lsn = entries.iter().filter_map(|(_, entry)| Some((*entry)?.lsn)).max();
        manifest.note_lsn(lsn.unwrap_or(0));
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
            refreshing: futures::lock::Mutex::default(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the last commit.
    pub fn generation(&self) -> u64 {
        self.state().root.generation
    }

    /// Files that the last commit knew of.
    pub fn committed_entries(&self) -> u64 {
        self.state().root.entries
    }

    /// What root and pages of the last commit take, with pages that only snapshots need left out.
    pub fn bytes(&self) -> u64 {
        let root = Arc::clone(&self.state().root);
        let packs: u64 = root.packs.0.values().map(|pack| pack.bytes).sum();
        packs + root.to_bytes().len() as u64
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

    /// The snapshots that are kept, oldest first, by number.
    pub fn snapshots(&self) -> Vec<(u64, SnapshotRoot)> {
        let root = Arc::clone(&self.state().root);
        root.snapshots.iter().map(|(&number, snapshot)| (number, snapshot.clone())).collect()
    }

    /// What must be finished before the world can be used.
    pub fn job(&self) -> Option<Job> {
        self.state().root.job
    }

    /// The same, of a root whose writing has failed as well.
    pub async fn certain_job(&self) -> Result<Option<Job>, StoreError> {
        self.reread_begun_root().await?;
        Ok(self.job())
    }

    /// The name of the import that is under way.
    pub fn import(&self) -> Option<String> {
        let root = Arc::clone(&self.state().root);
        root.import.as_ref().map(|import| import.name.clone())
    }

    /// What must change for the last commit to become the tree of the import that is under way.
    pub async fn changes_to_import(&self) -> Result<Vec<Change>, StoreError> {
        let root = Arc::clone(&self.state().root);
        let tree = root.import.as_ref().and_then(|import| import.tree);
        self.pages.compare(root.tree, tree).await
    }

    /// Whether the world is as a copy has left it.
    pub fn is_copy(&self) -> bool {
        let root = Arc::clone(&self.state().root);
        root.copied == Some(root.generation)
    }

    /// Whether a snapshot needs this version of a file. To be asked of the version that is there now: what was there
    /// when the newest snapshot was taken is in that one, and what is older has been kept when it was replaced.
    pub async fn is_kept(&self, key: Key, entry: &Entry) -> Result<bool, StoreError> {
        let root = Arc::clone(&self.state().root);
        let Some((_, newest)) = root.snapshots.last_key_value() else { return Ok(false) };
        let kept = self.pages.get(newest.tree, key).await?;
        Ok(kept.is_some_and(|kept| kept.is_same(entry)))
    }

    /// All files of a snapshot, in the order of their keys.
    pub async fn list_snapshot(
        &self,
        snapshot: &SnapshotRoot,
    ) -> Result<Vec<(Key, Entry)>, StoreError> {
        let mut entries = Vec::new();
        if let Some(tree) = snapshot.tree {
            self.pages.list(tree, &mut entries).await?;
        }
        Ok(entries)
    }

    /// What must change for the last commit to become a snapshot.
    pub async fn changes_to(&self, snapshot: &SnapshotRoot) -> Result<Vec<Change>, StoreError> {
        let root = Arc::clone(&self.state().root);
        self.pages.compare(root.tree, snapshot.tree).await
    }

    /// The versions of files that snapshots need: of all of them.
    pub async fn kept_entries(&self) -> Result<Vec<(Key, Entry)>, StoreError> {
        let mut kept = Vec::new();
        let mut below = None;
        for (_, snapshot) in self.snapshots() {
            // What two that follow each other share was there in the first one.
            let changes = self.pages.compare(below, snapshot.tree).await?;
            kept.extend(changes.into_iter().filter_map(|(key, entry)| Some((key, entry?))));
            below = snapshot.tree;
        }
        Ok(kept)
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
}

pub(super) async fn read_root(
    objects: &dyn ObjectStore,
) -> Result<Option<(Root, Seen)>, StoreError> {
    let path = root_path();
    let found = match objects.get(&path).await {
        Ok(found) => found,
        Err(Error::NotFound { .. }) => return Ok(None),
        Err(source) => return Err(object_error(&path, "reading")(source)),
    };
    let seen = Seen::object(&found.meta);
    let bytes = found.bytes().await.map_err(object_error(&path, "reading"))?;
    Ok(Some((Root::parse(&bytes)?, seen)))
}

/// The root of a world that must have one is not there.
pub(crate) fn missing_root() -> StoreError {
    let path = root_path().to_string();
    StoreError::DamagedManifest { path, reason: "it is missing".to_owned() }
}
