//! The wiring: which stage runs when.

use bevy::{
    app::PluginGroupBuilder,
    asset::AssetEventSystems,
    camera::visibility::VisibilitySystems,
    picking::PickingSystems,
    prelude::*,
    render::{RenderApp, mesh::allocator::MeshAllocatorSettings},
    transform::TransformSystems,
};
use big_space::{
    plugin::{BigSpaceMinimalPlugins, BigSpaceSystems},
    stationary::BigSpaceStationaryPlugin,
};

use crate::{
    content::{ChunkContents, ChunkEvent},
    diagnostics::WorldDiagnosticsPlugin,
    edit::{
        self, BrushVoxels, EditApplied, EditHistory, EditRefused, EditVoxels, Edits, RedoEdit,
        SaveInterval, SaveVoxelWorld, StepEdits, UndoEdit, VoxelWorldSaved,
    },
    gate::{self, FrameGate},
    indexing::{self, IndexPace, WorldIndex},
    material::{self, ChunkMaterials},
    meshing::Meshing,
    pick,
    space::{self, VoxelWorld},
    statistics::StreamingStatistics,
    streaming::{self, Streamer, StreamingSettings},
    viewer::{self, Views},
};

/// Everything a game needs to show a voxel world, floating origin included.
///
/// `big_space` does what Bevy's own transform propagation does, so that one must be switched off:
/// `DefaultPlugins.build().disable::<TransformPlugin>()`.
pub struct BluemarblePlugins;

impl PluginGroup for BluemarblePlugins {
    fn build(self) -> PluginGroupBuilder {
        PluginGroupBuilder::start::<Self>()
            .add_group(BigSpaceMinimalPlugins)
            .add(BigSpaceStationaryPlugin)
            .add(BluemarblePlugin)
            .add(crate::sky::SkyPlugin)
            .add(WorldDiagnosticsPlugin)
    }
}

/// The stages of streaming, in this order.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BluemarbleSystems {
    /// Viewers are turned into views, placed entities are placed. In [`PostUpdate`].
    Views,
    /// Edits are handed out and taken back. In [`PostUpdate`].
    Edit,
    /// Finished nodes become entities. In [`PostUpdate`].
    Receive,
    /// The cut is selected, entities are shown and hidden, jobs are started. In [`PostUpdate`], before
    /// transforms and visibility are propagated and new meshes announced: a frame that had only some of
    /// these would have a hole.
    Select,
}

/// Meshes of chunks begin with slabs of this size on the graphics card.
const MIN_SLAB_BYTES: u64 = 32 << 20;

/// Streams the world in the resource [`VoxelWorld`] around every
/// [`Viewer`](crate::viewer::Viewer).
pub struct BluemarblePlugin;

impl Plugin for BluemarblePlugin {
    fn build(&self, app: &mut App) {
        material::build(app);
        app.init_resource::<Views>()
            .init_resource::<StreamingStatistics>()
            .init_resource::<StreamingSettings>()
            .init_resource::<Meshing>()
            .init_resource::<ChunkContents>()
            .init_resource::<Edits>()
            .init_resource::<EditHistory>()
            .init_resource::<SaveInterval>()
            .init_resource::<IndexPace>()
            .init_resource::<WorldIndex>()
            .add_message::<ChunkEvent>()
            .add_message::<EditVoxels>()
            .add_message::<BrushVoxels>()
            .add_message::<StepEdits>()
            .add_message::<UndoEdit>()
            .add_message::<RedoEdit>()
            .add_message::<EditApplied>()
            .add_message::<EditRefused>()
            .add_message::<SaveVoxelWorld>()
            .add_message::<VoxelWorldSaved>()
            .configure_sets(
                PostUpdate,
                (
                    BluemarbleSystems::Views,
                    BluemarbleSystems::Edit,
                    BluemarbleSystems::Receive,
                    BluemarbleSystems::Select,
                )
                    .chain()
                    .before(TransformSystems::Propagate)
                    .before(VisibilitySystems::VisibilityPropagate)
                    .before(AssetEventSystems),
            )
            .add_systems(PreStartup, space::spawn_root)
            .add_systems(
                PostStartup,
                (viewer::ensure_floating_origin, space::place_entities)
                    .chain()
                    .before(BigSpaceSystems::RecenterLargeTransforms),
            )
            .add_systems(
                PreUpdate,
                (
                    material::create_materials.run_if(not(resource_exists::<ChunkMaterials>)),
                    streaming::start,
                )
                    .chain()
                    .run_if(resource_exists_and_changed::<VoxelWorld>)
                    .run_if(not(resource_exists::<Streamer>)),
            )
            .add_systems(PreUpdate, pick::update_hits.in_set(PickingSystems::Backend))
            .add_systems(
                PostUpdate,
                (
                    (viewer::ensure_floating_origin, space::place_entities, viewer::collect_views)
                        .chain()
                        .in_set(BluemarbleSystems::Views),
                    (edit::take_orders, edit::follow_up).chain().in_set(BluemarbleSystems::Edit),
                    streaming::receive.in_set(BluemarbleSystems::Receive),
                    (
                        (streaming::select, streaming::measure)
                            .chain()
                            .run_if(resource_exists::<Streamer>),
                        material::update_environment.run_if(resource_exists::<VoxelWorld>),
                    )
                        .chain()
                        .in_set(BluemarbleSystems::Select),
                ),
            )
            .configure_sets(
                PostUpdate,
                (BluemarbleSystems::Edit, BluemarbleSystems::Receive)
                    .run_if(resource_exists::<Streamer>),
            )
            .add_systems(First, gate::close)
            .add_systems(PreUpdate, indexing::keep_indexed.run_if(resource_exists::<Streamer>))
            .add_systems(
                Last,
                (edit::save_on_exit.run_if(resource_exists::<Streamer>), gate::open).chain(),
            )
            .add_systems(Update, viewer::warn_if_nothing_to_show);
    }

    fn finish(&self, app: &mut App) {
        app.insert_resource(FrameGate::for_this_machine());
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else { return };
        // A slab that grows is copied whole, and the frame waits.
        let mut slabs = render_app.world_mut().get_resource_or_init::<MeshAllocatorSettings>();
        slabs.min_slab_size = slabs.min_slab_size.max(MIN_SLAB_BYTES);
    }
}
