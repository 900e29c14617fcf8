//! Streaming: which nodes of every world are wanted, in which order, and what has become of them.
//!
//! Nothing here knows about entities, materials or the graphics card. A `NodeBaker` makes of meshed chunks what is
//! drawn; the renderer takes the finished nodes and the `Swap` of each frame.
//!
//! | file | what it holds |
//! |---|---|
//! | `views` | [`Viewer`]s become views in world metres |
//! | `cut` | which nodes are drawn, which are wanted |
//! | `queue` | the most wanted first, few in flight, cancellable |
//! | `jobs` | the jobs of all worlds, and the workers that do them |
//! | `build` | one job: read, mesh, bake |
//! | `streamer` | [`WorldStreaming`]: the state of one world, and what is kept of its nodes |
//! | `select` | the cut of each world is selected, jobs are started |
//! | `budget`, `settings` | what streaming may cost, a frame and altogether |
//! | `statistics`, `measure`, `progress` | what streaming has done, and whether an area is there |

mod budget;
mod build;
mod cut;
mod jobs;
mod measure;
mod progress;
mod queue;
mod select;
mod settings;
mod statistics;
mod streamer;
mod views;

use bevy::prelude::*;

pub(crate) use self::{
    budget::FrameBudget,
    build::{BakedNode, BuiltNode, MeshedNode, NodeBaker, NodeBaking, Pass},
    streamer::Swap,
    views::Views,
};
use self::{build::Builder, jobs::JobBoard};
pub use self::{
    build::ChunkBundle,
    cut::{AreaProgress, PerLod},
    progress::StreamingProgress,
    settings::StreamingSettings,
    statistics::StreamingStatistics,
    streamer::WorldStreaming,
};
use crate::{
    gate::FrameGate,
    meshing::{ChunkMeshing, Meshing},
    space::{self, Viewer},
    systems::{BluemarbleSystems, require},
    world::{VoxelWorld, WorldUpkeep},
};

/// Streams every [`VoxelWorld`] around every [`Viewer`].
pub struct VoxelStreamingPlugin;

impl Plugin for VoxelStreamingPlugin {
    fn build(&self, app: &mut App) {
        require::<VoxelWorld, Meshing>(app);
        require::<VoxelWorld, StreamingStatistics>(app);
        require::<Viewer, views::Motion>(app);
        app.init_resource::<JobBoard>()
            .init_resource::<FrameBudget>()
            .init_resource::<StreamingSettings>()
            .init_resource::<Views>()
            .add_observer(stop)
            .add_observer(stop_without_baker)
            .add_systems(
                PreUpdate,
                start.in_set(BluemarbleSystems::Prepare).in_set(StreamingSteps::Start),
            )
            .add_systems(
                PostUpdate,
                (
                    views::collect_views.in_set(BluemarbleSystems::Place).after(space::follow),
                    (budget::begin, streamer::follow_changes)
                        .in_set(BluemarbleSystems::Receive)
                        .before(StreamingSteps::TakeBuilt),
                    (select::select, measure::measure).chain().in_set(BluemarbleSystems::Select),
                ),
            )
            .add_systems(
                PreUpdate,
                views::warn_if_nothing_to_show.in_set(BluemarbleSystems::Prepare),
            );
    }
}

/// Where the renderer joins in.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum StreamingSteps {
    /// Worlds that have a baker begin to be streamed, in [`BluemarbleSystems::Prepare`].
    Start,
    /// Finished nodes are taken, in [`BluemarbleSystems::Receive`].
    TakeBuilt,
}

/// A world that is taken away is not streamed any more.
fn stop(
    taken: On<Discard, VoxelWorld>,
    mut commands: Commands,
    mut worlds: Query<&mut StreamingStatistics>,
) {
    commands.entity(taken.entity).try_remove::<WorldStreaming>();
    if let Ok(mut statistics) = worlds.get_mut(taken.entity) {
        *statistics = StreamingStatistics::default();
    }
}

/// Nodes that nothing bakes are not streamed.
fn stop_without_baker(taken: On<Remove, NodeBaking>, mut commands: Commands) {
    commands.entity(taken.entity).try_remove::<WorldStreaming>();
}

/// Starts to stream worlds that are new, and streams those anew that are baked or meshed in another way.
fn start(
    mut commands: Commands,
    worlds: Query<
        (Entity, &VoxelWorld, &WorldUpkeep, &Meshing, &NodeBaking),
        Or<(Without<WorldStreaming>, Changed<NodeBaking>, Changed<Meshing>)>,
    >,
    board: Res<JobBoard>,
    gate: Res<FrameGate>,
) {
    for (entity, world, upkeep, meshing, baking) in &worlds {
        let builder = Builder {
            meshing: ChunkMeshing::new(&world.0, meshing),
            ambient_occlusion: meshing.ambient_occlusion,
            baker: baking.0.clone(),
            gate: gate.clone(),
            _user: upkeep.user_token(),
        };
        let streaming = WorldStreaming::new(builder, world.0.shape(), board.clone());
        let started = world.0.clone();
        commands.queue(move |ecs: &mut World| {
            let Ok(mut entity) = ecs.get_entity_mut(entity) else { return };
            // Commands before this one may have replaced it.
            if entity.get::<VoxelWorld>().is_some_and(|world| world.0.is_same(&started)) {
                // Whatever draws the old one is to know that it is gone.
                entity.remove::<WorldStreaming>().insert(streaming);
            }
        });
    }
}
