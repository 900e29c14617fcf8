//! World space: where entities and worlds are, on a planet with a floating origin or in a small game without one.
//!
//! | file | what it holds |
//! |---|---|
//! | `position` | [`WorldPosition`]: where entities are, in metres of world space |
//! | `frame` | [`WorldFrame`]: where voxel worlds lie, and how they are turned |
//! | `world_space` | [`WorldSpace`], `WorldPoses`: between world space and the renderer's |
//! | `viewer` | [`Viewer`]: what worlds stream around |
//! | `follows_transform` | positions that a `Transform` tells |
//! | `floating` | the floating origin of [`big_space`] |

mod floating;
mod follows_transform;
mod frame;
mod position;
mod viewer;
mod world_space;

use bevy::prelude::*;
use big_space::{
    plugin::{BigSpaceMinimalPlugins, BigSpaceSystems},
    stationary::BigSpaceStationaryPlugin,
};

pub(crate) use self::{
    follows_transform::FollowsTransform, frame::follow, world_space::WorldPoses,
};
pub use self::{
    frame::WorldFrame,
    position::{WorldPosition, WorldRoot},
    viewer::Viewer,
    world_space::WorldSpace,
};
use crate::systems::BluemarbleSystems;

/// How positions reach the renderer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Fixed if Bevy's `TransformPlugin` is there, otherwise floating.
    #[default]
    Auto,
    /// It follows the viewer: exact everywhere on a planet. `big_space` does what Bevy's `TransformPlugin` does, which
    /// must be disabled.
    Floating,
    /// It stays where it is: plain `Transform`s, for worlds of some kilometres, or without a renderer.
    Fixed,
}

/// Places entities in world space.
#[derive(Default)]
pub struct WorldSpacePlugin {
    /// How positions reach the renderer.
    pub origin: Origin,
}

/// What a game is told whose plugins are in the wrong order.
const WRONG_ORDER: &str = "voxel worlds with a floating origin need Bevy's TransformPlugin out of the way: add \
    DefaultPlugins.build().disable::<TransformPlugin>(); or, for plain Transforms, add BluemarblePlugins after \
    DefaultPlugins";

impl WorldSpacePlugin {
    fn is_floating(&self, app: &App) -> bool {
        match self.origin {
            Origin::Auto => !app.is_plugin_added::<TransformPlugin>(),
            Origin::Floating => true,
            Origin::Fixed => false,
        }
    }
}

impl Plugin for WorldSpacePlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(PostUpdate, follow.in_set(BluemarbleSystems::Place));
        if !self.is_floating(app) {
            app.add_systems(
                PostUpdate,
                (floating::read_without_origin, floating::place_without_origin)
                    .chain()
                    .in_set(BluemarbleSystems::Place)
                    .before(follow),
            );
            return;
        }
        let place = || {
            (
                floating::adopt,
                floating::read_transforms,
                floating::ensure_floating_origin,
                floating::place_entities,
            )
                .chain()
        };
        app.add_plugins((BigSpaceMinimalPlugins, BigSpaceStationaryPlugin))
            .add_systems(PreStartup, floating::spawn_root.in_set(BluemarbleSystems::Prepare))
            .add_systems(
                PostStartup,
                place()
                    .in_set(BluemarbleSystems::Place)
                    .before(BigSpaceSystems::RecenterLargeTransforms),
            )
            .add_systems(PostUpdate, place().in_set(BluemarbleSystems::Place).before(follow));
    }

    fn finish(&self, app: &mut App) {
        let has_root = app.is_plugin_added::<BigSpaceStationaryPlugin>();
        assert!(!has_root || !app.is_plugin_added::<TransformPlugin>(), "{WRONG_ORDER}");
    }
}
