//! Shards and their indices.

use bluemarble_store::{
    ShardKey,
    shard::{self, IndexLocation, ShardForm, ShardIndex},
};
use bytes::Bytes;
use glam::ivec3;

use super::Verdict;

/// The slots that shards of different arrays have.
pub const SLOTS: [usize; 4] = [1, 8, 64, 512];
/// Bytes in front of the shard that say what it is taken for.
pub const FORM_BYTES: usize = 3;
/// Where the shards that are built belong.
pub const KEY: ShardKey = ShardKey { region: 3, lod: 2, pos: ivec3(5, 70_000, 2) };
/// Flag: the index lies in front.
pub const AT_START: u8 = 4;
/// Flag: the index's checksum is made true.
pub const MADE_TRUE: u8 = 8;

/// Target `shard_index`: flags (two bits choose the slots), the largest chunk (u16), then a shard. What
/// is accepted survives being put together again, and the index alone says the same.
pub fn index(data: &[u8]) -> Verdict {
    let Some(([flags, low, high], bytes)) = data.split_first_chunk::<FORM_BYTES>() else {
        return Verdict::Refused;
    };
    let form = ShardForm {
        slots: SLOTS[usize::from(flags % 4)],
        max_chunk_bytes: usize::from(u16::from_le_bytes([*low, *high])),
        index_location: match flags & AT_START {
            0 => IndexLocation::End,
            _ => IndexLocation::Start,
        },
    };
    let mut bytes = bytes.to_vec();
    let Some(data_bytes) = bytes.len().checked_sub(form.index_bytes()) else {
        shard::parse(&bytes.into(), &form).expect_err("too short");
        return Verdict::Refused;
    };
    let index = match form.index_location {
        IndexLocation::Start => 0..form.index_bytes(),
        IndexLocation::End => data_bytes..bytes.len(),
    };
    if flags & MADE_TRUE != 0 {
        let entries = index.start..index.end - 4;
        let checksum = crc32c::crc32c(&bytes[entries.clone()]).to_le_bytes();
        bytes[entries.end..index.end].copy_from_slice(&checksum);
    }
    let shard = Bytes::from(bytes);
    // Whatever length the object store claims.
    for claimed in [0, 1, u64::MAX] {
        let _ = ShardIndex::parse(&shard[index.clone()], &form, claimed);
    }
    let alone = ShardIndex::parse(&shard[index], &form, shard.len() as u64);
    let Ok(chunks) = shard::parse(&shard, &form) else {
        alone.expect_err("the shard is refused");
        return Verdict::Refused;
    };
    let alone = alone.expect("the shard is accepted");
    assert_eq!(chunks.len(), form.slots);
    for (slot, chunk) in chunks.iter().enumerate() {
        let range = alone.range(slot).map(|range| range.start as usize..range.end as usize);
        assert_eq!(range.map(|range| &shard[range]), chunk.as_deref(), "slot {slot}");
        assert!(chunk.as_ref().is_none_or(|chunk| chunk.len() <= form.max_chunk_bytes));
    }
    assert!(alone.slots().eq((0..form.slots).filter(|&slot| chunks[slot].is_some())));
    let backwards: Vec<_> = (0..form.slots).rev().collect();
    let (again, stamp) = shard::build(KEY, 7, &chunks, &backwards, form.index_location);
    assert_eq!(form.head(&again).1, Some(stamp));
    assert!(shard::is_as_stamped(&again, &form));
    assert_eq!(shard::parse(&again, &form).as_ref(), Ok(&chunks), "after it was built again");
    Verdict::Accepted
}
