//! `copy`: a world, or a snapshot of it, in another place.

use std::{fs, process::ExitCode};

use bluemarble_store::{
    ChunkStore, CopiedWorld, StoreError, StoreOptions, WorldLocation, WorldLock, log::LOG_DIR,
};
use bluemarble_world::{BASE_NOTE_NAME, ELEVATION_NAME, MATERIALS_NAME};
use clap::{
    Args,
    builder::{OsStringValueParser, TypedValueParser},
};
use futures::executor::block_on;
use serde_json::json;

use crate::{
    failure::Failure,
    open::{WorldArgs, location},
    output, progress, scan,
};

/// What a recipe may need, and the note that the world lies over another one.
const BESIDE: [&str; 3] = [MATERIALS_NAME, ELEVATION_NAME, BASE_NOTE_NAME];

/// Copy a world to another directory or bucket: only what has changed since the last copy.
///
/// Compares the manifests, fetches what differs, and checks every byte of it. An interrupted copy does not open; run the
/// command again to finish it. A world that another program has open is copied as its newest snapshot; of any other the
/// edits in the delta log are folded into the shards first. The index is not copied: it is made again.
#[derive(Args)]
#[command(after_help = "Examples:
  bluemarble copy hills /backups/hills
  bluemarble copy hills s3://worlds/hills")]
pub struct Copy {
    #[command(flatten)]
    source: WorldArgs,
    /// Where to: a directory, or an s3://, gs:// or az:// URL; new, or an earlier copy.
    #[arg(value_name = "TARGET", value_parser = OsStringValueParser::new().try_map(location))]
    target: WorldLocation,
    /// Copy this snapshot.
    #[arg(long, value_name = "NUMBER")]
    snapshot: Option<u64>,
    /// Copy even over a world that has other or later edits, which are lost.
    #[arg(long)]
    overwrite: bool,
}

impl Copy {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let (snapshot, _lock) = self.hold_source()?;
        let source = self.source.open_to_read()?;
        // Before anything is made at the target.
        let lsn = self.lsn(&source, snapshot)?;
        let target = self.open_target(&source, lsn)?;
        let bar = progress::bytes_bar(0, "copying");
        let copied = block_on(target.copy_from(&source, snapshot, &BESIDE, |progress| {
            bar.set_length(progress.bytes);
            bar.set_position(progress.done_bytes);
        }));
        let copied = copied.map_err(|error| Failure::from(error).at(&self.source.location))?;
        bar.finish_and_clear();
        print(copied, json)
    }

    /// Keeps others from writing into a source in a directory; or, if one does, names the snapshot to be copied.
    fn hold_source(&self) -> Result<(Option<u64>, Option<WorldLock>), Failure> {
        let Some(dir) = self.source.known_dir() else { return Ok((self.snapshot, None)) };
        let source = &self.source.location;
        self.source.metadata()?;
        match WorldLock::take(dir) {
            Ok(lock) => drop(lock),
            // Where nothing can be written, there is no other writer.
            Err(StoreError::Unwritable { .. }) => {
                if self.snapshot.is_none() && scan::log(dir)?.0.pending_batches > 0 {
                    return Err(Failure::new(format!(
                        "{source}: the delta log holds edits that the shards do not have, and the directory cannot be \
                         written; make it writable, or name one of its snapshots with --snapshot"
                    )));
                }
                return Ok((self.snapshot, None));
            }
            Err(StoreError::Locked { .. }) => {
                let newest =
                    self.source.open_to_read()?.snapshots()?.last().map(|newest| newest.number);
                let snapshot = self.snapshot.or(newest).ok_or_else(|| {
                    Failure::new(format!(
                        "{source}: the world is open in another process, and has no snapshot; let that process take one, \
                         or close the world there"
                    ))
                })?;
                return Ok((Some(snapshot), None));
            }
            Err(error) => return Err(error.into()),
        }
        if self.snapshot.is_some() {
            return Ok((self.snapshot, Some(WorldLock::take(dir)?)));
        }
        loop {
            self.source.fold_log()?;
            let lock = WorldLock::take(dir)?;
            // Another process may have edited in between.
            if scan::log(dir)?.0.pending_batches == 0 {
                return Ok((None, Some(lock)));
            }
        }
    }

    fn open_target(&self, source: &ChunkStore, lsn: u64) -> Result<ChunkStore, Failure> {
        let target = &self.target;
        if let WorldLocation::Directory(dir) = target {
            let is_source =
                match (self.source.known_dir().map(fs::canonicalize), fs::canonicalize(dir)) {
                    (Some(Ok(source)), Ok(target)) => source == target,
                    _ => false,
                };
            if is_source {
                return Err(Failure::new(format!(
                    "{target}: a world cannot be copied over itself"
                )));
            }
        }
        let mut options = StoreOptions::default();
        options.resume_copy = true;
        let store = ChunkStore::open(target, source.metadata(), &options)?;
        let (log, pending) = match target {
            WorldLocation::Directory(dir) => {
                (Some(dir.join(LOG_DIR)), scan::log(dir)?.0.pending_batches)
            }
            _ => (None, 0),
        };
        if self.overwrite {
            // Else what it holds would be laid over the copy.
            if let Some(log) = log.filter(|log| log.is_dir()) {
                fs::remove_dir_all(&log)
                    .map_err(|error| Failure::file(&log, "cannot remove", &error))?;
            }
        } else if pending > 0 || !store.is_unchanged_copy() || store.lsn() > lsn {
            return Err(self.has_later_edits());
        }
        Ok(store)
    }

    /// The last batch in what is to be copied.
    fn lsn(&self, source: &ChunkStore, snapshot: Option<u64>) -> Result<u64, Failure> {
        let at = |error: StoreError| Failure::from(error).at(&self.source.location);
        let snapshots = source.snapshots().map_err(at)?;
        let Some(number) = snapshot else { return Ok(source.lsn()) };
        let found = snapshots.iter().find(|snapshot| snapshot.number == number);
        let none = || at(StoreError::NoSnapshot { wanted: number.to_string() });
        found.map(|snapshot| snapshot.lsn).ok_or_else(none)
    }

    fn has_later_edits(&self) -> Failure {
        let (source, target) = (&self.source.location, &self.target);
        Failure::new(format!(
            "{target}: it has edits of its own, or later ones than {source}; copy the other way round, or over them with --overwrite"
        ))
    }
}

fn print(copied: CopiedWorld, json: bool) -> Result<ExitCode, Failure> {
    let CopiedWorld { lsn, files, copied, bytes, removed } = copied;
    let bytes_text = output::human_bytes(bytes);
    let text = format!(
        "{copied} of {files} files copied, {bytes_text}, {removed} removed; the edits up to batch {lsn}"
    );
    let value = json!({
        "lsn": lsn, "files": files, "copied": copied, "bytes": bytes, "removed": removed,
    });
    output::print_result(json, &value, &text)?;
    Ok(ExitCode::SUCCESS)
}
