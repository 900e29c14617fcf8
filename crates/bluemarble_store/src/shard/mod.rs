//! The `sharding_indexed` format: encoded chunks in any order, and an index in front of or behind them.
//!
//! The index holds for each slot, in order y, z, x with x fastest, a u64 offset from the shard's first
//! byte and a u64 length, both little endian and both `u64::MAX` for a slot without a chunk; then the
//! CRC-32C of that. On the chunks' side of the index lies a [`Stamp`], if we have written the shard.

mod stamp;

use std::ops::Range;

use bytes::Bytes;

use thiserror::Error;

pub use stamp::{STAMP_BYTES, Stamp};

use crate::{codec::CRC_BYTES, layout::ShardKey};

/// Bytes of one index entry.
const ENTRY_BYTES: usize = 16;

/// Where the index of a shard lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexLocation {
    /// Before the chunks.
    Start,
    /// Behind the chunks: in the shards of the arrays that we make.
    End,
}

/// Why a shard or its index cannot be understood: one clause, in which the shard is "it".
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ShardError {
    /// The shard is smaller than its index.
    #[error("{bytes} bytes are too few for its index")]
    TooShort {
        /// Bytes of the shard.
        bytes: usize,
    },
    /// The index has another size.
    #[error("its index has {bytes} bytes, expected {expected}")]
    IndexSize {
        /// Bytes of the index.
        bytes: usize,
        /// [`ShardForm::index_bytes`].
        expected: usize,
    },
    /// There is no index at all.
    #[error("its index is empty")]
    NoIndex,
    /// The index is not what was written.
    #[error("the checksum of its index does not match")]
    Checksum,
    /// A slot is larger than [`ShardForm::max_chunk_bytes`].
    #[error("slot {slot} claims {bytes} bytes, more than a chunk can take")]
    ChunkTooLarge {
        /// The slot.
        slot: usize,
        /// Bytes that it claims.
        bytes: u64,
    },
    /// A slot lies in the index or behind the shard's end.
    #[error("slot {slot} points outside of the chunks")]
    OutsideChunks {
        /// The slot.
        slot: usize,
    },
}

/// What all shards of an array have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardForm {
    /// Chunks that there is room for.
    pub slots: usize,
    /// No encoded chunk is larger.
    pub max_chunk_bytes: usize,
    /// Where the index is.
    pub index_location: IndexLocation,
}

impl ShardForm {
    /// Bytes of the index.
    pub fn index_bytes(&self) -> usize {
        self.slots * ENTRY_BYTES + CRC_BYTES
    }

    /// No shard is larger.
    pub fn max_shard_bytes(&self) -> u64 {
        (self.slots * self.max_chunk_bytes + self.index_bytes() + STAMP_BYTES) as u64
    }

    /// Bytes at the index's end of a shard that hold its index, and its stamp if it has one.
    pub fn head_bytes(&self) -> usize {
        self.index_bytes() + STAMP_BYTES
    }

    /// The index and the stamp of a shard, out of its first or last [`ShardForm::head_bytes`] bytes or more. Of a shard that
    /// is too small, what there is of the index.
    pub fn head<'a>(&self, bytes: &'a [u8]) -> (&'a [u8], Option<Stamp>) {
        let most = self.index_bytes().min(bytes.len());
        let (index, stamp) = match self.index_location {
            IndexLocation::Start => {
                let (index, rest) = bytes.split_at(most);
                (index, rest.first_chunk())
            }
            IndexLocation::End => {
                let (rest, index) = bytes.split_at(bytes.len() - most);
                (index, rest.last_chunk())
            }
        };
        (index, stamp.and_then(Stamp::parse))
    }
}

/// Where the chunks of a shard lie in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardIndex {
    ranges: Vec<Option<Range<u64>>>,
}

impl ShardIndex {
    /// Parses the [`ShardForm::index_bytes`] bytes of the index of a shard of `shard_bytes` bytes.
    ///
    /// # Errors
    /// [`ShardError`] says what is wrong. Never panics.
    pub fn parse(bytes: &[u8], form: &ShardForm, shard_bytes: u64) -> Result<Self, ShardError> {
        let expected = form.index_bytes();
        if bytes.len() != expected {
            return Err(ShardError::IndexSize { bytes: bytes.len(), expected });
        }
        let Some((entries, checksum)) = bytes.split_last_chunk::<CRC_BYTES>() else {
            return Err(ShardError::NoIndex);
        };
        if crc32c::crc32c(entries) != u32::from_le_bytes(*checksum) {
            return Err(ShardError::Checksum);
        }
        let data = match form.index_location {
            IndexLocation::Start => expected as u64..shard_bytes,
            IndexLocation::End => 0..shard_bytes.saturating_sub(expected as u64),
        };
        let range = |(slot, entry): (usize, &[u8])| {
            let number = |at: usize| {
                let mut bytes = [0; 8];
                bytes.copy_from_slice(&entry[at..at + 8]);
                u64::from_le_bytes(bytes)
            };
            let (offset, length) = (number(0), number(8));
            if (offset, length) == (u64::MAX, u64::MAX) {
                return Ok(None);
            }
            if length > form.max_chunk_bytes as u64 {
                return Err(ShardError::ChunkTooLarge { slot, bytes: length });
            }
            match offset.checked_add(length) {
                Some(end) if offset >= data.start && end <= data.end => Ok(Some(offset..end)),
                _ => Err(ShardError::OutsideChunks { slot }),
            }
        };
        let entries = entries.chunks_exact(ENTRY_BYTES).enumerate();
        Ok(Self { ranges: entries.map(range).collect::<Result<_, _>>()? })
    }

