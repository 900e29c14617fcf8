//! Intents and newer roots are read: those that a writer which was killed has left behind, and those of one that goes on.

use std::sync::Arc;

use object_store::{Error, ObjectStoreExt};

use super::{
    entry::Change,
    intent::{intent_path, parse_intent},
    manifest::{Manifest, State, missing_root, read_root},
};
use crate::{StoreError, objects::object_error};

impl Manifest {
    /// Reads the intents that a writer has left behind, or is at.
    pub async fn read_intents(&self) -> Result<(), StoreError> {
        let first = self.state().next_intent;
        let intents = self.intents_from(first).await?;
        self.state().note_intents(first, intents);
        Ok(())
    }

    /// All intents from a number on.
    async fn intents_from(&self, first: u64) -> Result<Vec<Vec<Change>>, StoreError> {
        let mut intents = Vec::new();
        loop {
            let path = intent_path(first + intents.len() as u64);
            let found = match self.objects.get(&path).await {
                Ok(found) => found.bytes().await.map_err(object_error(&path, "reading"))?,
                Err(Error::NotFound { .. }) => return Ok(intents),
                Err(source) => return Err(object_error(&path, "reading")(source)),
            };
            let changes = parse_intent(&found).map_err(|reason| StoreError::DamagedManifest {
                path: path.to_string(),
                reason: reason.to_owned(),
            })?;
            intents.push(changes);
        }
    }

    /// For readers: looks whether a writer has gone on. False if all is as before.
    pub async fn refresh(&self) -> Result<bool, StoreError> {
        let _refreshing = self.refreshing.lock().await;
        let (mut root, mut seen) = read_root(&*self.objects).await?.ok_or_else(missing_root)?;
        loop {
            let (is_newer, first) = {
                let state = self.state();
                let is_newer = *state.root != root;
                // The last one may have been put once more with other changes: its first writing failed.
                let last = state.next_intent.saturating_sub(1).max(root.next_intent);
                (is_newer, if is_newer { root.next_intent } else { last })
            };
            let intents = self.intents_from(first).await?;
            {
                let mut state = self.state();
                if is_newer {
                    state.noted.clear();
                    (state.root, state.seen) = (Arc::new(root.clone()), Some(seen));
                    state.lsn = root.lsn;
                }
                if state.note_intents(first, intents) || is_newer {
                    return Ok(true);
                }
            }
            // A commit may have removed the intents since the root was read.
            let again = read_root(&*self.objects).await?.ok_or_else(missing_root)?;
            if again.0 == root {
                return Ok(false);
            }
            (root, seen) = again;
        }
    }
}

impl State {
    /// Takes over intents, the first of which has this number. True if one of them says something new.
    fn note_intents(&mut self, first: u64, intents: Vec<Vec<Change>>) -> bool {
        self.next_intent = first + intents.len() as u64;
        let mut is_new = false;
        for (key, entry) in intents.into_iter().flatten() {
            self.lsn = self.lsn.max(entry.map_or(0, |entry| entry.lsn));
            let possible = &mut self.noted.entry(key).or_default().possible;
            is_new |= !possible.contains(&entry);
            // The newest is the last, if it was said before as well.
            possible.retain(|other| *other != entry);
            possible.push(entry);
        }
        is_new
    }
}
