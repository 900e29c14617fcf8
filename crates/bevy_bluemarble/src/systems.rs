//! [`BluemarbleSystems`]: when the plugins do their work within a frame, and on what.

use bevy::{prelude::*, transform::TransformSystems};

/// The stages of a frame, in this order. Order your own systems by them.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BluemarbleSystems {
    /// Background workers make way for the frame. In [`First`].
    BeginFrame,
    /// Worlds that are new, or whose settings have changed, get what they need. In [`PreUpdate`], and once in [`PreStartup`].
    /// Entities that were spawned before a plugin was added get the components they lack just before it.
    Prepare,
    /// Materials, sky and shadows follow the settings of light and look. In [`Update`].
    Look,
    /// Entities with a position are placed, worlds get their frames, viewers become views. In [`PostUpdate`], and once in
    /// [`PostStartup`].
    Place,
    /// Edits are handed out and taken back; what follows from them is started. In [`PostUpdate`].
    Edit,
    /// Finished nodes become entities. In [`PostUpdate`].
    Receive,
    /// Every world's cut is selected and jobs are started. In [`PostUpdate`].
    Select,
    /// Entities are shown and hidden. In [`PostUpdate`], as the four stages before it: before transforms and
    /// visibility are propagated and new meshes announced. A frame that had only some of these would have a hole.
    Show,
    /// Worlds that were taken away are saved and closed, all of them when the app ends; background workers may go
    /// on. In [`Last`].
    EndFrame,
}

/// Orders the stages.
pub(crate) fn configure(app: &mut App) {
    use BluemarbleSystems::{
        BeginFrame, Edit, EndFrame, Look, Place, Prepare, Receive, Select, Show,
    };
    app.configure_sets(First, BeginFrame)
        .configure_sets(PreUpdate, Prepare)
        .configure_sets(Update, Look)
        .configure_sets(
            PostUpdate,
            (Place, Edit, Receive, Select, Show).chain().before(TransformSystems::Propagate),
        )
        .configure_sets(Last, EndFrame);
}

/// Gives every entity with one component another one, too, unless it has it. In any order: entities may be spawned
/// before a plugin is added.
pub(crate) fn require<T: Component, R: Component + Default>(app: &mut App) {
    use bevy::ecs::component::RequiredComponentsError::ArchetypeExists;
    if let Err(ArchetypeExists(_)) = app.try_register_required_components::<T, R>() {
        let add = |mut commands: Commands, lacking: Query<Entity, (With<T>, Without<R>)>| {
            for entity in &lacking {
                commands.entity(entity).try_insert(R::default());
            }
        };
        app.add_systems(PreUpdate, add.before(BluemarbleSystems::Prepare));
    }
}
