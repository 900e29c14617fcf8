//! Edits: asked for by messages, and applied in the background, frame after frame. Of one frame, groups begin first; then come
//! batches, brushes, undo and redo, each in the order in which they were written, and groups end.
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

use self::editor::{EditEvent, EditTask, Editor};
pub use self::messages::{
    BrushVoxels, EditApplied, EditRefusal, EditRefused, EditRequest, EditVoxels, GroupEdits,
    RedoEdit, UndoEdit,
};
use crate::{
    systems::{BluemarbleSystems, require},
    world::{VoxelWorld, VoxelsChanged, WorldUpkeep},
};

/// Keeps what edits of a world have replaced, so that they can be undone. Without it nothing is kept, and an edit reads
/// nothing. Insert it on the world's entity at any time: edits from then on can be undone. Lower limits forget the oldest
/// steps; removing it forgets all.
#[derive(Component, Clone, Copy, Debug, Default, Reflect)]
#[reflect(Component, Default)]
pub struct KeepHistory(pub HistoryLimits);

/// What can be undone and redone in a world now.
#[derive(Component, Clone, Copy, Debug, Default, Reflect)]
#[reflect(Component, Default)]
pub struct EditHistory(pub HistoryStatistics);

/// Edits of a world that are not applied yet.
#[derive(Component, Default)]
pub(crate) struct WorldEdits {
    editor: Editor,
    /// Tasks that are not done.
    pending: usize,
}

/// Edits that are not applied yet, of worlds that were taken away.
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
            .add_message::<GroupEdits>()
            .add_message::<UndoEdit>()
            .add_message::<RedoEdit>()
            .add_message::<EditApplied>()
            .add_message::<EditRefused>()
            .add_observer(start_over)
            .add_systems(
                PostUpdate,
                (dispatch, report)
                    .chain()
                    .in_set(BluemarbleSystems::Edit)
                    .before(crate::world::keep_up),
            );
    }
}

/// Another world begins with nothing on its way. What was on its way is finished beside it.
fn start_over(
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

/// Hands tasks to the editors of their worlds, in the order of a frame: groups begin, then batches, brushes, undo and redo; groups end.
fn dispatch(
    mut worlds: Query<(&VoxelWorld, &mut WorldEdits, &WorldUpkeep, Option<&KeepHistory>)>,
    mut batches: MessageReader<EditVoxels>,
    mut brushes: MessageReader<BrushVoxels>,
    mut groups: MessageReader<GroupEdits>,
    mut undos: MessageReader<UndoEdit>,
    mut redos: MessageReader<RedoEdit>,
    mut refused: MessageWriter<EditRefused>,
    (changed_limits, mut removed_limits): (
        Query<Entity, (With<WorldEdits>, Changed<KeepHistory>)>,
        RemovedComponents<KeepHistory>,
    ),
) {
    let mut tasks: EntityHashMap<Vec<EditTask>> = EntityHashMap::default();
    let mut ask = |world: Entity, task: EditTask| tasks.entry(world).or_default().push(task);
    let removed = removed_limits.read().filter(|&world| worlds.contains(world));
    changed_limits.iter().chain(removed).for_each(|world| ask(world, EditTask::FollowLimits));
    let groups: Vec<GroupEdits> = groups.read().copied().collect();
    for group in &groups {
        if let GroupEdits::Begin(world) = *group {
            ask(world, EditTask::BeginGroup);
        }
    }
    for (EditVoxels { world, batch }, id) in batches.read_with_id() {
        ask(*world, EditTask::Apply(id, batch.clone()));
    }
    for (BrushVoxels { world, brush }, id) in brushes.read_with_id() {
        ask(*world, EditTask::Brush(id, *brush));
    }
    undos.read_with_id().for_each(|(asked, id)| ask(asked.world, EditTask::Undo(id)));
    redos.read_with_id().for_each(|(asked, id)| ask(asked.world, EditTask::Redo(id)));
    for group in &groups {
        if let GroupEdits::End(world) = *group {
            ask(world, EditTask::EndGroup);
        }
    }
    for (entity, tasks) in tasks {
        match worlds.get_mut(entity) {
            Ok((world, mut edits, upkeep, history)) => {
                edits.pending += tasks.len();
                let limits = history.map(|history| history.0);
                edits.editor.take(tasks, &world.0, limits, upkeep.work_token());
            }
            Err(_) => {
                warn!("edit refused: {entity} has no VoxelWorld");
                let reason = Arc::new(EditRefusal::NoWorld);
                refused.write_batch(
                    tasks.iter().filter_map(EditTask::request).map(|request| EditRefused {
                        world: entity,
                        request,
                        reason: reason.clone(),
                    }),
                );
            }
        }
    }
}

/// Sends the answers to edits.
fn report(
    mut worlds: Query<(Entity, &mut WorldEdits, &mut EditHistory, &mut WorldUpkeep)>,
    mut finishing: ResMut<FinishingEdits>,
    mut applied: MessageWriter<EditApplied>,
    mut refused: MessageWriter<EditRefused>,
    mut changed: MessageWriter<VoxelsChanged>,
) {
    let mut refuse = |world, request, reason| {
        warn!("edit refused: {reason}");
        refused.write(EditRefused { world, request, reason: Arc::new(reason) });
    };
    finishing.bypass_change_detection().0.retain_mut(|(world, edits)| {
        while let Some(event) = edits.editor.next_event() {
            match event {
                EditEvent::Applied { requests, lsn, chunks } => {
                    applied.write(EditApplied { world: *world, requests, lsn, chunks });
                }
                EditEvent::Refused(request, reason) => refuse(*world, request, reason),
                EditEvent::Done(count, _) => edits.pending -= count,
            }
        }
        edits.pending > 0
    });
    for (world, mut edits, mut history, mut upkeep) in &mut worlds {
        let edits = edits.bypass_change_detection();
        let upkeep = upkeep.bypass_change_detection();
        while let Some(event) = edits.editor.next_event() {
            match event {
                EditEvent::Applied { requests, lsn, chunks } => {
                    upkeep.note_edit();
                    changed.write(VoxelsChanged { world, chunks: chunks.clone(), is_edit: true });
                    applied.write(EditApplied { world, requests, lsn, chunks });
                }
                EditEvent::Refused(request, reason) => refuse(world, request, reason),
                EditEvent::Done(count, now) => {
                    edits.pending -= count;
                    history.0 = now;
                }
            }
        }
        upkeep.set_edits_in_flight(edits.pending);
    }
}

impl WorldEdits {
    /// Whether a task is being worked on.
    #[cfg(test)]
    pub(crate) fn is_busy(&self) -> bool {
        self.editor.is_busy()
    }
}
