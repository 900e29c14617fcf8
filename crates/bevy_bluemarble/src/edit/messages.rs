//! What a game asks for and is told. Every message names a world by its entity, and is applied to the [`VoxelWorld`] on that
//! entity at the end of the frame. Answers name the messages that they answer: see [`EditRequest`].
//!
//! [`VoxelWorld`]: crate::world::VoxelWorld

use std::sync::Arc;

use bevy::{ecs::message::MessageId, prelude::*};
use bluemarble_core::{ChunkKey, EditBatch};
use bluemarble_edit::{Brush, EditError};

/// Asks for voxels to be changed. The batch is applied as a whole or, if any of it is refused, not at all: [`EditApplied`] or
/// [`EditRefused`] answers. Edits of one frame are applied before the undo and redo of that frame.
#[derive(Message, Clone, Debug, Reflect)]
#[reflect(Message)]
pub struct EditVoxels {
    /// The world's entity.
    pub world: Entity,
    /// The changes.
    pub batch: EditBatch,
}

/// Asks for a brush to be applied, to the world as it is when its turn comes.
#[derive(Message, Clone, Copy, Debug, Reflect)]
#[reflect(Message)]
pub struct BrushVoxels {
    /// The world's entity.
    pub world: Entity,
    /// The brush.
    pub brush: Brush,
}

/// Makes all edits between the two one step of the history, such as the strokes of one drag.
#[derive(Message, Clone, Copy, Debug, PartialEq, Eq, Reflect)]
#[reflect(Message)]
pub enum GroupEdits {
    /// The step begins with the edits that are asked for in this frame.
    Begin(Entity),
    /// The step ends with the edits that are asked for in this frame.
    End(Entity),
}

/// Asks for the last step of a world to be undone: see [`KeepHistory`](super::KeepHistory).
#[derive(Message, Clone, Copy, Debug, Reflect)]
#[reflect(Message)]
pub struct UndoEdit {
    /// The world's entity.
    pub world: Entity,
}

/// Asks for the step that was undone last to be done again.
#[derive(Message, Clone, Copy, Debug, Reflect)]
#[reflect(Message)]
pub struct RedoEdit {
    /// The world's entity.
    pub world: Entity,
}

/// A message that asked for an edit, by the id that `MessageWriter::write` returned for it:
///
/// ```
/// use bevy::prelude::*;
/// use bevy_bluemarble::prelude::*;
///
/// /// The last edit of the player, until it is answered.
/// #[derive(Resource)]
/// struct Asked(Option<EditRequest>);
///
/// fn place_block(mut edits: MessageWriter<EditVoxels>, mut asked: ResMut<Asked>, world: Single<Entity, With<VoxelWorld>>) {
///     let mut batch = EditBatch::new();
///     batch.set(VoxelPos::new(0, IVec3::ZERO), MaterialId(3));
///     asked.0 = Some(edits.write(EditVoxels { world: *world, batch }).into());
/// }
///
/// fn hear(mut applied: MessageReader<EditApplied>, mut asked: ResMut<Asked>) {
///     asked.0 = asked.0.filter(|asked| !applied.read().any(|edit| edit.requests.contains(asked)));
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Reflect)]
pub enum EditRequest {
    /// A batch.
    Voxels(MessageId<EditVoxels>),
    /// A brush.
    Brush(MessageId<BrushVoxels>),
    /// Undo.
    Undo(MessageId<UndoEdit>),
    /// Redo.
    Redo(MessageId<RedoEdit>),
}

impl From<MessageId<EditVoxels>> for EditRequest {
    fn from(id: MessageId<EditVoxels>) -> Self {
        Self::Voxels(id)
    }
}

impl From<MessageId<BrushVoxels>> for EditRequest {
    fn from(id: MessageId<BrushVoxels>) -> Self {
        Self::Brush(id)
    }
}

impl From<MessageId<UndoEdit>> for EditRequest {
    fn from(id: MessageId<UndoEdit>) -> Self {
        Self::Undo(id)
    }
}

impl From<MessageId<RedoEdit>> for EditRequest {
    fn from(id: MessageId<RedoEdit>) -> Self {
        Self::Redo(id)
    }
}

/// An edit was applied: the world holds it, it is as durable as the world's log makes it, and it is being
/// meshed. Batches that waited for each other are applied as one and have one answer; undo or redo without a step left
/// answers with no chunk.
#[derive(Message, Clone, Debug, Reflect)]
#[reflect(Message)]
pub struct EditApplied {
    /// The world's entity.
    pub world: Entity,
    /// What asked for it: one message, or the batches that were applied as one.
    pub requests: Vec<EditRequest>,
    /// The number of the batch in the world's delta log; 0 without one.
    pub lsn: u64,
    /// The chunks of lod 0 that it touches.
    pub chunks: Vec<ChunkKey>,
}

/// An edit was refused: nothing of it was done.
#[derive(Message, Clone, Debug, Reflect)]
#[reflect(from_reflect = false)]
pub struct EditRefused {
    /// The entity that was named as the world.
    pub world: Entity,
    /// What asked for it.
    pub request: EditRequest,
    /// Why.
    #[reflect(ignore)]
    pub reason: Arc<EditRefusal>,
}

/// Why an edit was refused.
#[derive(Debug, thiserror::Error)]
pub enum EditRefusal {
    /// The entity has no [`VoxelWorld`](crate::world::VoxelWorld).
    #[error("the entity has no VoxelWorld: it was despawned or never had one")]
    NoWorld,
    /// The world has no `KeepHistory`.
    #[error("the world keeps no history: insert KeepHistory on its entity to undo edits")]
    NoHistory,
    /// Code of the game, a baseline perhaps, panicked: its message.
    #[error("{0}")]
    Panicked(String),
    /// The world or the brush refused it.
    #[error(transparent)]
    Edit(#[from] EditError),
}
