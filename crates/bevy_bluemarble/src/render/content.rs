//! What a game adds to chunks, and what it is told about them.

use std::sync::Arc;

use bevy::prelude::*;
use bluemarble_core::{Chunk, ChunkKey};

use crate::streaming::ChunkBundle;

/// A game's own part of every drawn chunk: trees, spawn points, a marker for its own systems.
///
/// Any function does that looks at a chunk, on a worker, and returns a bundle or nothing:
///
/// ```
/// use bevy::prelude::*;
/// use bevy_bluemarble::{bluemarble_core::Chunk, prelude::*};
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
    /// Looks at a chunk that is about to be drawn, on a worker. The closure that it returns runs on the main thread and
    /// receives an entity at the chunk's centre, aligned with its voxels, which is shown, hidden and despawned with it.
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

/// Everything that a game adds to the chunks of a world. On the world's entity; a change streams the world anew.
#[derive(Component, Clone, Default, Reflect)]
#[reflect(opaque, Component, Default, Clone)]
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

/// What has happened to a chunk. Events of one chunk arrive in the order of its life: loaded, meshed, shown and hidden and
/// edited in turn, unloaded.
///
/// It is a message, and an event of the world's entity: read it with a `MessageReader`, or
/// `commands.entity(world).observe(..)` it.
#[derive(Message, EntityEvent, Clone, Copy, Debug, PartialEq, Eq, Reflect)]
#[reflect(Event, Message)]
pub struct ChunkEvent {
    /// The world's entity.
    #[event_target]
    pub world: Entity,
    /// The chunk.
    pub key: ChunkKey,
    /// An entity that draws it, a child of the world's; `None` if it shows nothing. Entities are used again for other
    /// chunks once theirs is unloaded.
    pub entity: Option<Entity>,
    /// What has happened.
    pub change: ChunkChange,
}

/// See [`ChunkEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Reflect)]
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