    /// The bytes of a slot's chunk; `None` if there is none.
    pub fn range(&self, slot: usize) -> Option<Range<u64>> {
        self.ranges.get(slot).cloned().flatten()
    }

    /// The slots that hold a chunk.
    pub fn slots(&self) -> impl Iterator<Item = usize> + '_ {
        self.ranges.iter().enumerate().filter_map(|(slot, range)| range.as_ref().map(|_| slot))
    }

    /// Bytes of memory behind the struct.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.ranges.len() * size_of::<Option<Range<u64>>>()
    }
}

/// Takes a whole shard apart; one entry a slot.
///
/// # Errors
/// [`ShardError`] says what is wrong. Never panics.
pub fn parse(shard: &Bytes, form: &ShardForm) -> Result<Vec<Option<Bytes>>, ShardError> {
    let (index, _) = form.head(shard);
    if index.len() < form.index_bytes() {
        return Err(ShardError::TooShort { bytes: shard.len() });
    }
    let index = ShardIndex::parse(index, form, shard.len() as u64)?;
    let slice = |slot| {
        let range = index.range(slot)?;
        Some(shard.slice(range.start as usize..range.end as usize))
    };
    Ok((0..form.slots).map(slice).collect())
}

/// Whether a whole shard is what its stamp was made for; true if it has none.
pub fn is_as_stamped(shard: &[u8], form: &ShardForm) -> bool {
    let (index, Some(stamp)) = form.head(shard) else { return true };
    let chunks = match form.index_location {
        IndexLocation::Start => &shard[form.head_bytes()..],
        IndexLocation::End => &shard[..shard.len() - form.head_bytes()],
    };
    Stamp::new(stamp.shard, stamp.lsn, [chunks], index) == stamp
}

