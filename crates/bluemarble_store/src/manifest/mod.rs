//! The manifest of a world: which shards and documents there are, in which version, so that one that is missing, older,
//! foreign or in another's place is noticed.
//!
//! ```text
//! manifest/root.json                     generation, the tree's highest page, packs; replaced by each commit
//! manifest/pages-00000000000000000007    a pack of pages
//! manifest/intent-00000000000000000041   what is being written now
//! ```
//!
//! A write goes: an intent is put, the shards are replaced. A commit goes: pages are put, the root is replaced, intents
//! and packs that nothing needs any more are removed. A crash between any two of these leaves a root, and intents which
//! name every file that may not be as the root says.
//!
//! | file | what it holds |
//! |---|---|
//! | `key` | [`Key`]: a shard or document |
//! | `entry` | [`Entry`]: one version of it |
//! | `page` | pages of the tree, as bytes |
//! | `packs` | the objects that hold pages, and which of them are worn |
//! | `tree` | the B+ tree: looked up, listed, changed |
//! | `totals` | how many shards there are, and their bytes |
//! | `compare` | two trees compared |
//! | `snapshot` | trees of earlier moments that are kept, jobs, imports |
//! | `intent` | what is going to be written |
//! | `root` | [`root::Root`] |
//! | `follow` | intents and newer roots read |
//! | `commit` | what was written taken into the tree |
//! | `manifest` | [`Manifest`]: the manifest of an opened world |
//! | `lookup` | what it says of files |

mod commit;
mod compare;
mod entry;
mod follow;
mod intent;
mod key;
mod lookup;
#[expect(clippy::module_inception, reason = "the one type that the folder is about")]
mod manifest;
mod packs;
mod page;
mod root;
mod snapshot;
#[cfg(test)]
mod tests;
mod totals;
mod tree;

pub(crate) use entry::{Change, Entry, difference};
pub(crate) use key::Key;
pub(crate) use manifest::{Manifest, ManifestAccess, missing_root};
pub use packs::MANIFEST_DIR;
pub(crate) use snapshot::{ImportStep, Job, RootChange, SnapshotRoot};
