//! Listing: what is stored is found out where somebody asks for it, and not when a world is opened.

use std::sync::PoisonError;

use bluemarble_core::ChunkKey;
use bluemarble_store::{ChunkStore, ShardKey};
use futures::{TryStreamExt, stream, try_join};
use rustc_hash::FxHashSet;

use super::{
    kept::{Listed, ShardOf},
    unlisted::Lods,
    world::HybridWorld,
};
use crate::WorldError;

/// Places that are listed at once when all are.
const LISTED_AT_ONCE: usize = 16;

impl HybridWorld {
    /// Finds out whether a chunk is stored. Afterwards it is known, and so is where around it nothing is.
    ///
    /// # Errors
    /// [`WorldError::OutsideLattice`]; [`WorldError::Store`] if the manifest or an index of a shard cannot be read.
    pub async fn look_up(&self, key: ChunkKey) -> Result<(), WorldError> {
        self.check_key(key)?;
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

    /// Finds out which chunks the shard of a place has, and which places below it have any. Several may do so at once: no
    /// lock is held while anything is read, since whoever waited for it could keep its holder from going on.
    pub(super) async fn list_place(&self, place: ShardKey) -> Result<(), WorldError> {
        let Some(lods) = self.state().unlisted.lods(place) else { return Ok(()) };
        let ((listed, versions), below) =
            try_join!(self.chunks_of(place, lods), self.places_below(place, lods))?;
        // What the index is told and what the state says belong together.
        let _publishing = self.inner.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.state().unlisted.lods(place).is_some() {
            self.index_listed(&listed);
            self.state_mut().listed(place, &below, &listed);
            // Last: who sees a version must find all chunks.
            self.inner.kept.note_versions(versions);
        }
        Ok(())
    }

    /// The stored chunks of the shard of a place, which has shards of some lods, and the versions that they are of.
    async fn chunks_of(
        &self,
        place: ShardKey,
        lods: Lods,
    ) -> Result<(Vec<Listed>, Vec<(ShardOf, String)>), WorldError> {
        let (mut listed, mut versions): (Vec<Listed>, Vec<_>) = Default::default();
        if lods >> place.lod & 1 == 0 {
            return Ok((listed, versions));
        }
        for (store, is_base) in self.stores() {
            let (found, version) =
                self.inner.kept.list(&self.inner.shape, store, place, is_base).await?;
            versions.extend(version.map(|version| ((place, is_base), version)));
            // The world's own chunks hide those below.
            let own: FxHashSet<_> = listed.iter().map(|chunk| chunk.key).collect();
            listed.extend(found.into_iter().filter(|chunk| !own.contains(&chunk.key)));
        }
        Ok((listed, versions))
    }

    /// The places below one that have shards, and of which lods.
    async fn places_below(
        &self,
        place: ShardKey,
        lods: Lods,
    ) -> Result<Vec<(ShardKey, Lods)>, WorldError> {
        let mut below = Vec::new();
        for place in place.below() {
            let mut found = 0;
            for (store, _) in self.stores() {
                found |= store.lods_below(place, lods).await?;
            }
            if found != 0 {
                below.push((place, found));
            }
        }
        Ok(below)
    }

    /// The own store, and the one below.
    fn stores(&self) -> impl Iterator<Item = (&ChunkStore, bool)> {
        let base = self.inner.base.iter().map(|store| (store, true));
        self.inner.store.iter().map(|store| (store, false)).chain(base)
    }

    /// Tells the index what was kept of chunks that are about to be known as stored.
    fn index_listed(&self, listed: &[Listed]) {
        let untouched = |key| self.node_baseline(key);
        for Listed { key, summary, .. } in listed {
            // What has changed since the world was opened, the index looks at as it is now.
            if let Some(summary) = summary
                && !self.state().octree.is_edited(*key)
            {
                let mut index = self.inner.index.write().unwrap_or_else(PoisonError::into_inner);
                index.put(*key, 0, Some(summary.clone()), &untouched);
            }
        }
    }
}
