//! Segments: the files of a log, each with its full length from the start.
//!
//! ```text
//! offset  0  8 bytes  "bmdelta" and the version of the format
//!         8  u64      salt: the same in all segments of a log
//!        16  u64      base: the lsn of its first record
//!        24  u32      previous: the crc of the last record of the segment before
//!        28  u32      crc: CRC-32C of the header without these four bytes
//!        32  u64      length of the file
//!        40           zeros up to 64, then records, then zeros
//! ```

use std::io;

use super::{
    disk::{Disk, DiskFile},
    record::Lsn,
};

/// Bytes of a segment's header.
pub(super) const HEADER_BYTES: usize = 64;
/// What a segment begins with; the version of the format follows.
const MAGIC: [u8; 7] = *b"bmdelta";
/// The version that is written; all up to it are read.
const VERSION: u8 = 2;
/// No segment begins later, so that no lsn overflows.
const MAX_BASE: Lsn = 1 << 62;
/// How segments are called.
const SUFFIX: &str = ".log";
/// How a segment is called until it is whole.
pub(super) const UNFINISHED: &str = ".new";
/// Zeros are written this many at a time.
const ZEROS: usize = 1 << 16;

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub salt: u64,
    pub base: Lsn,
    pub previous: u32,
    pub length: u64,
}

impl Header {
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..7].copy_from_slice(&MAGIC);
        bytes[7] = VERSION;
        bytes[8..16].copy_from_slice(&self.salt.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.base.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.previous.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.length.to_le_bytes());
        let crc = checksum(&bytes);
        bytes[28..32].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// # Errors
    /// One clause that says what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let Some(header) = bytes.first_chunk::<HEADER_BYTES>() else {
            return Err(format!("{} bytes are too few for a log segment", bytes.len()));
        };
        if header[..7] != MAGIC {
            return Err("it does not begin like a log segment".to_owned());
        }
        let version = header[7];
        if !(1..=VERSION).contains(&version) {
            return Err(format!(
                "it has format version {version}, this program knows 1 to {VERSION}"
            ));
        }
        let word = |at: usize| {
            let mut bytes = [0; 4];
            bytes.copy_from_slice(&header[at..at + 4]);
            u32::from_le_bytes(bytes)
        };
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        if checksum(header) != word(28) {
            return Err("the checksum of its header does not match".to_owned());
        }
        if !(1..=MAX_BASE).contains(&long(16)) {
            return Err(format!("its first record is {}, which no log reaches", long(16)));
        }
        Ok(Self { salt: long(8), base: long(16), previous: word(24), length: long(32) })
    }

    /// What the segment is called.
    pub fn name(&self) -> String {
        format!("{:020}{SUFFIX}", self.base)
    }
}

fn checksum(header: &[u8; HEADER_BYTES]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&header[..28]), &header[32..])
}

/// Whether a file is a segment.
pub(super) fn is_segment(name: &str) -> bool {
    name.strip_suffix(SUFFIX)
        .is_some_and(|base| base.len() == 20 && base.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A segment that is written to.
#[derive(Debug)]
pub(super) struct Segment {
    pub header: Header,
    /// Where the next record goes.
    pub end: u64,
    file: Box<dyn DiskFile>,
}

impl Segment {
    /// Makes a segment with records in it already. It has its name only once it is whole and durable, so
    /// a segment with a bad header was damaged later.
    pub fn create(disk: &dyn Disk, header: Header, records: &[u8]) -> io::Result<Self> {
        let (name, unfinished) = (header.name(), format!("{}{UNFINISHED}", header.name()));
        let mut file = disk.create(&unfinished)?;
        let mut bytes = header.encode().to_vec();
        bytes.extend_from_slice(records);
        let end = bytes.len() as u64;
        file.write_at(0, &bytes)?;
        write_zeros(&mut *file, end, header.length)?;
        file.sync()?;
        disk.rename(&unfinished, &name)?;
        disk.sync_dir()?;
        Ok(Self { header, end, file })
    }

    /// Opens a segment whose records end at `end`.
    pub fn open(disk: &dyn Disk, header: Header, end: u64) -> io::Result<Self> {
        Ok(Self { header, end, file: disk.open(&header.name())? })
    }

    /// Whether `bytes` more fit.
    pub fn fits(&self, bytes: usize) -> bool {
        self.end + bytes as u64 <= self.header.length
    }

    /// Appends records; they are durable after [`Segment::sync`].
    pub fn append(&mut self, records: &[u8]) -> io::Result<()> {
        self.file.write_at(self.end, records)?;
        self.end += records.len() as u64;
        Ok(())
    }

    pub fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }

    /// Durably makes everything behind the last record zero again.
    pub fn wipe_rest(&mut self) -> io::Result<()> {
        write_zeros(&mut *self.file, self.end, self.header.length)?;
        self.sync()
    }
}

// A file that has all its blocks is written in place: a sync then waits for data only.
fn write_zeros(file: &mut dyn DiskFile, from: u64, to: u64) -> io::Result<()> {
    let zeros = [0; ZEROS];
    let mut at = from;
    while at < to {
        let count = (to - at).min(ZEROS as u64);
        file.write_at(at, &zeros[..count as usize])?;
        at += count;
    }
    Ok(())
}
