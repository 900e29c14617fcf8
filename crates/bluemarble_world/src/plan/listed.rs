//! [`Listed`]: single things of many chunks, sorted by their chunk.

use bluemarble_core::ChunkKey;
use rustc_hash::FxHashMap;

/// Things that each belong to a chunk, in the order in which they came.
pub(super) struct Listed<T> {
    /// A number for each chunk.
    numbers: FxHashMap<ChunkKey, u32>,
    /// The chunks by their numbers, and how many things each has.
    counts: Vec<(ChunkKey, u32)>,
    /// Each thing and the number of its chunk.
    things: Vec<(u32, T)>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { numbers: FxHashMap::default(), counts: Vec::new(), things: Vec::new() }
    }
}

impl<T: Copy + Default> Listed<T> {
    /// How many chunks have something.
    pub fn chunks(&self) -> usize {
        self.counts.len()
    }

    pub fn push(&mut self, key: ChunkKey, thing: T) {
        let number = *self.numbers.entry(key).or_insert_with(|| {
            self.counts.push((key, 0));
            self.counts.len() as u32 - 1
        });
        self.counts[number as usize].1 += 1;
        self.things.push((number, thing));
    }

    /// Gives what each chunk has, in its order; nothing is left.
    pub fn take(&mut self, mut each: impl FnMut(ChunkKey, &mut [T])) {
        let Self { counts, things, .. } = std::mem::take(self);
        // Counting sort: where the next thing of each chunk goes.
        let mut ends = Vec::with_capacity(counts.len());
        let mut end = 0;
        for &(_, count) in &counts {
            ends.push(end);
            end += count as usize;
        }
        let mut sorted = vec![T::default(); things.len()];
        for (number, thing) in things {
            let end = &mut ends[number as usize];
            sorted[*end] = thing;
            *end += 1;
        }
        for ((key, count), end) in counts.into_iter().zip(ends) {
            each(key, &mut sorted[end - count as usize..end]);
        }
    }
}
