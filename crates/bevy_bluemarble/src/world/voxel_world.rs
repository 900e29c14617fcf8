//! [`VoxelWorld`]: a world of voxels is a component.

use bevy::prelude::*;
use bluemarble_core::ChunkKey;
use bluemarble_world::HybridWorld;

use crate::space::WorldFrame;

/// A world of voxels. Spawn one, or several: a planet, its moon, a ship.
///
/// Where the world lies is told by its [`WorldPosition`](crate::space::WorldPosition) and the rotation of its `Transform`, or by its `Transform`
/// alone; it may move and turn. What is special about it is told by other components of the same entity:
/// [`SaveDelay`](super::SaveDelay), [`IndexPace`](super::IndexPace) and whatever the other plugins know.
///
/// The clone in here is for reading. Edit with [`EditVoxels`](crate::edit::EditVoxels) and its like: what is edited through
/// [`HybridWorld::edit`] is neither drawn nor collided with before its chunks are loaded anew.
///
/// Insert another one to replace it, remove it or despawn the entity to close it: edits on their way are finished
/// and saved in the background, then [`VoxelWorldClosed`](super::VoxelWorldClosed) is sent.
#[derive(Component, Clone, Debug, Reflect)]
#[reflect(opaque, Component, Clone, Debug)]
#[component(immutable)]
#[require(Transform, WorldFrame)]
pub struct VoxelWorld(pub HybridWorld);

/// Chunks hold other voxels than before: they were edited, or brought up to date after an edit of finer ones.
#[derive(Message, Clone, Debug, Reflect)]
#[reflect(Message)]
pub struct VoxelsChanged {
    /// The world's entity.
    pub world: Entity,
    /// The chunks, of any lod.
    pub chunks: Vec<ChunkKey>,
    /// Whether they were edited themselves.
    pub is_edit: bool,
}
