//! What can be kept of a damaged log: everything before the damage. The rest is set aside, never deleted.

use std::path::{Path, PathBuf};

use super::{
    disk::{Disk, disk_error, real_disk},
    record::Lsn,
    recover::{self, Damage},
    segment::{HEADER_BYTES, Header, Segment},
};
use crate::StoreError;

/// What segments that were set aside are called.
const DAMAGED: &str = ".damaged";

/// What a repair has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRepair {
    /// Everything up to here is kept.
    pub kept_through: Lsn,
    /// Copies of the damaged segment and of all later ones.
    pub set_aside: Vec<PathBuf>,
    /// What was wrong, with the place.
    pub reason: String,
}

/// Makes a damaged log in a directory one that opens; `None` if it is not damaged. The world must be
/// open nowhere. Killed half-way, it can be done again.
///
/// # Errors
/// [`StoreError::Log`].
pub fn repair_log(dir: &Path) -> Result<Option<LogRepair>, StoreError> {
    repair(&*real_disk(dir)?)
}

/// [`repair_log`] on any disk.
///
/// # Errors
/// As [`repair_log`].
pub fn repair(disk: &dyn Disk) -> Result<Option<LogRepair>, StoreError> {
    let mut repaired: Option<LogRepair> = None;
    // A segment that was not the last may turn out to be damaged itself once it is.
    while let Some(next) = repair_first(disk)? {
        repaired = Some(match repaired {
            None => next,
            Some(before) => LogRepair {
                kept_through: next.kept_through,
                set_aside: next.set_aside.into_iter().chain(before.set_aside).collect(),
                reason: format!("{}; {}", before.reason, next.reason),
            },
        });
    }
    Ok(repaired)
}

/// Repairs the first damage that is found.
fn repair_first(disk: &dyn Disk) -> Result<Option<LogRepair>, StoreError> {
    let survey = recover::survey(disk)?;
    let Some(Damage { segment, offset, reason, .. }) = survey.damage else { return Ok(None) };
    let mut set_aside = Vec::new();
    // Later segments first: as long as the damage is there, what follows it is not taken for a log.
    for name in survey.names[segment + 1..].iter().rev() {
        let aside = format!("{name}{DAMAGED}");
        disk.rename(name, &aside).map_err(disk_error(disk, name, "setting aside"))?;
        disk.sync_dir().map_err(disk_error(disk, name, "setting aside"))?;
        set_aside.push(disk.path(&aside));
    }
    let name = &survey.names[segment];
    let failed = |action| disk_error(disk, name, action);
    let bytes = disk.read(name).map_err(failed("reading"))?;
    let aside = format!("{name}{DAMAGED}");
    let mut copy = disk.create(&aside).map_err(failed("copying"))?;
    copy.write_at(0, &bytes).map_err(failed("copying"))?;
    copy.sync().map_err(failed("copying"))?;
    disk.sync_dir().map_err(failed("copying"))?;
    set_aside.push(disk.path(&aside));
    // Its header was read if it is the last of those that could be.
    match survey.headers.get(segment) {
        Some(&header) if survey.headers.len() == segment + 1 => {
            let end = survey.end.min(bytes.len());
            // What the header claims may be more than any disk holds.
            let length = bytes.len().max(end) as u64;
            let records = bytes.get(HEADER_BYTES..end).unwrap_or_default();
            let header = Header { length, ..header };
            Segment::create(disk, header, records).map_err(failed("repairing"))?;
        }
        _ => {
            disk.remove(name).map_err(failed("removing"))?;
            disk.sync_dir().map_err(failed("removing"))?;
        }
    }
    set_aside.reverse();
    let path = disk.path(name);
    let reason = format!("{}: byte {offset}: {reason}", path.display());
    Ok(Some(LogRepair { kept_through: survey.chain.next - 1, set_aside, reason }))
}
