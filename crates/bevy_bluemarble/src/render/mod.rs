//! What streaming has built is drawn: meshes, materials, sky.
//!
//! | file | what it holds |
//! |---|---|
//! | `bake`, [`vertex`] | meshed chunks become vertices, on workers |
//! | `camera_check` | a camera that would draw voxels wrongly is told of |
//! | `content` | [`ChunkContents`]: what games add to chunks, and [`ChunkEvent`]: what they are told |
//! | `draw` | built nodes become entities, and give way to each other |
//! | [`light`] | sun, moon, air, clouds and the planet's picture |
//! | [`material`] | the look of chunks |
//! | [`sky`] | what is drawn behind and over them |

mod bake;
mod baker;
mod camera_check;
mod content;
mod draw;
pub mod light;
pub mod material;
pub mod sky;
pub mod vertex;

use bevy::{
    asset::AssetEventSystems,
    camera::visibility::VisibilitySystems,
    prelude::*,
    render::{RenderApp, mesh::allocator::MeshAllocatorSettings},
};

pub(crate) use self::draw::WorldDrawings;
pub use self::{
    bake::Vertices,
    content::{ChunkChange, ChunkContent, ChunkContents, ChunkEvent},
    draw::DrawnNode,
};
use crate::{
    space::WorldRoot,
    streaming::{StreamingSteps, WorldStreaming},
    systems::{BluemarbleSystems, require},
    world::VoxelWorld,
};

/// Meshes of chunks begin with slabs of this size on the graphics card.
const MIN_SLAB_BYTES: u64 = 32 << 20;

/// Draws what is streamed, with the plugin's own materials or a game's.
pub struct VoxelRenderPlugin;

impl Plugin for VoxelRenderPlugin {
    fn build(&self, app: &mut App) {
        assert!(
            app.is_plugin_added::<AssetPlugin>(),
            "voxel worlds are drawn by Bevy's renderer: add BluemarblePlugins after DefaultPlugins"
        );
        light::build(app);
        material::build(app);
        require::<WorldRoot, Visibility>(app);
        require::<VoxelWorld, Visibility>(app);
        require::<VoxelWorld, ChunkContents>(app);
        require::<WorldStreaming, WorldDrawings>(app);
        app.init_resource::<draw::ReliefSlots>()
            .add_message::<ChunkEvent>()
            .add_observer(draw::put_all_away)
            .add_observer(baker::begin_anew)
            .configure_sets(
                PostUpdate,
                BluemarbleSystems::Show
                    .before(VisibilitySystems::VisibilityPropagate)
                    .before(AssetEventSystems),
            )
            .add_systems(
                PreUpdate,
                (
                    baker::choose_bakers
                        .after(material::create_materials)
                        .before(StreamingSteps::Start),
                    camera_check::warn_of_tonemapping,
                )
                    .in_set(BluemarbleSystems::Prepare),
            )
            .add_systems(
                PostUpdate,
                (
                    draw::receive
                        .in_set(BluemarbleSystems::Receive)
                        .in_set(StreamingSteps::TakeBuilt),
                    (draw::show, draw::measure, light::update_environments)
                        .chain()
                        .in_set(BluemarbleSystems::Show),
                ),
            )
            .add_systems(Last, draw::despawn_orphans.in_set(BluemarbleSystems::EndFrame));
    }

    fn finish(&self, app: &mut App) {
        let Some(render_app) = app.get_sub_app_mut(RenderApp) else { return };
        // A slab that grows is copied whole, and the frame waits.
        let mut slabs = render_app.world_mut().get_resource_or_init::<MeshAllocatorSettings>();
        slabs.min_slab_size = slabs.min_slab_size.max(MIN_SLAB_BYTES);
    }
}
