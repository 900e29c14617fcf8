//! One record: a header that says what it is and proves it, and a payload.
//!
//! ```text
//! offset  0  u32  length: bytes of the payload
//!         4  u32  crc: CRC-32C of the log's salt and of all other bytes of the record
//!         8  u32  previous: the crc of the record before
//!        12  u8   kind, and three bytes of zero
//!        16  u64  lsn: one more than the record before
//!        24  u64  durable: the last lsn that was known to be on disk when this was written
//!        32       payload, then zeros up to a multiple of 8
//! ```
//!
//! All numbers are little endian. A record proves itself, so that one behind a damaged one is still
//! known for what it is; `previous` proves that none between two records is missing.

/// Bytes of a record's header.
pub(super) const HEADER_BYTES: usize = 32;
/// Records begin at multiples of this.
pub(super) const ALIGNMENT: usize = 8;
/// No payload is larger.
pub(super) const MAX_PAYLOAD_BYTES: usize = 1 << 16;

/// Names one record; every record has its own, one more than the one before.
pub type Lsn = u64;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// Voxels of one region, each by its position.
    Voxels = 1,
    /// A box.
    Box = 2,
    /// A sphere.
    Sphere = 3,
    /// Ends a batch: every record since the last commit belongs to it.
    Commit = 4,
    /// The store holds everything up to an lsn.
    Checkpoint = 5,
    /// Nothing. What lies before it is durable, and its own `durable` says so.
    Seal = 6,
    /// Voxels of one region, each by its cell in its chunk.
    Cells = 7,
    /// Columns of voxels of one region, each by its lowest cell in its chunk.
    Columns = 8,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        use Kind::*;
        [Voxels, Box, Sphere, Commit, Checkpoint, Seal, Cells, Columns]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// A record as it lies in a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    pub kind: Kind,
    pub lsn: Lsn,
    pub durable: Lsn,
    pub previous: u32,
    pub crc: u32,
    pub payload: &'a [u8],
}

impl<'a> Record<'a> {
    /// The record at the start of some bytes, if there is one: nothing else passes its checksum.
    pub fn parse(bytes: &'a [u8], salt: u64) -> Option<Self> {
        let header = bytes.first_chunk::<HEADER_BYTES>()?;
        let word = |at: usize| {
            u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
        let length = word(0) as usize;
        if length > MAX_PAYLOAD_BYTES || header[13..16] != [0; 3] {
            return None;
        }
        let (record, _) = bytes.split_at_checked(padded(length))?;
        let (kind, crc) = (Kind::of(header[12])?, word(4));
        if checksum(record, salt) != crc {
            return None;
        }
        let payload = &record[HEADER_BYTES..HEADER_BYTES + length];
        Some(Self { kind, lsn: long(16), durable: long(24), previous: word(8), crc, payload })
    }

    /// Bytes that the record takes in a segment.
    pub fn size(&self) -> usize {
        padded(self.payload.len())
    }
}

/// Bytes of a record with a payload of `length` bytes.
pub(super) fn padded(length: usize) -> usize {
    (HEADER_BYTES + length).next_multiple_of(ALIGNMENT)
}

fn checksum(record: &[u8], salt: u64) -> u32 {
    let crc = crc32c::crc32c(&salt.to_le_bytes());
    let crc = crc32c::crc32c_append(crc, &record[..4]);
    crc32c::crc32c_append(crc, &record[8..])
}

/// Writes records one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    /// Mixed into every checksum, so that records of another log are none of this one.
    pub salt: u64,
    /// The lsn of the next record.
    pub next: Lsn,
    /// The crc of the last record.
    pub previous: u32,
}

impl Chain {
    /// Appends a record to `out` and returns its lsn. The payload must not be larger than
    /// [`MAX_PAYLOAD_BYTES`].
    pub fn push(&mut self, out: &mut Vec<u8>, kind: Kind, durable: Lsn, payload: &[u8]) -> Lsn {
        debug_assert!(payload.len() <= MAX_PAYLOAD_BYTES);
        let (start, lsn) = (out.len(), self.next);
        out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.previous.to_le_bytes());
        out.extend_from_slice(&[kind as u8, 0, 0, 0]);
        out.extend_from_slice(&lsn.to_le_bytes());
        out.extend_from_slice(&durable.to_le_bytes());
        out.extend_from_slice(payload);
        out.resize(start + padded(payload.len()), 0);
        let crc = checksum(&out[start..], self.salt);
        out[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
        self.previous = crc;
        self.next += 1;
        lsn
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn records_come_back_and_only_under_their_salt(
            salt: u64, next in 1u64..1 << 60, previous: u32, durable: u64,
            payload in prop::collection::vec(any::<u8>(), 0..300), other: u64,
        ) {
            let mut bytes = Vec::new();
            let mut chain = Chain { salt, next, previous };
            let lsn = chain.push(&mut bytes, Kind::Voxels, durable, &payload);
            let record = Record::parse(&bytes, salt).expect("whole");
            prop_assert_eq!((record.kind, record.lsn, record.durable), (Kind::Voxels, lsn, durable));
            prop_assert_eq!((record.previous, record.crc), (previous, chain.previous));
            prop_assert_eq!(record.payload, &payload[..]);
            prop_assert_eq!((record.size(), chain.next), (bytes.len(), next + 1));
            prop_assume!(other != salt);
            prop_assert!(Record::parse(&bytes, other).is_none());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), length in 0u32..300) {
            let _ = Record::parse(&bytes, 0);
            let mut bytes = bytes;
            if bytes.len() >= 4 {
                bytes[..4].copy_from_slice(&length.to_le_bytes());
            }
            let _ = Record::parse(&bytes, 0);
        }
    }

    #[test]
    fn no_bit_can_turn_unnoticed() {
        let mut bytes = Vec::new();
        Chain { salt: 7, next: 5, previous: 9 }.push(&mut bytes, Kind::Box, 4, b"a box of stone");
        for at in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[at / 8] ^= 1 << (at % 8);
            assert!(Record::parse(&damaged, 7).is_none(), "bit {at}");
        }
    }
}