/// Puts a shard together from encoded chunks, one entry a slot; `order` lists the slots in the order in
/// which their bytes are to follow each other. `lsn` is the last batch of edits that they may hold.
pub fn build(
    shard: ShardKey,
    lsn: u64,
    chunks: &[Option<Bytes>],
    order: &[usize],
    index_location: IndexLocation,
) -> (Bytes, Stamp) {
    let index_bytes = chunks.len() * ENTRY_BYTES + CRC_BYTES;
    let data: usize = chunks.iter().flatten().map(Bytes::len).sum();
    let mut offset = match index_location {
        IndexLocation::Start => (index_bytes + STAMP_BYTES) as u64,
        IndexLocation::End => 0,
    };
    let mut index = vec![u8::MAX; chunks.len() * ENTRY_BYTES];
    let stored = || order.iter().filter_map(|&slot| Some((slot, chunks.get(slot)?.as_ref()?)));
    for (slot, chunk) in stored() {
        let entry = &mut index[slot * ENTRY_BYTES..][..ENTRY_BYTES];
        entry[..8].copy_from_slice(&offset.to_le_bytes());
        entry[8..].copy_from_slice(&(chunk.len() as u64).to_le_bytes());
        offset += chunk.len() as u64;
    }
    let checksum = crc32c::crc32c(&index);
    index.extend_from_slice(&checksum.to_le_bytes());
    let stamp = Stamp::new(shard, lsn, stored().map(|(_, chunk)| chunk.as_ref()), &index);

    let mut bytes = Vec::with_capacity(data + index_bytes + STAMP_BYTES);
    if index_location == IndexLocation::Start {
        bytes.extend_from_slice(&index);
        bytes.extend_from_slice(&stamp.to_bytes());
    }
    for (_, chunk) in stored() {
        bytes.extend_from_slice(chunk);
    }
    if index_location == IndexLocation::End {
        bytes.extend_from_slice(&stamp.to_bytes());
        bytes.extend_from_slice(&index);
    }
    (bytes.into(), stamp)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{ChunkCodec, codec::CodecChain};

    const SHARD: ShardKey = ShardKey { region: 3, lod: 2, pos: glam::ivec3(5, 70_000, 2) };

    fn form(slots: usize, index_location: IndexLocation) -> ShardForm {
        ShardForm { slots, max_chunk_bytes: 1 << 20, index_location }
    }

    fn any_location() -> impl Strategy<Value = IndexLocation> {
        prop_oneof![Just(IndexLocation::Start), Just(IndexLocation::End)]
    }

    proptest! {
        #[test]
        fn what_is_built_parses_whatever_the_order(
            chunks in prop::collection::vec(
                prop::option::of(prop::collection::vec(any::<u8>(), 0..60)), 1usize..65,
            ),
            location in any_location(),
            first: prop::sample::Index,
        ) {
            let chunks: Vec<_> = chunks.into_iter().map(|chunk| chunk.map(Bytes::from)).collect();
            let mut order: Vec<_> = (0..chunks.len()).collect();
            order.rotate_left(first.index(chunks.len()));
            let (shard, stamp) = build(SHARD, 7, &chunks, &order, location);
            let form = form(chunks.len(), location);
            prop_assert_eq!(parse(&shard, &form).expect("whole"), chunks);
            let (_, found) = form.head(&shard);
            prop_assert_eq!(found, Some(stamp));
            prop_assert!(is_as_stamped(&shard, &form));
        }

        #[test]
        fn no_bytes_make_it_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            entries in prop::collection::vec(prop_oneof![any::<u64>(), 0u64..300], 16),
            location in any_location(),
        ) {
            let form = form(8, location);
            let _ = parse(&Bytes::from(bytes), &form);
            // With a true checksum, so that the entries are looked at.
            let mut index: Vec<u8> = entries.iter().flat_map(|entry| entry.to_le_bytes()).collect();
            let checksum = crc32c::crc32c(&index);
            index.extend_from_slice(&checksum.to_le_bytes());
            let shard = match location {
                IndexLocation::Start => [index, vec![0; 50]].concat(),
                IndexLocation::End => [vec![0; 50], index].concat(),
            };
            let _ = parse(&Bytes::from(shard), &form);
        }
    }

    #[test]
    fn a_slot_that_points_into_the_index_is_refused() {
        for (location, offset) in [(IndexLocation::Start, 4u64), (IndexLocation::End, 50)] {
            let mut index = [offset.to_le_bytes(), 8u64.to_le_bytes()].concat();
            let checksum = crc32c::crc32c(&index);
            index.extend_from_slice(&checksum.to_le_bytes());
            let shard = match location {
                IndexLocation::Start => [index, vec![0; 50]].concat(),
                IndexLocation::End => [vec![0; 50], index].concat(),
            };
            let error = parse(&Bytes::from(shard), &form(1, location)).expect_err("no chunk");
            assert!(error.to_string().contains("slot 0 points outside"), "{error}");
        }
    }

    /// Every byte cut off and every bit turned: an error or the right chunks, never others.
    #[test]
    fn no_damage_goes_unnoticed() {
        let chain = CodecChain::new(ChunkCodec::Lz4);
        let mut chunks = vec![None; 8];
        for slot in [1usize, 4, 7] {
            let mut raw = vec![slot as u8; 4096];
            raw[slot * 500] = 9;
            chunks[slot] = Some(Bytes::from(chain.encode(&raw).expect("encodes")));
        }
        for location in [IndexLocation::Start, IndexLocation::End] {
            let form = form(8, location);
            let (shard, stamp) = build(SHARD, 7, &chunks, &[0, 1, 2, 3, 4, 5, 6, 7], location);
            let check = |damaged: Vec<u8>, what: String| {
                let (_, found) = form.head(&damaged);
                let is_noticed = found != Some(stamp) || !is_as_stamped(&damaged, &form);
                assert!(is_noticed, "{what} leaves the stamp true");
                let Ok(parts) = parse(&Bytes::from(damaged), &form) else { return };
                for (slot, part) in parts.into_iter().enumerate() {
                    let Some(part) = part else {
                        assert!(chunks[slot].is_none(), "{what} loses slot {slot}");
                        continue;
                    };
                    // Bytes as written decode to what was written; others must be refused.
                    if chunks[slot].as_ref() != Some(&part) {
                        assert!(chain.decode(&part, 4096).is_err(), "{what} changes slot {slot}");
                    }
                }
            };
            for end in 0..shard.len() {
                let parsed = parse(&shard.slice(..end), &form);
                assert!(parsed.is_err(), "cut at {end}");
            }
            for at in 0..shard.len() {
                for bit in 0..8 {
                    let mut damaged = shard.to_vec();
                    damaged[at] ^= 1 << bit;
                    check(damaged, format!("bit {bit} of byte {at}"));
                }
            }
        }
    }
}
