//! Recovery: what a log holds after whatever happened to it.
//!
//! The first record that is not what it must be ends the log. It was either never acknowledged, torn by
//! the crash that ended the last session, or it is damage. A record further on tells: it says which
//! records were on disk when it was written. Damage stops the recovery, and nothing is changed on disk.

use std::{
    collections::{VecDeque, hash_map::RandomState},
    hash::{BuildHasher, Hasher},
};

use bluemarble_core::EditBatch;

use super::{
    disk::{Disk, disk_error},
    payload,
    record::{ALIGNMENT, Chain, Kind, Lsn, Record},
    segment::{self, Header, Segment},
};
use crate::StoreError;

/// A batch of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedBatch {
    /// The lsn of its commit.
    pub lsn: Lsn,
    /// What was changed.
    pub batch: EditBatch,
}

/// A log after recovery.
#[derive(Debug)]
pub(super) struct Recovered {
    /// How records go on.
    pub chain: Chain,
    /// All segments, oldest first.
    pub segments: Vec<Header>,
    /// The last one.
    pub active: Option<Segment>,
}

/// Where and why a log cannot be read on.
#[derive(Debug)]
pub(super) struct Damage {
    pub segment: usize,
    pub offset: usize,
    pub lsn: Lsn,
    pub reason: String,
}

/// What all segments of a log together say.
#[derive(Debug)]
pub(super) struct Survey {
    pub names: Vec<String>,
    pub headers: Vec<Header>,
    /// How records go on after the last whole batch.
    pub chain: Chain,
    /// Where in the last segment the last whole batch ends.
    pub end: usize,
    /// Where in it the last record ends that could be read.
    stopped: usize,
    pub checkpoint: Lsn,
    /// Whole batches, those before the checkpoint included.
    pub batches: u64,
    /// The lsns of the batches after the checkpoint.
    pub pending: VecDeque<Lsn>,
    /// Bytes of all segments that were read.
    pub bytes: u64,
    /// Whether there is something behind the end that is no whole batch.
    pub torn: bool,
    pub damage: Option<Damage>,
}

/// Reads a log, passes on every batch that the store may not hold, and makes it ready to be written to.
pub(super) fn recover<E: From<StoreError>>(
    disk: &dyn Disk,
    mut replay: impl FnMut(LoggedBatch) -> Result<(), E>,
) -> Result<Recovered, E> {
    let survey = survey(disk)?;
    if let Some(damage) = survey.damage {
        let Damage { segment, offset, lsn, reason } = damage;
        let path = disk.path(&survey.names[segment]);
        let offset = offset as u64;
        return Err(StoreError::DamagedLog { path, offset, lsn, reason }.into());
    }
    for (index, header) in survey.headers.iter().enumerate() {
        let next_base = survey.headers.get(index + 1).map_or(survey.chain.next, |next| next.base);
        if next_base <= survey.checkpoint + 1 {
            continue;
        }
        let name = header.name();
        let bytes = disk.read(&name).map_err(disk_error(disk, &name, "reading"))?;
        let mut batch = EditBatch::new();
        for (_, record) in Records::new(&bytes, header) {
            if record.lsn >= next_base {
                break;
            }
            match record.kind {
                Kind::Commit => {
                    let batch = std::mem::take(&mut batch);
                    if record.lsn > survey.checkpoint {
                        replay(LoggedBatch { lsn: record.lsn, batch })?;
                    }
                }
                Kind::Checkpoint | Kind::Seal => {}
                // That it can be read was found out before.
                _ => drop(payload::read_edits(&record, &mut batch)),
            }
        }
    }
    clear_unfinished(disk)?;
    let active = match survey.headers.last() {
        None => None,
        Some(&header) => {
            let end = survey.end as u64;
            let failed = |action| disk_error(disk, &header.name(), action);
            let mut active = Segment::open(disk, header, end).map_err(failed("opening"))?;
            if survey.torn {
                tracing::info!(
                    "{}: cut off an unfinished write after record {}",
                    disk.path(&header.name()).display(),
                    survey.chain.next - 1
                );
                active.wipe_rest().map_err(failed("clearing"))?;
            }
            Some(active)
        }
    };
    let Survey { headers: segments, chain, .. } = survey;
    Ok(Recovered { chain, segments, active })
}

/// Removes segments that were never finished.
fn clear_unfinished(disk: &dyn Disk) -> Result<(), StoreError> {
    for name in disk.list().map_err(disk_error(disk, "", "listing"))? {
        if name.ends_with(segment::UNFINISHED) {
            disk.remove(&name).map_err(disk_error(disk, &name, "removing"))?;
        }
    }
    Ok(())
}

/// Reads all segments; changes nothing.
pub(super) fn survey(disk: &dyn Disk) -> Result<Survey, StoreError> {
    let mut names = disk.list().map_err(disk_error(disk, "", "listing"))?;
    names.retain(|name| segment::is_segment(name));
    names.sort_unstable();
    let chain = Chain { salt: RandomState::new().build_hasher().finish(), next: 1, previous: 0 };
    let mut survey = Survey {
        headers: Vec::new(),
        chain,
        end: segment::HEADER_BYTES,
        stopped: segment::HEADER_BYTES,
        checkpoint: 0,
        batches: 0,
        pending: VecDeque::new(),
        bytes: 0,
        torn: false,
        damage: None,
        names,
    };
    for index in 0..survey.names.len() {
        let name = &survey.names[index];
        let bytes = disk.read(name).map_err(disk_error(disk, name, "reading"))?;
        survey.bytes += bytes.len() as u64;
        let is_last = index + 1 == survey.names.len();
        if let Err(damage) = survey.read_segment(index, &bytes, is_last) {
            survey.damage = Some(damage);
            break;
        }
    }
    Ok(survey)
}

