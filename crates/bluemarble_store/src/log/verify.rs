//! What a log holds and whether it is damaged, told without changing it.

use std::path::{Path, PathBuf};

use super::{
    disk::{Disk, real_disk},
    record::Lsn,
    recover::{self, Damage, Survey},
};
use crate::StoreError;

/// What a log holds. Of a damaged one: what lies before the damage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogCheck {
    /// Segments there are.
    pub segments: u64,
    /// Bytes that these take; of a damaged log, those up to the damaged segment.
    pub bytes: u64,
    /// Whole batches in them.
    pub batches: u64,
    /// Of these, the ones after the last checkpoint: the store may not hold them.
    pub pending_batches: u64,
    /// The last record that belongs to a whole batch or stands alone; 0 in an empty log.
    pub last_lsn: Lsn,
    /// The store holds everything up to here.
    pub checkpoint_lsn: Lsn,
    /// Whether a write was cut off at the end, by a crash before it was acknowledged. The next writer
    /// tidies up; nothing is lost.
    pub is_torn: bool,
    /// What is damaged, if anything is.
    pub damage: Option<LogDamage>,
}

/// Where and why a log cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogDamage {
    /// The segment.
    pub path: PathBuf,
    /// Where in it.
    pub offset: u64,
    /// The first record that cannot be read.
    pub lsn: Lsn,
    /// What is wrong with it, in one clause.
    pub reason: String,
}

/// Checks the log in a directory; an empty one if the directory is not there. While a writer has the
/// world open, the end of the log may look torn.
///
/// # Errors
/// [`StoreError::Log`] if it cannot be read at all.
pub fn verify_log(dir: &Path) -> Result<LogCheck, StoreError> {
    if !dir.is_dir() {
        return Ok(LogCheck::default());
    }
    verify(&*real_disk(dir)?)
}

/// [`verify_log`] on any disk.
///
/// # Errors
/// As [`verify_log`].
pub fn verify(disk: &dyn Disk) -> Result<LogCheck, StoreError> {
    let survey = recover::survey(disk)?;
    let Survey { names, chain, checkpoint, batches, pending, bytes, torn, damage, .. } = survey;
    let damage = damage.map(|Damage { segment, offset, lsn, reason }| LogDamage {
        path: disk.path(&names[segment]),
        offset: offset as u64,
        lsn,
        reason,
    });
    Ok(LogCheck {
        segments: names.len() as u64,
        bytes,
        batches,
        pending_batches: pending.len() as u64,
        last_lsn: chain.next - 1,
        checkpoint_lsn: checkpoint,
        is_torn: torn,
        damage,
    })
}
