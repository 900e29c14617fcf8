//! [`Entry`]: what a manifest says of one file.

use super::key::{KEY_BYTES, Key};
use crate::{layout::ShardKey, shard::Stamp};

/// Bytes of an entry or of a child in a page, with its key.
pub(super) const RECORD_BYTES: usize = 44;

/// Flags of a record.
const STAMPED: u8 = 1;
const REMOVED: u8 = 2;

/// One version of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its length.
    pub bytes: u64,
    /// The last batch of edits that it may hold; 0 for files without edits and in worlds without a log.
    pub lsn: u64,
    /// Of a shard with a stamp, the stamp's; of one without, the hash of its index; else the hash of the file.
    pub digest: u128,
    /// Whether it is a shard with a stamp.
    pub is_stamped: bool,
}

impl Entry {
    /// A shard with a stamp.
    pub fn stamped(bytes: u64, stamp: &Stamp) -> Self {
        Self { bytes, lsn: stamp.lsn, digest: stamp.digest, is_stamped: true }
    }

    /// A file without one.
    pub fn unstamped(bytes: u64, hashed: &[u8]) -> Self {
        let digest = twox_hash::XxHash3_128::oneshot(hashed);
        Self { bytes, lsn: 0, digest, is_stamped: false }
    }

    /// Whether a file is this version: `lsn` is only said of it.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.bytes, self.digest, self.is_stamped) == (other.bytes, other.digest, other.is_stamped)
    }

    /// A name for the version.
    pub fn version(&self) -> String {
        format!("{:032x}", self.digest)
    }
}

/// A file as it is to be, or, without an entry, removed.
pub(crate) type Change = (Key, Option<Entry>);

pub(super) fn change_to_bytes(&(key, entry): &Change) -> [u8; RECORD_BYTES] {
    let mut bytes = [0; RECORD_BYTES];
    bytes[..KEY_BYTES].copy_from_slice(&key.to_bytes());
    match entry {
        None => bytes[KEY_BYTES] = REMOVED,
        Some(entry) => {
            bytes[KEY_BYTES] = if entry.is_stamped { STAMPED } else { 0 };
            bytes[12..20].copy_from_slice(&entry.bytes.to_le_bytes());
            bytes[20..28].copy_from_slice(&entry.lsn.to_le_bytes());
            bytes[28..].copy_from_slice(&entry.digest.to_le_bytes());
        }
    }
    bytes
}

pub(super) fn change_from_bytes(bytes: &[u8; RECORD_BYTES]) -> Change {
    let key = Key::from_bytes(part(bytes, 0));
    let flags = bytes[KEY_BYTES];
    let entry = Entry {
        bytes: u64::from_le_bytes(part(bytes, 12)),
        lsn: u64::from_le_bytes(part(bytes, 20)),
        digest: u128::from_le_bytes(part(bytes, 28)),
        is_stamped: flags & STAMPED != 0,
    };
    (key, (flags & REMOVED == 0).then_some(entry))
}

/// Some bytes of a record.
pub(super) fn part<const N: usize>(bytes: &[u8; RECORD_BYTES], at: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&bytes[at..at + N]);
    part
}

/// What is there instead of a shard, in words that follow its path.
pub(crate) fn difference(
    shard: ShardKey,
    expected: &Entry,
    found: &Entry,
    stamp: Option<&Stamp>,
) -> String {
    match stamp {
        Some(stamp) if stamp.shard != shard => {
            format!("it is the shard {} of this or another world", stamp.shard.path())
        }
        _ if found.bytes == 0 => "it is empty".to_owned(),
        Some(stamp) if stamp.lsn < expected.lsn => format!(
            "it is an older version, with the edits up to batch {} and not up to {}",
            stamp.lsn, expected.lsn
        ),
        None if expected.is_stamped && found.bytes == expected.bytes => {
            "it has no stamp: it is damaged, or another program has written it".to_owned()
        }
        None if expected.is_stamped => format!(
            "it has no stamp, and {} bytes, not {}: it was cut, or another program has written it",
            found.bytes, expected.bytes
        ),
        _ => "it is another version than the one that was written last".to_owned(),
    }
}
