//! [`Journal`]: how far writing has come, for who goes on after a crash.
//!
//! A record for each tile, on disk before its edits are made: making the edits of the last one again is harmless, since they
//! say what voxels become.
//!
//! ```text
//! u32  bytes of the record after the checksum
//! u32  CRC-32C of them
//! u32  the tile, counted from 0
//! u32  nodes; for each  u32 node, u32 columns, i64 before, i64 after, i64 wanted
//! u32  materials; for each  u16 material, i64 voxels that have come
//! u32  steps; for each  u8 process, u8 region, 3 x i32 base, u32 height, u16 material
//! ```

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufReader, Read, Write},
    path::{Path, PathBuf},
};

use bluemarble_core::{EditOp, MaterialId, VoxelPos};
use glam::IVec3;

use super::report::WriteReport;
use crate::{GeologyError, ground::carve::NodeTops};

/// A tile that is about to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Record {
    /// Counted from 0.
    pub tile: u32,
    pub nodes: Vec<(usize, NodeTops)>,
    /// Voxels of each material that come, less those that go.
    pub balance: Vec<(MaterialId, i64)>,
    /// What is done, and the process of each.
    pub ops: Vec<(u8, EditOp)>,
}

/// A tile that is written: what is left of its record.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Written {
    pub tile: u32,
    pub nodes: Vec<(usize, NodeTops)>,
    pub report: WriteReport,
}

/// How far a writing has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Progress {
    /// Tiles that are written.
    pub written: Vec<Written>,
    /// One that may be written, or in part, or not at all.
    pub last: Option<Record>,
}

impl Progress {
    /// The number of the next tile.
    pub fn next_tile(&self) -> usize {
        let tile = match &self.last {
            Some(record) => Some(record.tile),
            None => self.written.last().map(|written| written.tile),
        };
        tile.map_or(0, |tile| tile as usize + 1)
    }

    /// Notes that the last one is written.
    pub fn end_last(&mut self) {
        self.written.extend(self.last.take().map(Record::end));
    }
}

/// The journal of one writing.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
}

const NAME: &str = "journal.bin";

impl Journal {
    /// A new one, in the place of the last.
    ///
    /// # Errors
    /// [`GeologyError::File`].
    pub fn create(dir: &Path) -> Result<Self, GeologyError> {
        let path = dir.join(NAME);
        let create = || {
            let file = File::create(&path)?;
            file.sync_all()?;
            File::open(dir)?.sync_all()?;
            Ok(file)
        };
        let file = create().map_err(GeologyError::file(&path))?;
        Ok(Self { path, file })
    }

    /// What is in it, up to a record that a crash has torn, to be gone on with.
    ///
    /// # Errors
    /// [`GeologyError::File`].
    pub fn open(dir: &Path) -> Result<(Self, Progress), GeologyError> {
        let path = dir.join(NAME);
        let open = || {
            let mut options = File::options();
            let file = options.create(true).truncate(false).read(true).write(true).open(&path)?;
            let (mut progress, mut end) = (Progress::default(), 0);
            let mut bytes = BufReader::new(&file);
            // One record at a time: all of them may be larger than memory.
            while let Some((record, length)) = Record::read(&mut bytes)? {
                progress.end_last();
                progress.last = Some(record);
                end += length;
            }
            file.set_len(end)?;
            let file = File::options().append(true).open(&path)?;
            Ok((file, progress))
        };
        let (file, progress) = open().map_err(GeologyError::file(&path))?;
        Ok((Self { path, file }, progress))
    }

    /// Removes it: all of it is written.
    ///
    /// # Errors
    /// [`GeologyError::File`].
    pub fn remove(dir: &Path) -> Result<(), GeologyError> {
        let path = dir.join(NAME);
        fs::remove_file(&path).map_err(GeologyError::file(path))
    }

    /// Adds a record; it is on disk when this returns.
    ///
    /// # Errors
    /// [`GeologyError::File`].
    pub fn push(&mut self, record: &Record) -> Result<(), GeologyError> {
        let bytes = record.encode();
        let written = self.file.write_all(&bytes).and_then(|()| self.file.sync_data());
        written.map_err(GeologyError::file(&self.path))
    }
}

