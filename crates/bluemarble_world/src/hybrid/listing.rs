//! Listing: what is stored is found out where somebody asks for it, and not when a world is opened.

use std::{hash::BuildHasher, sync::PoisonError};

use bluemarble_core::ChunkKey;
use bluemarble_store::ShardKey;
use futures::{TryStreamExt, stream};
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::{kept::Listed, pause::pause, world::HybridWorld};
use crate::WorldError;

/// Places are spread over so many locks.
const STRIPES: usize = 64;
/// Places that are listed at once when all are.
const LISTED_AT_ONCE: usize = 16;

/// Held while a place is listed: nobody does it twice.
pub(super) type ListingLocks = [futures::lock::Mutex<()>; STRIPES];

pub(super) fn new_listing_locks() -> ListingLocks {
    std::array::from_fn(|_| futures::lock::Mutex::default())
}

impl HybridWorld {
    /// Finds out whether a chunk is stored. Afterwards it is known, and so is where around it nothing is.
    pub(super) async fn look_up(&self, key: ChunkKey) -> Result<(), WorldError> {
        loop {
            let place = self.state().unlisted.place_of(key);
            match place {
                Some(place) => self.list_place(place).await?,
                None => return Ok(()),
            }
        }
    }

    /// Finds out which chunks are stored, everywhere: takes time and memory for each of them. Nothing else needs it: what
    /// is asked for is found out on the way.
    ///
    /// # Errors
    /// [`WorldError::Store`]; what was found out stays known.
    pub async fn list_all(&self) -> Result<(), WorldError> {
        loop {
            let places = self.state().unlisted.some(LISTED_AT_ONCE * 64);
            if places.is_empty() {
                return Ok(());
            }
            stream::iter(places.into_iter().map(|place| Ok(self.list_place(place))))
                .try_buffer_unordered(LISTED_AT_ONCE)
                .try_for_each(|()| async { Ok(()) })
                .await?;
        }
    }

    /// All edited chunks of all lods, on disk or not, in no fixed order: [`HybridWorld::list_all`].
    ///
    /// # Errors
    /// As [`HybridWorld::list_all`].
    pub async fn edited_unsorted(&self) -> Result<Vec<ChunkKey>, WorldError> {
        self.list_all().await?;
        Ok(self.state().octree.edited_unsorted().collect())
    }

    /// Finds out which chunks the shard of a place has, and which places below it have any.
    pub(super) async fn list_place(&self, place: ShardKey) -> Result<(), WorldError> {
        let _listing = self.inner.listing[stripe(place)].lock().await;
        let Some(lods) = self.state().unlisted.lods(place) else { return Ok(()) };
        let stores = [(&self.inner.store, false), (&self.inner.base, true)];
        let stores = stores.map(|(store, is_base)| store.as_ref().map(|store| (store, is_base)));
        let mut listed: Vec<Listed> = Vec::new();
        if lods >> place.lod & 1 == 1 {
            for &(store, is_base) in stores.iter().flatten() {
                let found = self.inner.kept.list(&self.inner.shape, store, place, is_base).await?;
                // The world's own chunks hide those below.
                let own: FxHashSet<_> = listed.iter().map(|chunk| chunk.key).collect();
                listed.extend(found.into_iter().filter(|chunk| !own.contains(&chunk.key)));
            }
        }
        let mut below = Vec::new();
        for place in place.below() {
            let mut found = 0;
            for (store, _) in stores.iter().flatten() {
                found |= store.lods_below(place, lods).await?;
            }
            if found != 0 {
                below.push((place, found));
            }
        }
        self.index_listed(&listed).await;
        self.state_mut().listed(place, &below, &listed);
        Ok(())
    }

    /// Tells the index what was kept of chunks that are about to be known as stored.
    async fn index_listed(&self, listed: &[Listed]) {
        let untouched = |key| self.node_baseline(key);
        for Listed { key, summary, .. } in listed {
            let Some(summary) = summary else { continue };
            pause().await;
            // What has changed since the world was opened, the index looks at as it is now.
            if !self.state().octree.is_edited(*key) {
                let mut index = self.inner.index.write().unwrap_or_else(PoisonError::into_inner);
                index.put(*key, 0, Some(summary.clone()), &untouched);
            }
        }
    }
}

fn stripe(place: ShardKey) -> usize {
    (FxBuildHasher.hash_one(place) >> 40) as usize % STRIPES
}
