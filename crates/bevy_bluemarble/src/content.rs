//! What a game adds to chunks, and what it is told about them.

use std::sync::Arc;

use bevy::prelude::*;
use bluemarble_core::{Chunk, ChunkKey};

/// Puts components of a game onto the entity of a chunk, on the main thread.
pub type ChunkBundle = Box<dyn FnOnce(&mut EntityCommands) + Send + Sync>;

/// A game's own part of every drawn chunk: trees, spawn points, a marker for its own systems.
///
/// Any function does that looks at a chunk, on a worker, and returns a bundle or nothing:
///
/// ```
/// use bevy::prelude::*;
/// use bevy_bluemarble::content::ChunkContents;
/// use bluemarble_core::{Chunk, ChunkKey};
///
/// #[derive(Component)]
/// struct Rocky;
///
/// let mut contents = ChunkContents::default();
/// contents.add(|key: ChunkKey, chunk: &Chunk| {
///     let is_rocky = chunk.any_material(|material| material.0 == 8);
///     (key.lod == 0 && is_rocky).then_some(Rocky)
/// });
/// ```
pub trait ChunkContent: Send + Sync + 'static {
    /// Looks at a chunk that is about to be drawn, on a worker; what it returns is called on the main
    /// thread with an entity that stands at the middle of the chunk, its axes those of the lattice there,
    /// and is shown, hidden and despawned with it.
    fn bundle(&self, key: ChunkKey, chunk: &Chunk) -> Option<ChunkBundle>;
}

impl<F, B> ChunkContent for F
where
    F: Fn(ChunkKey, &Chunk) -> Option<B> + Send + Sync + 'static,
    B: Bundle,
{
    fn bundle(&self, key: ChunkKey, chunk: &Chunk) -> Option<ChunkBundle> {
        let bundle = self(key, chunk)?;
        Some(Box::new(move |entity: &mut EntityCommands| {
            entity.insert(bundle);
        }))
    }
}

/// Everything that games add to chunks. Insert it before the world, or add to it before the first
/// viewer is there: chunks that are drawn already are not looked at again.
#[derive(Resource, Clone, Default)]
pub struct ChunkContents(Vec<Arc<dyn ChunkContent>>);

impl ChunkContents {
    /// Adds a part.
    pub fn add(&mut self, content: impl ChunkContent) -> &mut Self {
        self.0.push(Arc::new(content));
        self
    }

    /// What all of them make of a chunk.
    pub(crate) fn bundles(&self, key: ChunkKey, chunk: &Chunk) -> Vec<ChunkBundle> {
        self.0.iter().filter_map(|content| content.bundle(key, chunk)).collect()
    }
}

/// What has happened to a chunk. Of its messages those of one chunk come in the order of a life:
/// loaded, meshed, shown and hidden and edited in turn, unloaded.
#[derive(Message, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkEvent {
    /// The chunk.
    pub key: ChunkKey,
    /// What has happened.
    pub change: ChunkChange,
}

/// See [`ChunkEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChunkChange {
    /// It is in memory and can be drawn, perhaps as nothing.
    Loaded,
    /// It has a mesh, or a new one after an edit.
    Meshed,
    /// It is drawn from this frame on.
    Shown,
    /// Others are drawn in its place from this frame on.
    Hidden,
    /// Voxels of it were edited.
    Edited,
    /// It is forgotten, and its entities with it.
    Unloaded,
}
