//! What a game asks for and is told.

use bevy::prelude::*;
use bluemarble_core::{ChunkKey, EditBatch};
use bluemarble_edit::Brush;

/// Ask for voxels to change. The batch is applied as a whole or, if any of it is refused, not at all.
#[derive(Message, Clone, Debug)]
pub struct EditVoxels(pub EditBatch);

/// Ask for a brush to be used on the world as it is when its turn comes.
#[derive(Message, Clone, Copy, Debug)]
pub struct BrushVoxels(pub Brush);

/// Makes one step, for undoing, of all that is edited between the two: the strokes of one drag.
#[derive(Message, Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepEdits {
    /// The step begins with what is asked for in this frame.
    Begin,
    /// It ends with that.
    End,
}

/// Ask for the last step to be undone: see [`KeepHistory`](super::KeepHistory).
#[derive(Message, Clone, Copy, Debug, Default)]
pub struct UndoEdit;

/// Ask for the step that was undone last to be done again.
#[derive(Message, Clone, Copy, Debug, Default)]
pub struct RedoEdit;

/// A batch was applied: the world holds it, it is as durable as the world's log makes it, and it is being
/// meshed.
#[derive(Message, Clone, Debug)]
pub struct EditApplied {
    /// The number of the batch in the world's delta log; 0 without one. Batches that waited for each other
    /// are logged as one, and have one number.
    pub lsn: u64,
    /// The chunks of lod 0 that it touches.
    pub chunks: Vec<ChunkKey>,
}

/// An edit was refused: nothing of it was done.
#[derive(Message, Clone, Debug)]
pub struct EditRefused {
    /// What is wrong with it.
    pub reason: String,
}

/// The store holds every edit that was made before the save began.
#[derive(Message, Clone, Debug)]
pub struct VoxelWorldSaved {
    /// The last batch that the store holds for certain; 0 in a world without a log.
    pub lsn: u64,
    /// Chunks written.
    pub chunks: usize,
}

/// Ask for everything edited so far to be folded into the store now; [`VoxelWorldSaved`] answers.
#[derive(Message, Clone, Copy, Debug, Default)]
pub struct SaveVoxelWorld;
