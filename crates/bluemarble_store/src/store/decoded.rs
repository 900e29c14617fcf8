//! Stored chunks that were decoded lately: those that are larger than a chunk are asked for again and
//! again, part by part.

use std::sync::{Arc, Mutex, PoisonError};

use crate::layout::ShardKey;

/// Bytes that are remembered: two chunks of 256³ cells, sixteen of 128³.
const BUDGET_BYTES: usize = 64 << 20;

/// A shard and a slot in it.
type Place = (ShardKey, usize);

/// The raw bytes of a few stored chunks, the one that was used last at the end.
#[derive(Debug, Default)]
pub(super) struct DecodedChunks(Mutex<Vec<Decoded>>);

#[derive(Debug)]
struct Decoded {
    place: Place,
    /// The generation of the shard's stripe when it was read.
    generation: u64,
    raw: Arc<Vec<u8>>,
}

impl DecodedChunks {
    /// A stored chunk, if nothing in its stripe was replaced since it was read: its stripe must be of
    /// this generation now.
    pub fn get(&self, place: Place, generation: u64) -> Option<Arc<Vec<u8>>> {
        let mut chunks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = chunks.iter().position(|chunk| chunk.place == place)?;
        let chunk = chunks.remove(known);
        if chunk.generation != generation {
            return None;
        }
        let raw = Arc::clone(&chunk.raw);
        chunks.push(chunk);
        Some(raw)
    }

    /// Remembers a stored chunk that was read at this generation, unless it was being replaced then.
    pub fn insert(&self, place: Place, generation: u64, raw: &Arc<Vec<u8>>) {
        if !generation.is_multiple_of(2) {
            return;
        }
        let mut chunks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        chunks.retain(|chunk| chunk.place != place);
        chunks.push(Decoded { place, generation, raw: Arc::clone(raw) });
        let mut bytes: usize = chunks.iter().map(|chunk| chunk.raw.len()).sum();
        while bytes > BUDGET_BYTES {
            bytes -= chunks.remove(0).raw.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use glam::IVec3;

    use super::*;

    fn place(slot: usize) -> Place {
        (ShardKey { region: 0, lod: 0, pos: IVec3::ZERO }, slot)
    }

    #[test]
    fn what_was_read_before_a_replacement_or_during_one_is_not_found() {
        let decoded = DecodedChunks::default();
        let raw = Arc::new(vec![1; 10]);
        decoded.insert(place(1), 4, &raw);
        assert_eq!(decoded.get(place(1), 4), Some(Arc::clone(&raw)));
        assert_eq!(decoded.get(place(2), 4), None);
        assert_eq!(decoded.get(place(1), 5), None);
        assert_eq!(decoded.get(place(1), 4), None, "what is old is dropped");
        decoded.insert(place(1), 5, &raw);
        assert_eq!(decoded.get(place(1), 5), None);
    }

    #[test]
    fn what_was_used_last_is_kept_within_the_budget() {
        let decoded = DecodedChunks::default();
        let raw = Arc::new(vec![0; BUDGET_BYTES / 4]);
        for slot in 0..4 {
            decoded.insert(place(slot), 0, &raw);
        }
        decoded.get(place(0), 0).expect("remembered");
        decoded.insert(place(4), 0, &raw);
        assert_eq!(decoded.get(place(1), 0), None);
        for slot in [0, 2, 3, 4] {
            assert!(decoded.get(place(slot), 0).is_some(), "{slot}");
        }
        decoded.insert(place(9), 0, &Arc::new(vec![0; BUDGET_BYTES + 1]));
        assert!(decoded.0.lock().expect("whole").is_empty());
    }
}
