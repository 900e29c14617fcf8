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
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use bluemarble_core::{EditOp, MaterialId, VoxelPos};
use glam::IVec3;

use crate::{GeologyError, ground::carve::NodeTops};

/// A tile that is written, or is about to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Record {
    pub tile: u32,
    pub nodes: Vec<(usize, NodeTops)>,
    /// Voxels of each material that come, less those that go.
    pub balance: Vec<(MaterialId, i64)>,
    /// What is done, and the process of each.
    pub ops: Vec<(u8, EditOp)>,
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
    pub fn open(dir: &Path) -> Result<(Self, Vec<Record>), GeologyError> {
        let path = dir.join(NAME);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(GeologyError::file(path)(error)),
        };
        let (mut records, mut rest) = (Vec::new(), &bytes[..]);
        while let Some(record) = Record::read(&mut rest) {
            records.push(record);
        }
        let open = || {
            let mut options = File::options();
            let file = options.create(true).truncate(false).write(true).open(&path)?;
            file.set_len((bytes.len() - rest.len()) as u64)?;
            drop(file);
            File::options().append(true).open(&path)
        };
        let file = open().map_err(GeologyError::file(&path))?;
        Ok((Self { path, file }, records))
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

    /// The record that some bytes begin with, if it is whole; they go on after it.
    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let mut rest = *bytes;
        let length = u32::from_le_bytes(take(&mut rest)?);
        let crc = u32::from_le_bytes(take(&mut rest)?);
        let mut body = rest.split_off(..length as usize)?;
        if crc32c::crc32c(body) != crc {
            return None;
        }
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
        *bytes = rest;
        body.is_empty().then_some(record)
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
            assert_eq!(found, records[..2]);
            journal.push(&record(2)).expect("written");
            assert_eq!(fs::read(&path).expect("read"), whole);
        }
        fs::remove_file(&path).expect("removed");
        assert_eq!(Journal::open(dir.path()).expect("opens").1, []);
    }
}
