//! Edits: asked for by messages, and applied in the background, frame after frame. Of one frame, steps begin first; then come
//! batches, brushes, undo and redo, each in the order in which they were written, and steps end.
//!
//! | file | what it holds |
//! |---|---|
//! | `messages` | what a game asks for and is told |
//! | `editor` | batches, brushes, undo and redo, one after the other |

mod editor;
mod messages;

use std::sync::Arc;

use bevy::{ecs::entity::EntityHashMap, prelude::*};
use bluemarble_edit::{HistoryLimits, HistoryStatistics};

use self::editor::{EditEvent, Editor, Order};
pub use self::messages::{
    BrushVoxels, EditApplied, EditRefusal, EditRefused, EditVoxels, RedoEdit, StepEdits, UndoEdit,
};
use crate::{
    systems::{BluemarbleSystems, require},
    world::{ChunksChanged, SaveInterval, VoxelWorld, WorldUpkeep},
};

/// Keeps what edits of a world have replaced, so that they can be undone. Without it nothing is kept, and an edit reads
/// nothing. Insert it on the world's entity at any time: it counts from the next edit on.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct KeepHistory(pub HistoryLimits);

/// What can be undone and redone in a world now.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct EditHistory(pub HistoryStatistics);

/// Edits of a world on their way.
#[derive(Component, Default)]
pub(crate) struct WorldEdits {
    editor: Editor,
    /// Orders that are not done.
    pending: usize,
}

/// Edits on their way of worlds that were taken away.
#[derive(Resource, Default)]
struct FinishingEdits(Vec<(Entity, WorldEdits)>);

/// Applies edits to [`VoxelWorld`]s.
pub struct VoxelEditPlugin;

impl Plugin for VoxelEditPlugin {
    fn build(&self, app: &mut App) {
        require::<VoxelWorld, WorldEdits>(app);
        require::<VoxelWorld, EditHistory>(app);
        app.init_resource::<FinishingEdits>()
            .add_message::<EditVoxels>()
            .add_message::<BrushVoxels>()
            .add_message::<StepEdits>()
            .add_message::<UndoEdit>()
            .add_message::<RedoEdit>()
            .add_message::<EditApplied>()
            .add_message::<EditRefused>()
            .add_observer(begin_anew)
            .add_systems(
                PostUpdate,
                (take_orders, follow_up)
                    .chain()
                    .in_set(BluemarbleSystems::Edit)
                    .before(crate::world::keep_up),
            );
    }
}

/// Another world begins with nothing on its way. What was on its way is finished beside it.
fn begin_anew(
    taken: On<Discard, VoxelWorld>,
    mut worlds: Query<(&mut WorldEdits, &mut EditHistory)>,
    mut finishing: ResMut<FinishingEdits>,
) {
    if let Ok((mut edits, mut history)) = worlds.get_mut(taken.entity) {
        let edits = std::mem::take(&mut *edits);
        *history = EditHistory::default();
        if edits.pending > 0 {
            finishing.0.push((taken.entity, edits));
        }
    }
}

/// Takes orders, in the order of a frame: steps begin, then batches, brushes, undo and redo; steps end.
fn take_orders(
    mut worlds: Query<(&VoxelWorld, &mut WorldEdits, &WorldUpkeep, Option<&KeepHistory>)>,
    mut batches: MessageReader<EditVoxels>,
    mut brushes: MessageReader<BrushVoxels>,
    mut steps: MessageReader<StepEdits>,
    mut undos: MessageReader<UndoEdit>,
    mut redos: MessageReader<RedoEdit>,
    mut refused: MessageWriter<EditRefused>,
) {
    let mut orders: EntityHashMap<Vec<Order>> = EntityHashMap::default();
    let mut ask = |world: Entity, order: Order| orders.entry(world).or_default().push(order);
    let steps: Vec<StepEdits> = steps.read().copied().collect();
    for step in &steps {
        if let StepEdits::Begin(world) = *step {
            ask(world, Order::Begin);
        }
    }
    for EditVoxels { world, batch } in batches.read() {
        ask(*world, Order::Apply(batch.clone()));
    }
    brushes.read().for_each(|asked| ask(asked.world, Order::Brush(asked.brush)));
    undos.read().for_each(|asked| ask(asked.world, Order::Undo));
    redos.read().for_each(|asked| ask(asked.world, Order::Redo));
    for step in &steps {
        if let StepEdits::End(world) = *step {
            ask(world, Order::End);
        }
    }
    for (entity, orders) in orders {
        match worlds.get_mut(entity) {
            Ok((world, mut edits, upkeep, history)) => {
                edits.pending += orders.len();
                let limits = history.map(|history| history.0);
                edits.editor.take(orders, &world.0, limits, upkeep.work_token());
            }
            Err(_) => {
                warn!("edit refused: {entity} has no VoxelWorld");
                let reason = Arc::new(EditRefusal::NoWorld);
                let refusal = EditRefused { world: entity, reason };
                refused.write_batch(vec![refusal; orders.len()]);
            }
        }
    }
}

/// Passes on what has become of edits.
fn follow_up(
    mut worlds: Query<(Entity, &mut WorldEdits, &mut EditHistory, &SaveInterval, &mut WorldUpkeep)>,
    mut finishing: ResMut<FinishingEdits>,
    mut applied: MessageWriter<EditApplied>,
    mut refused: MessageWriter<EditRefused>,
    mut changed: MessageWriter<ChunksChanged>,
) {
    let mut refuse = |world, reason| {
        warn!("edit refused: {reason}");
        refused.write(EditRefused { world, reason: Arc::new(reason) });
    };
    finishing.bypass_change_detection().0.retain_mut(|(world, edits)| {
        while let Some(event) = edits.editor.next_event() {
            match event {
                EditEvent::Applied { lsn, chunks } => {
                    applied.write(EditApplied { world: *world, lsn, chunks });
                }
                EditEvent::Refused(reason) => refuse(*world, reason),
                EditEvent::Done(_) => edits.pending -= 1,
            }
        }
        edits.pending > 0
    });
    for (world, mut edits, mut history, interval, mut upkeep) in &mut worlds {
        let edits = edits.bypass_change_detection();
        let upkeep = upkeep.bypass_change_detection();
        while let Some(event) = edits.editor.next_event() {
            match event {
                EditEvent::Applied { lsn, chunks } => {
                    upkeep.note_edit(*interval);
                    changed.write(ChunksChanged { world, chunks: chunks.clone(), is_edit: true });
                    applied.write(EditApplied { world, lsn, chunks });
                }
                EditEvent::Refused(reason) => refuse(world, reason),
                EditEvent::Done(now) => {
                    edits.pending -= 1;
                    history.0 = now;
                }
            }
        }
        upkeep.set_edits_on_their_way(edits.pending);
    }
}

impl WorldEdits {
    /// Whether an order is being worked on.
    #[cfg(test)]
    pub(crate) fn is_busy(&self) -> bool {
        self.editor.is_busy()
    }
}
