//! Snapshots: a world as it was at earlier moments.
//!
//! A snapshot is a tree of the manifest that is kept, and costs nothing when it is taken. Before a file that it names is
//! replaced or removed, its version is put below `snapshots/`, named by its digest: a link in directories, a copy in
//! object stores.
//!
//! | file | what it does |
//! |---|---|
//! | `policy` | [`SnapshotPolicy`]: which ones stay |
//! | `take` | takes and lists them |
//! | `keep` | keeps versions of files, reads and removes them |
//! | `restore` | makes the world what it was |

mod keep;
mod policy;
mod restore;
mod take;

pub use keep::KeptFiles;
pub use policy::SnapshotPolicy;
pub use restore::RestoredSnapshot;
pub use take::{Snapshot, TakenSnapshot};
