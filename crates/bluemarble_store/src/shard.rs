//! The `sharding_indexed` format: encoded chunks one after the other, then the index.
//!
//! The index holds for each slot, in order y, z, x with x fastest, a u64 offset and a u64 length,
//! both little endian and both `u64::MAX` for a slot without a chunk; then the CRC-32C of that.

use std::ops::Range;

use bytes::Bytes;

use crate::chunk_bytes::{self, CRC_BYTES};

/// Bytes of one index entry.
const ENTRY_BYTES: usize = 16;

/// Bytes of the index of a shard with `slots` slots.
pub fn index_bytes(slots: usize) -> usize {
    slots * ENTRY_BYTES + CRC_BYTES
}

/// No shard with `slots` slots is larger.
pub fn max_shard_bytes(slots: usize) -> u64 {
    (slots * chunk_bytes::max_encoded_bytes() + index_bytes(slots)) as u64
}

/// Where the chunks of a shard lie in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardIndex {
    ranges: Vec<Option<Range<u64>>>,
}

impl ShardIndex {
    /// Parses the last [`index_bytes`] bytes of a shard of `shard_bytes` bytes.
    ///
    /// # Errors
    /// One clause that says what is wrong. Never panics.
    pub fn parse(bytes: &[u8], slots: usize, shard_bytes: u64) -> Result<Self, String> {
        let expected = index_bytes(slots);
        if bytes.len() != expected {
            return Err(format!("its index has {} bytes, expected {expected}", bytes.len()));
        }
        let Some((entries, checksum)) = bytes.split_last_chunk::<CRC_BYTES>() else {
            return Err("its index is empty".to_owned());
        };
        if crc32c::crc32c(entries) != u32::from_le_bytes(*checksum) {
            return Err("the checksum of its index does not match".to_owned());
        }
        let data_end = shard_bytes.saturating_sub(expected as u64);
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
            if length > chunk_bytes::max_encoded_bytes() as u64 {
                return Err(format!(
                    "slot {slot} claims {length} bytes, more than a chunk can take"
                ));
            }
            match offset.checked_add(length) {
                Some(end) if end <= data_end => Ok(Some(offset..end)),
                _ => Err(format!("slot {slot} points past the end")),
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
}

/// Takes a whole shard apart; one entry a slot.
///
/// # Errors
/// One clause that says what is wrong. Never panics.
pub fn parse(shard: &Bytes, slots: usize) -> Result<Vec<Option<Bytes>>, String> {
    let Some(data_end) = shard.len().checked_sub(index_bytes(slots)) else {
        return Err(format!("{} bytes are too few for its index", shard.len()));
    };
    let index = ShardIndex::parse(&shard[data_end..], slots, shard.len() as u64)?;
    let slice = |slot| {
        let range = index.range(slot)?;
        Some(shard.slice(range.start as usize..range.end as usize))
    };
    Ok((0..slots).map(slice).collect())
}

/// Puts a shard together from encoded chunks, one entry a slot.
pub fn build(chunks: &[Option<Bytes>]) -> Bytes {
    let data: usize = chunks.iter().flatten().map(Bytes::len).sum();
    let mut shard = Vec::with_capacity(data + index_bytes(chunks.len()));
    let mut index = Vec::with_capacity(index_bytes(chunks.len()));
    for chunk in chunks {
        let (offset, length) = match chunk {
            Some(chunk) => (shard.len() as u64, chunk.len() as u64),
            None => (u64::MAX, u64::MAX),
        };
        index.extend_from_slice(&offset.to_le_bytes());
        index.extend_from_slice(&length.to_le_bytes());
        shard.extend_from_slice(chunk.as_deref().unwrap_or_default());
    }
    shard.extend_from_slice(&index);
    shard.extend_from_slice(&crc32c::crc32c(&index).to_le_bytes());
    shard.into()
}

#[cfg(test)]
mod tests {
    use bluemarble_core::{Chunk, MaterialId};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_built_parses(chunks in prop::collection::vec(
            prop::option::of(prop::collection::vec(any::<u8>(), 0..60)), 1usize..65,
        )) {
            let chunks: Vec<_> = chunks.into_iter().map(|chunk| chunk.map(Bytes::from)).collect();
            let shard = build(&chunks);
            prop_assert_eq!(parse(&shard, chunks.len()).expect("whole"), chunks);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), entries in prop::collection::vec(any::<u64>(), 16)) {
            let _ = parse(&Bytes::from(bytes), 8);
            // With a true checksum, so that the entries are looked at.
            let index: Vec<u8> = entries.iter().flat_map(|entry| entry.to_le_bytes()).collect();
            let mut shard = vec![0; 50];
            shard.extend_from_slice(&index);
            shard.extend_from_slice(&crc32c::crc32c(&index).to_le_bytes());
            let _ = parse(&Bytes::from(shard), 8);
        }
    }

    /// Every byte cut off and every bit turned: an error or the right chunks, never others.
    #[test]
    fn no_damage_goes_unnoticed() {
        let chunk = |material: u16| {
            let mut chunk = Chunk::uniform(MaterialId(material));
            chunk.set_index(usize::from(material) * 1000, MaterialId(9));
            chunk
        };
        let mut chunks = vec![None; 8];
        for slot in [1usize, 4, 7] {
            let bytes = chunk_bytes::encode(&chunk(slot as u16)).expect("complete");
            chunks[slot] = Some(Bytes::from(bytes));
        }
        let shard = build(&chunks);
        let check = |damaged: Vec<u8>, what: String| {
            let Ok(parts) = parse(&Bytes::from(damaged), 8) else { return };
            for (slot, part) in parts.into_iter().enumerate() {
                let Some(part) = part else {
                    assert!(chunks[slot].is_none(), "{what} loses slot {slot}");
                    continue;
                };
                // Bytes as written decode to what was written; others must be refused.
                if chunks[slot].as_ref() != Some(&part) {
                    assert!(chunk_bytes::decode(&part).is_err(), "{what} changes slot {slot}");
                }
            }
        };
        for end in 0..shard.len() {
            assert!(parse(&shard.slice(..end), 8).is_err(), "cut at {end}");
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
