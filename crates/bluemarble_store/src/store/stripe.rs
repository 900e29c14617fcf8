//! Generations of shards.

use std::{
    hash::BuildHasher,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::layout::ShardKey;

/// Shards are spread over this many generations.
const STRIPES: usize = 64;

/// All stripes of a store.
#[derive(Debug)]
pub(super) struct Stripes(Vec<Stripe>);

impl Default for Stripes {
    fn default() -> Self {
        Self((0..STRIPES).map(|_| Stripe::default()).collect())
    }
}

impl Stripes {
    /// The stripe that a shard belongs to.
    pub fn of(&self, shard: ShardKey) -> &Stripe {
        let hash = rustc_hash::FxBuildHasher.hash_one(shard);
        &self.0[(hash >> 40) as usize % STRIPES]
    }
}

/// A group of shards.
#[derive(Debug, Default)]
pub(super) struct Stripe {
    /// Odd while a shard is being replaced: what was read of it meanwhile may be torn in two.
    pub generation: AtomicU64,
}

/// Marks a stripe as being written for as long as it lives, even if the write is dropped half-way.
pub(super) struct Replacing<'a>(&'a AtomicU64);

impl<'a> Replacing<'a> {
    pub fn new(generation: &'a AtomicU64) -> Self {
        generation.fetch_add(1, Ordering::AcqRel);
        Self(generation)
    }
}

impl Drop for Replacing<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}
