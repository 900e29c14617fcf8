//! What a root holds beside the tree: trees of earlier moments, the job that must be finished, and the import that is
//! under way.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{entry::Change, page::Pointer};

/// A tree that is kept. The packs that its pages lie in stay as long as it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnapshotRoot {
    /// The last batch of edits that its shards may hold.
    pub lsn: u64,
    /// When it was taken, in seconds since 1970.
    pub taken_unix_s: u64,
    /// Files that its tree holds.
    pub entries: u64,
    pub(super) tree: Option<Pointer>,
    pub(super) packs: BTreeSet<u64>,
}

/// Snapshots by number: the generation of the root that each was taken with.
pub(super) type Snapshots = BTreeMap<u64, SnapshotRoot>;

/// What was begun and must be finished before the world can be used: its files are a mixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Job {
    /// Shards are taken back from this snapshot.
    Restore(u64),
    /// The world is being copied here.
    Copy,
    /// Shards that an import has made are moved into their places.
    Import,
}

/// An import that was begun. The packs that its pages lie in stay as long as it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportRoot {
    /// What is imported, in the words of whoever began it.
    pub name: String,
    /// The tree that the new shards were made over; while they are moved in, the tree that they will be in.
    pub(super) tree: Option<Pointer>,
    pub(super) packs: BTreeSet<u64>,
}

/// A step of an import.
#[derive(Clone, Debug)]
pub(crate) enum ImportStep {
    /// Shards are made over the tree as it is now, for an import of this name.
    Begin(String),
    /// They are all there: from now on it is a job to move them in.
    MoveIn(Vec<Change>),
    /// There is no import any more, and no job.
    End,
}

/// What a commit changes beside the tree.
#[derive(Clone, Debug, Default)]
pub(crate) struct RootChange {
    /// Keep the tree as a snapshot taken at this time, in seconds since 1970.
    pub take_unix_s: Option<u64>,
    /// Snapshots that are kept no longer.
    pub drop: BTreeSet<u64>,
    /// Replaces the job.
    pub job: Option<Option<Job>>,
    /// Replaces the last batch of edits that shards may hold: they were replaced by others.
    pub lsn: Option<u64>,
    /// From now on the world is a copy of another one, until something of it is changed.
    pub is_copied: bool,
    /// Begins or ends an import.
    pub import: Option<ImportStep>,
}
