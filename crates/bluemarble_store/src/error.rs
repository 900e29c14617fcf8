//! [`StoreError`]: what can go wrong between memory and disk.

use std::path::PathBuf;

use bluemarble_core::ChunkKey;
use thiserror::Error;

/// Why the store refused or failed.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The world directory cannot be made or written.
    #[error("{}: cannot write here: {source}; check the path and its permissions", path.display())]
    Unwritable {
        /// The directory or file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The directory holds something else.
    #[error(
        "{}: the directory is not empty and holds no world (no zarr.json); \
         choose an empty or new directory", path.display()
    )]
    NotAWorld {
        /// The directory.
        path: PathBuf,
    },
    /// Another process has the world open.
    #[error(
        "{}: the world is open in another process; close it there, or open another world",
        path.display()
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// A `zarr.json` says something else than it must.
    #[error(
        "{path}: {field} is {found}, expected {expected}; open the world with the settings it was \
         made with, or choose another directory"
    )]
    Mismatch {
        /// The document.
        path: String,
        /// The field, with dots between levels.
        field: String,
        /// What this program writes.
        expected: String,
        /// What the document says.
        found: String,
    },
    /// The world was made, or brought up to date, by a newer program.
    #[error(
        "{path}: the world has format version {found}, this program reads versions up to {supported}; \
         open it with a newer program"
    )]
    NewerFormat {
        /// The document.
        path: String,
        /// The version of the world.
        found: u64,
        /// The newest version that is understood.
        supported: u32,
    },
    /// A `zarr.json` is not JSON.
    #[error("{path}: not a Zarr v3 document: {message}; restore the file from a backup")]
    Syntax {
        /// The document.
        path: String,
        /// Where and why.
        message: String,
    },
    /// A `zarr.json` is gone though there are shards below it.
    #[error(
        "{path}: missing, but there are shards beside it; bring it back with `bluemarble repair`, or from a backup"
    )]
    MissingMetadata {
        /// The document.
        path: String,
    },
    /// A shard as a whole cannot be understood.
    #[error(
        "{path}: damaged shard: {reason}; bring it back with `bluemarble repair --from BACKUP`, or lose its edits with \
         `bluemarble repair --forget`"
    )]
    DamagedShard {
        /// The shard.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A shard that was written is gone.
    #[error(
        "{path}: missing: a shard with edits up to batch {lsn} was written here; bring it back with \
         `bluemarble repair --from BACKUP`, or accept the loss with `bluemarble repair --forget`"
    )]
    MissingShard {
        /// The shard.
        path: String,
        /// The last batch that it may have held.
        lsn: u64,
    },
    /// A shard is not the one that was written.
    #[error(
        "{path}: not the shard that was written here: {reason}; bring the right one back with `bluemarble repair \
         --from BACKUP`, lose its edits with `bluemarble repair --forget`, or take what is there with `bluemarble adopt`"
    )]
    OtherShard {
        /// The shard.
        path: String,
        /// What is there instead.
        reason: String,
    },
    /// The record of what belongs to the world cannot be read.
    #[error(
        "{path}: damaged manifest: {reason}; restore the folder `manifest` from a backup of the same moment, or make \
         it again from the shards that are there with `bluemarble adopt`"
    )]
    DamagedManifest {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A world of an older version is open for reading, and has no manifest yet.
    #[error("{location}: the world has no manifest yet; open it once for writing")]
    NoManifest {
        /// The path or URL.
        location: String,
    },
    /// A restore or a copy was interrupted: the files of the world are a mixture.
    #[error("{location}: {job} was interrupted; {remedy}")]
    UnfinishedJob {
        /// The path or URL.
        location: String,
        /// What was being done.
        job: String,
        /// How it is finished.
        remedy: &'static str,
    },
    /// There is no such snapshot.
    #[error(
        "there is no snapshot {wanted}; `bluemarble snapshot --list` names those that are kept"
    )]
    NoSnapshot {
        /// The number that was asked for.
        wanted: String,
    },
    /// A file that a snapshot or a copy needs is gone or damaged.
    #[error(
        "{path}: damaged or missing in the version that is wanted, and {kept_at} does not have it either; bring it back \
         with `bluemarble repair --from BACKUP`, or choose another snapshot"
    )]
    LostVersion {
        /// The shard or document.
        path: String,
        /// Where its version should be.
        kept_at: String,
    },
    /// One chunk cannot be understood.
    #[error(
        "chunk {key} in {path}: damaged: {reason}; bring the shard back with `bluemarble repair --from BACKUP`, or \
         lose the chunk's edits with `bluemarble repair --forget`"
    )]
    DamagedChunk {
        /// The chunk.
        key: ChunkKey,
        /// The shard it lies in.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file has a name that no shard can have.
    #[error(
        "{path}: not the name of a shard of this world; move the file out of the world directory"
    )]
    UnknownShard {
        /// The file.
        path: String,
    },
    /// A key names no chunk of the world.
    #[error("chunk {key} is outside of the lattice; check its region, lod and position")]
    OutsideLattice {
        /// The key.
        key: ChunkKey,
    },
    /// A chunk to be written is not complete.
    #[error(
        "chunk {key} holds the reserved material 65535 (not stored) at cell index {cell}; fill every \
         cell before writing"
    )]
    Incomplete {
        /// The chunk.
        key: ChunkKey,
        /// The first such cell.
        cell: usize,
    },
    /// A text names no location, or there is nothing that could hold a world.
    #[error("{location}: not a location for a world: {reason}")]
    Location {
        /// The path or URL.
        location: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A setting of an object store is not known.
    #[error("{location}: setting {setting}: {reason}; see docs/object-stores.md for their names")]
    Setting {
        /// The URL.
        location: String,
        /// Its key.
        setting: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The program knows no object stores.
    #[error(
        "{location}: this program was built without object stores; build it with the cargo feature \
         `cloud` of bluemarble_store"
    )]
    CloudDisabled {
        /// The URL.
        location: String,
    },
    /// There is no world to read.
    #[error("{location}: no world is there (no zarr.json); check the path or URL")]
    NoWorld {
        /// The path or URL.
        location: String,
    },
    /// The world was opened for reading.
    #[error("{location}: opened for reading only; open it for writing to change it")]
    ReadOnly {
        /// The path or URL.
        location: String,
    },
    /// Another writer has the world.
    #[error(
        "{location}: open for writing by {writer}; close it there, or try again in {free_in_s} s if that \
         writer is gone; anybody may open it for reading"
    )]
    HeldByWriter {
        /// The URL.
        location: String,
        /// The process and its machine.
        writer: String,
        /// Seconds until the lease is free unless its writer renews it.
        free_in_s: u64,
    },
    /// This writer has the world no more.
    #[error(
        "{location}: nothing may be written any more, the lease is lost: {reason}; open the world again"
    )]
    LeaseLost {
        /// The URL.
        location: String,
        /// How it was lost.
        reason: String,
    },
    /// The lease of a world cannot be understood.
    #[error(
        "{location}: the lease {name} is damaged: {reason}; delete it if nobody has the world open for \
         writing"
    )]
    DamagedLease {
        /// The URL.
        location: String,
        /// The object.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Another writer has replaced a shard between our reading and our writing it.
    #[error(
        "{path}: replaced by another writer, which had no lease or took ours over; nothing of this \
         write is in it: open the world again, then write once more"
    )]
    Conflict {
        /// The shard.
        path: String,
    },
    /// A chunk could not be compressed.
    #[error("chunk {key}: cannot be encoded: {reason}; free some memory, then try again")]
    Unencodable {
        /// The chunk.
        key: ChunkKey,
        /// What the compressor said.
        reason: String,
    },
    /// The object store failed.
    #[error(
        "{path}: {action} failed: {source}; check the disk and its free space, or the \
         network, then try again"
    )]
    Object {
        /// The object.
        path: String,
        /// What was being done.
        action: &'static str,
        /// What the object store said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A shard kept changing while it was read.
    #[error("{path}: replaced by a writer again and again while it was read; try again")]
    Contended {
        /// The shard.
        path: String,
    },
    /// The disk failed under the delta log.
    #[error("{}: {action} failed: {source}; check the disk, its free space and permissions", path.display())]
    Log {
        /// The segment, or the folder of the log.
        path: PathBuf,
        /// What was being done.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The delta log took no more edits because a write or sync failed.
    #[error(
        "{}: writing the delta log failed: {reason}; edits that were not acknowledged may be lost; \
         check the disk and its free space, then open the world again", path.display()
    )]
    LogFailed {
        /// The segment.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The delta log is not what was written.
    #[error(
        "{}: the delta log is damaged at byte {offset}, record {lsn}: {reason}; nothing was changed; \
         restore the file from a backup, or run `bluemarble repair` to keep everything before the \
         damage and set the rest aside", path.display()
    )]
    DamagedLog {
        /// The segment.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// The first record that cannot be read.
        lsn: u64,
        /// What is wrong with it.
        reason: String,
    },
}
