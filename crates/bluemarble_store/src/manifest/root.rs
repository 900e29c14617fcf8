//! [`Root`]: the one object of a manifest that is replaced, and the only one that is read when a world is opened.

use std::collections::BTreeSet;

use object_store::path::Path;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    packs::{MANIFEST_DIR, Packs},
    page::Pointer,
    snapshot::{ImportRoot, ImportStep, Job, RootChange, SnapshotRoot, Snapshots},
    totals::ShardTotals,
};
use crate::StoreError;

/// The version of the manifest's own format.
const MANIFEST_VERSION: u32 = 2;
/// A checksum in hexadecimal, and a line break before and behind it.
const CHECKSUM_BYTES: usize = 10;

/// Where the root lies.
pub(super) fn root_path() -> Path {
    Path::from(format!("{MANIFEST_DIR}/root.json"))
}

/// A tree and all that must be known to go on from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Root {
    pub manifest_version: u32,
    /// One more with each commit.
    pub generation: u64,
    /// The last batch of edits that shards may hold.
    pub lsn: u64,
    /// Intents before this number are done.
    pub next_intent: u64,
    /// The number of the next pack.
    pub next_pack: u64,
    /// Files that the tree holds.
    pub entries: u64,
    /// How many of them are shards, and their bytes; not in version 1, nor where the tree could not be counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<ShardTotals>,
    /// The highest page; `None` if there are no files.
    pub tree: Option<Pointer>,
    pub packs: Packs,
    /// Trees of earlier moments, by generation.
    pub snapshots: Snapshots,
    /// What must be finished before the world can be used.
    pub job: Option<Job>,
    /// The import that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportRoot>,
    /// The generation with which the world was a copy of another one; it still is if that is this one.
    pub copied: Option<u64>,
}

impl Root {
    /// The packs that this tree needs, or that of a snapshot or of an import.
    pub fn needed_packs(&self) -> BTreeSet<u64> {
        let kept = self.snapshots.values().flat_map(|snapshot| &snapshot.packs);
        let import = self.import.iter().flat_map(|import| &import.packs);
        self.packs.0.keys().chain(kept).chain(import).copied().collect()
    }

    /// Changes what it holds beside the tree.
    pub fn apply(&mut self, change: RootChange) {
        self.lsn = change.lsn.unwrap_or(self.lsn);
        for number in &change.drop {
            self.snapshots.remove(number);
        }
        if let Some(taken_unix_s) = change.take_unix_s {
            let snapshot = SnapshotRoot {
                lsn: self.lsn,
                taken_unix_s,
                entries: self.entries,
                tree: self.tree,
                packs: self.packs.0.keys().copied().collect(),
            };
            self.snapshots.insert(self.generation, snapshot);
        }
        if let Some(job) = change.job {
            self.job = job;
        }
        if change.is_copied {
            self.copied = Some(self.generation);
        }
        match change.import {
            Some(ImportStep::Begin(name)) => {
                let packs = self.packs.0.keys().copied().collect();
                self.import = Some(ImportRoot { name, tree: self.tree, packs });
            }
            Some(ImportStep::MoveIn(_)) => self.job = Some(Job::Import),
            Some(ImportStep::End) => (self.import, self.job) = (None, None),
            None => {}
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let root = Self { manifest_version: MANIFEST_VERSION, ..self.clone() };
        let mut text = serde_json::to_string(&root).unwrap_or_default();
        let checksum = crc32c::crc32c(text.as_bytes());
        text.push_str(&format!("\n{checksum:08x}\n"));
        text.into_bytes()
    }

    pub fn parse(bytes: &[u8]) -> Result<Self, StoreError> {
        let damaged =
            |reason: String| StoreError::DamagedManifest { path: root_path().to_string(), reason };
        let Some((text, checksum)) = bytes.split_last_chunk::<CHECKSUM_BYTES>() else {
            return Err(damaged("it is cut short".to_owned()));
        };
        if *checksum != *format!("\n{:08x}\n", crc32c::crc32c(text)).as_bytes() {
            return Err(damaged("its checksum does not match".to_owned()));
        }
        let text: Value =
            serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
        // Newer ones may have other fields.
        match text["manifest_version"].as_u64() {
            Some(found) if found > u64::from(MANIFEST_VERSION) => Err(StoreError::NewerFormat {
                path: root_path().to_string(),
                found,
                supported: MANIFEST_VERSION,
            }),
            _ => serde_json::from_value(text).map_err(|error| damaged(error.to_string())),
        }
    }
}
