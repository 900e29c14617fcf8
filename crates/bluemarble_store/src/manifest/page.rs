//! Pages of the tree: 44 bytes a record, sorted by key, and a checksum.

use super::{
    entry::{Change, Entry, RECORD_BYTES, change_from_bytes, change_to_bytes, part},
    key::{KEY_BYTES, Key},
};

/// Records of a full page.
pub(super) const MAX_RECORDS: usize = 512;
/// Bytes before the records.
const HEADER_BYTES: usize = 16;
const MAGIC: [u8; 4] = *b"BMpg";
/// No tree is higher: 512^8 files are more than any lattice has.
pub(super) const MAX_LEVEL: u8 = 8;

/// Where a page lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pointer {
    /// The pack.
    pub pack: u64,
    /// Bytes of the pack before it.
    pub offset: u64,
    /// Bytes of the page.
    pub bytes: u32,
    /// Its checksum: a page of another time in its place is noticed.
    pub crc32c: u32,
}

/// A page below another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Child {
    /// No key in it is smaller, but of the first child of a page.
    pub first: Key,
    /// The entries below it.
    pub entries: u64,
    pub pointer: Pointer,
}

/// What a page holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// Level 0.
    Leaf(Vec<(Key, Entry)>),
    /// A page of this level, from 1 up.
    Inner(u8, Vec<Child>),
}

impl Page {
    pub fn level(&self) -> u8 {
        match self {
            Self::Leaf(_) => 0,
            Self::Inner(level, _) => *level,
        }
    }

    pub fn first_key(&self) -> Option<Key> {
        match self {
            Self::Leaf(entries) => entries.first().map(|(key, _)| *key),
            Self::Inner(_, children) => children.first().map(|child| child.first),
        }
    }

    /// The page as bytes, and its checksum.
    pub fn to_bytes(&self) -> (Vec<u8>, u32) {
        let records: Vec<[u8; RECORD_BYTES]> = match self {
            Self::Leaf(entries) => {
                entries.iter().map(|&(key, entry)| change_to_bytes(&(key, Some(entry)))).collect()
            }
            Self::Inner(_, children) => children.iter().map(child_to_bytes).collect(),
        };
        let mut bytes = Vec::with_capacity(HEADER_BYTES + records.len() * RECORD_BYTES);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&[self.level(), 0, 0, 0]);
        bytes.extend_from_slice(&(records.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(records.as_flattened());
        let checksum = checksum(&bytes);
        bytes[12..HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
        (bytes, checksum)
    }

    /// Parses the page at the start of some bytes; gives it, its length and its checksum.
    pub fn parse(bytes: &[u8]) -> Result<(Self, usize, u32), &'static str> {
        let Some((header, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err("it is cut short");
        };
        if header[..4] != MAGIC {
            return Err("it is no page of a manifest");
        }
        let number = |at: usize| {
            let mut number = [0; 4];
            number.copy_from_slice(&header[at..at + 4]);
            u32::from_le_bytes(number)
        };
        let (level, count, expected) = (header[4], number(8) as usize, number(12));
        if count > MAX_RECORDS {
            return Err("it claims more records than a page has");
        }
        let record_bytes = count.checked_mul(RECORD_BYTES).filter(|&bytes| bytes <= rest.len());
        let Some(record_bytes) = record_bytes else { return Err("it is cut short") };
        let length = HEADER_BYTES + record_bytes;
        if checksum(&bytes[..length]) != expected {
            return Err("its checksum does not match");
        }
        let (records, _) = rest[..record_bytes].as_chunks::<RECORD_BYTES>();
        let page = match level {
            0 => {
                let entries = records.iter().map(change_from_bytes);
                let entries = entries.map(|(key, entry): Change| Some((key, entry?)));
                let entries: Vec<(Key, Entry)> =
                    entries.collect::<Option<_>>().ok_or("it holds a removed entry")?;
                if !entries.iter().all(|(key, _)| key.is_possible()) {
                    return Err("it names a file that no world has");
                }
                Self::Leaf(entries)
            }
            1..=MAX_LEVEL => Self::Inner(level, records.iter().map(child_from_bytes).collect()),
            _ => return Err("it has an impossible level"),
        };
        Ok((page, length, expected))
    }
}

/// The checksum of a page, whatever stands in its own field.
fn checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[HEADER_BYTES..])
}

fn child_to_bytes(child: &Child) -> [u8; RECORD_BYTES] {
    let mut bytes = [0; RECORD_BYTES];
    bytes[..KEY_BYTES].copy_from_slice(&child.first.to_bytes());
    bytes[12..20].copy_from_slice(&child.pointer.pack.to_le_bytes());
    bytes[20..28].copy_from_slice(&child.pointer.offset.to_le_bytes());
    bytes[28..32].copy_from_slice(&child.pointer.bytes.to_le_bytes());
    bytes[32..36].copy_from_slice(&child.pointer.crc32c.to_le_bytes());
    bytes[36..].copy_from_slice(&child.entries.to_le_bytes());
    bytes
}

fn child_from_bytes(bytes: &[u8; RECORD_BYTES]) -> Child {
    Child {
        first: Key::from_bytes(part(bytes, 0)),
        entries: u64::from_le_bytes(part(bytes, 36)),
        pointer: Pointer {
            pack: u64::from_le_bytes(part(bytes, 12)),
            offset: u64::from_le_bytes(part(bytes, 20)),
            bytes: u32::from_le_bytes(part(bytes, 28)),
            crc32c: u32::from_le_bytes(part(bytes, 32)),
        },
    }
}
