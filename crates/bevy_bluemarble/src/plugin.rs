//! [`BluemarblePlugins`] and [`BluemarbleServerPlugins`]: which plugins a game needs.

use bevy::{app::PluginGroupBuilder, prelude::*};

use crate::{
    edit::VoxelEditPlugin,
    geology::GeologyPlugin,
    space::{Origin, WorldSpacePlugin},
    world::VoxelWorldPlugin,
};
#[cfg(feature = "render")]
use crate::{
    picking::VoxelPickingPlugin,
    render::{VoxelRenderPlugin, sky::SkyPlugin},
    streaming::VoxelStreamingPlugin,
    world::WorldDiagnosticsPlugin,
};

/// Everything that shows voxel worlds and edits them. Any of the plugins can be left out, with whatever stands after it
/// and needs it: `BluemarblePlugins.build().disable::<SkyPlugin>()`. With the feature `avian` bodies collide with the
/// worlds, once avian's `PhysicsPlugins` are added.
///
/// A planet needs a floating origin. It replaces Bevy's transform propagation, so disable that:
/// `DefaultPlugins.build().disable::<TransformPlugin>()`. Where it is not disabled, positions are plain `Transform`s, which
/// suit worlds of some kilometres; add these plugins after `DefaultPlugins` then.
#[cfg(feature = "render")]
pub struct BluemarblePlugins;

#[cfg(feature = "render")]
impl PluginGroup for BluemarblePlugins {
    fn build(self) -> PluginGroupBuilder {
        let plugins = PluginGroupBuilder::start::<Self>()
            .add(VoxelWorldPlugin)
            .add(WorldSpacePlugin::default())
            .add(VoxelEditPlugin)
            .add(GeologyPlugin)
            .add(VoxelStreamingPlugin)
            .add(VoxelRenderPlugin)
            .add(SkyPlugin)
            .add(VoxelPickingPlugin)
            .add(WorldDiagnosticsPlugin);
        #[cfg(feature = "avian")]
        let plugins = plugins.add(crate::physics::VoxelPhysicsPlugin);
        plugins
    }
}

/// What a dedicated server needs beside `MinimalPlugins`: worlds are opened, edited, saved, queried and closed. No
/// renderer, no window, no assets. With the feature `avian` bodies collide with them, once avian's `PhysicsPlugins` are
/// added.
pub struct BluemarbleServerPlugins;

impl PluginGroup for BluemarbleServerPlugins {
    fn build(self) -> PluginGroupBuilder {
        let plugins = PluginGroupBuilder::start::<Self>()
            .add(VoxelWorldPlugin)
            .add(WorldSpacePlugin { origin: Origin::Fixed })
            .add(VoxelEditPlugin)
            .add(GeologyPlugin);
        #[cfg(feature = "avian")]
        let plugins = plugins.add(crate::physics::VoxelPhysicsPlugin);
        plugins
    }
}