impl Record {
    fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        let mut put = |bytes: &[u8]| body.extend_from_slice(bytes);
        put(&self.tile.to_le_bytes());
        put(&(self.nodes.len() as u32).to_le_bytes());
        for (node, tops) in &self.nodes {
            put(&(*node as u32).to_le_bytes());
            put(&tops.columns.to_le_bytes());
            [tops.before_y, tops.after_y, tops.wanted_y].iter().for_each(|y| put(&y.to_le_bytes()));
        }
        put(&(self.balance.len() as u32).to_le_bytes());
        for (material, voxels) in &self.balance {
            put(&material.0.to_le_bytes());
            put(&voxels.to_le_bytes());
        }
        put(&(self.ops.len() as u32).to_le_bytes());
        for &(process, op) in &self.ops {
            // Nothing else is written.
            let EditOp::Column { base, height, material } = op else { continue };
            put(&[process, base.region]);
            base.voxel.to_array().iter().for_each(|at| put(&at.to_le_bytes()));
            put(&height.to_le_bytes());
            put(&material.0.to_le_bytes());
        }
        let mut bytes = (body.len() as u32).to_le_bytes().to_vec();
        bytes.extend(crc32c::crc32c(&body).to_le_bytes());
        bytes.extend(body);
        bytes
    }

    /// What is left of it when it is written.
    fn end(self) -> Written {
        let mut report = WriteReport { columns: self.ops.len() as u64, ..WriteReport::default() };
        let mut processes = BTreeSet::new();
        for (process, op) in &self.ops {
            processes.insert(*process);
            if let EditOp::Column { height, .. } = op {
                report.voxels += u64::from(*height);
            }
        }
        report.batches = processes.len() as u64;
        for &(material, voxels) in &self.balance {
            *report.balance.entry(material.0).or_default() += voxels;
        }
        Written { tile: self.tile, nodes: self.nodes, report }
    }

    /// The next record and how long it is, if it is whole.
    fn read(file: &mut impl Read) -> io::Result<Option<(Self, u64)>> {
        let mut head = [0; 8];
        if !fill(file, &mut head)? {
            return Ok(None);
        }
        let rest = &mut &head[..];
        let (Some(length), Some(crc)) = (take(rest), take(rest)) else { return Ok(None) };
        let (length, crc) = (u32::from_le_bytes(length), u32::from_le_bytes(crc));
        let mut body = Vec::new();
        // As much as there is: a torn length claims anything.
        file.take(length.into()).read_to_end(&mut body)?;
        if body.len() != length as usize || crc32c::crc32c(&body) != crc {
            return Ok(None);
        }
        Ok(Self::decode(&body).map(|record| (record, 8 + u64::from(length))))
    }

    fn decode(mut body: &[u8]) -> Option<Self> {
        let body = &mut body;
        let mut record = Self { tile: u32::from_le_bytes(take(body)?), ..Self::default() };
        for _ in 0..u32::from_le_bytes(take(body)?) {
            let node = u32::from_le_bytes(take(body)?) as usize;
            let columns = u32::from_le_bytes(take(body)?);
            let mut y = || Some(i64::from_le_bytes(take(body)?));
            let (before_y, after_y, wanted_y) = (y()?, y()?, y()?);
            record.nodes.push((node, NodeTops { columns, before_y, after_y, wanted_y }));
        }
        for _ in 0..u32::from_le_bytes(take(body)?) {
            let material = MaterialId(u16::from_le_bytes(take(body)?));
            record.balance.push((material, i64::from_le_bytes(take(body)?)));
        }
        for _ in 0..u32::from_le_bytes(take(body)?) {
            let [process, region] = take(body)?;
            let mut at = || Some(i32::from_le_bytes(take(body)?));
            let base = VoxelPos::new(region, IVec3::new(at()?, at()?, at()?));
            let height = u32::from_le_bytes(take(body)?);
            let material = MaterialId(u16::from_le_bytes(take(body)?));
            record.ops.push((process, EditOp::Column { base, height, material }));
        }
        body.is_empty().then_some(record)
    }
}

/// Fills a buffer; false where the file ends before.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(tile: u32) -> Record {
        let tops = NodeTops { columns: 16, before_y: -5, after_y: 7, wanted_y: i64::MAX };
        let base = VoxelPos::new(3, IVec3::new(-1, 2, 1 << 25));
        let op = EditOp::Column { base, height: 9, material: MaterialId(12) };
        let balance = vec![(MaterialId(3), -8)];
        Record { tile, nodes: vec![(4, tops); 3], balance, ops: vec![(8, op); tile as usize] }
    }

    #[test]
    fn a_journal_is_read_up_to_the_record_that_a_crash_has_torn_and_goes_on_there() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut journal = Journal::create(dir.path()).expect("made");
        let records = [record(0), record(1), record(2)];
        records.iter().for_each(|record| journal.push(record).expect("written"));
        drop(journal);
        let path = dir.path().join(NAME);
        let whole = fs::read(&path).expect("read");
        let two = [record(0), record(1)].iter().map(|record| record.encode().len()).sum::<usize>();
        for end in two..whole.len() {
            fs::write(&path, &whole[..end]).expect("written");
            let (mut journal, found) = Journal::open(dir.path()).expect("opens");
            let expected = Progress { written: vec![record(0).end()], last: Some(record(1)) };
            assert_eq!((found.next_tile(), found), (2, expected));
            journal.push(&record(2)).expect("written");
            assert_eq!(fs::read(&path).expect("read"), whole);
        }
        fs::remove_file(&path).expect("removed");
        assert_eq!(Journal::open(dir.path()).expect("opens").1, Progress::default());
    }
}