impl Survey {
    fn read_segment(&mut self, index: usize, bytes: &[u8], is_last: bool) -> Result<(), Damage> {
        let damage = |offset, lsn, reason: String| Damage { segment: index, offset, lsn, reason };
        let lsn = self.chain.next;
        let header = Header::parse(bytes).map_err(|reason| damage(0, lsn, reason))?;
        if header.name() != self.names[index] {
            return Err(damage(0, lsn, format!("it is the segment {}", header.name())));
        }
        if index == 0 {
            let Header { salt, base, previous, .. } = header;
            self.chain = Chain { salt, next: base, previous };
        }
        let Chain { salt, next, previous } = self.chain;
        if header.salt == salt && header.base > next && index > 0 {
            let reason = format!("records {next} to {} are missing or damaged", header.base - 1);
            return Err(Damage { segment: index - 1, offset: self.stopped, lsn: next, reason });
        }
        if (header.salt, header.base, header.previous) != (salt, next, previous) {
            let reason = format!("it does not go on where record {} ended", next - 1);
            return Err(damage(0, next, reason));
        }
        self.headers.push(header);
        (self.end, self.stopped) = (segment::HEADER_BYTES, segment::HEADER_BYTES);
        let (mut chain, mut edits) = (self.chain, 0);
        let mut offset = segment::HEADER_BYTES;
        for (at, record) in Records::new(bytes, &header) {
            offset = at + record.size();
            self.stopped = offset;
            chain = Chain { salt, next: record.lsn + 1, previous: record.crc };
            let is_understood = match record.kind {
                Kind::Commit => {
                    let is_whole = payload::read_commit(record.payload) == Some(edits);
                    edits = 0;
                    if is_whole {
                        self.batches += 1;
                        self.pending.push_back(record.lsn);
                    }
                    is_whole
                }
                Kind::Checkpoint => match payload::read_checkpoint(record.payload) {
                    // One that names what comes later would hide edits that are yet to be made.
                    Some(through) if through < record.lsn => {
                        self.checkpoint = self.checkpoint.max(through);
                        while self.pending.pop_front_if(|lsn| *lsn <= through).is_some() {}
                        edits == 0
                    }
                    _ => false,
                },
                Kind::Seal => edits == 0,
                _ => {
                    edits += 1;
                    payload::read_edits(&record, &mut EditBatch::new()).is_some()
                }
            };
            if !is_understood {
                let reason = "its record is whole and makes no sense".to_owned();
                return Err(damage(at, record.lsn, reason));
            }
            if edits == 0 {
                (self.chain, self.end) = (chain, offset);
            }
        }
        // Files are as long as they were made before anything in them counts.
        if (bytes.len() as u64) < header.length {
            let reason = format!("{} bytes are left of {}", bytes.len(), header.length);
            return Err(damage(offset, chain.next, reason));
        }
        let rest = &bytes[offset..];
        if is_last {
            if let Some(later) = durable_record_behind(rest, salt, chain.next) {
                let reason = format!("not what was written, though record {later} follows");
                return Err(damage(offset, chain.next, reason));
            }
            self.torn = bytes[self.end..].iter().any(|&byte| byte != 0);
        }
        Ok(())
    }
}

/// The lsn of a record somewhere in `rest` that was written when record `lsn` was on disk.
fn durable_record_behind(rest: &[u8], salt: u64, lsn: Lsn) -> Option<Lsn> {
    let is_later = |record: &Record<'_>| record.lsn >= lsn && record.durable >= lsn;
    (0..rest.len())
        .step_by(ALIGNMENT)
        // Most of what follows is zeros, and no record is.
        .filter(|&at| rest[at..].iter().take(ALIGNMENT * 2).any(|&byte| byte != 0))
        .filter_map(|at| Record::parse(&rest[at..], salt))
        .find(is_later)
        .map(|record| record.lsn)
}

/// The records of a segment, with their offsets, up to the first one that is not what it must be.
struct Records<'a> {
    bytes: &'a [u8],
    offset: usize,
    chain: Chain,
}

impl<'a> Records<'a> {
    fn new(bytes: &'a [u8], header: &Header) -> Self {
        let Header { salt, base, previous, .. } = *header;
        let chain = Chain { salt, next: base, previous };
        Self { bytes, offset: segment::HEADER_BYTES, chain }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = (usize, Record<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let record = Record::parse(self.bytes.get(self.offset..)?, self.chain.salt)?;
        if (record.lsn, record.previous) != (self.chain.next, self.chain.previous) {
            return None;
        }
        let at = self.offset;
        self.offset += record.size();
        self.chain = Chain { next: record.lsn + 1, previous: record.crc, ..self.chain };
        Some((at, record))
    }
}
