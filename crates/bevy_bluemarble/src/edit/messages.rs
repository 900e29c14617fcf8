//! What a game asks for and is told. Every message names a world by its entity, and is applied to the [`VoxelWorld`] on that
//! entity at the end of the frame.
//!
//! [`VoxelWorld`]: crate::world::VoxelWorld

use std::sync::Arc;

use bevy::prelude::*;
use bluemarble_core::{ChunkKey, EditBatch};
use bluemarble_edit::{Brush, EditError};

/// Ask for voxels to change. The batch is applied as a whole or, if any of it is refused, not at all: [`EditApplied`] or
/// [`EditRefused`] answers. Edits of one frame are applied before the undo and redo of that frame.
#[derive(Message, Clone, Debug, Reflect)]
pub struct EditVoxels {
    /// The world's entity.
    pub world: Entity,
    /// What is to change.
    pub batch: EditBatch,
}

/// Ask for a brush to be used on the world as it is when its turn comes.
#[derive(Message, Clone, Copy, Debug)]
pub struct BrushVoxels {
    /// The world's entity.
    pub world: Entity,
    /// The brush.
    pub brush: Brush,
}

/// Groups all edits between the two into one step for undo, as the strokes of one drag.
#[derive(Message, Clone, Copy, Debug, PartialEq, Eq, Reflect)]
pub enum StepEdits {
    /// The step of a world begins with what is asked for in this frame.
    Begin(Entity),
    /// It ends with that.
    End(Entity),
}

/// Ask for the last step in a world to be undone: see [`KeepHistory`](super::KeepHistory).
#[derive(Message, Clone, Copy, Debug, Reflect)]
pub struct UndoEdit {
    /// The world's entity.
    pub world: Entity,
}

/// Ask for the step that was undone last in a world to be done again.
#[derive(Message, Clone, Copy, Debug, Reflect)]
pub struct RedoEdit {
    /// The world's entity.
    pub world: Entity,
}

/// An edit was applied: the world holds it, it is as durable as the world's log makes it, and it is being
/// meshed. Batches that waited for each other are applied as one and have one answer; undo or redo without a step left
/// answers with no chunk.
#[derive(Message, Clone, Debug, Reflect)]
pub struct EditApplied {
    /// The world's entity.
    pub world: Entity,
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
    /// What is wrong with it.
    #[reflect(ignore)]
    pub reason: Arc<EditRefusal>,
}

/// Why an edit was refused.
#[derive(Debug, thiserror::Error)]
pub enum EditRefusal {
    /// There is no world.
    #[error("the entity has no VoxelWorld: it was despawned or never had one")]
    NoWorld,
    /// The world has no `KeepHistory`.
    #[error("the world keeps no history: insert KeepHistory on its entity to undo edits")]
    NoHistory,
    /// Code of the game, a baseline perhaps, panicked: its message.
    #[error("{0}")]
    Panicked(String),
    /// What the world said.
    #[error(transparent)]
    Edit(#[from] EditError),
}
