//! A Bevy plugin that streams voxel worlds of planet size.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use bevy::prelude::*;
//! use bevy_bluemarble::prelude::*;
//! use bluemarble_core::MaterialTable;
//! use bluemarble_terrain::NoiseBaseline;
//! use bluemarble_world::HybridWorld;
//!
//! let materials = MaterialTable::standard();
//! let baseline = NoiseBaseline::new(0.5, 7, &materials).expect("the standard table has all it needs");
//! let world = HybridWorld::in_memory(Arc::new(baseline), materials);
//! App::new()
//!     .add_plugins(DefaultPlugins.build().disable::<TransformPlugin>())
//!     .add_plugins(BluemarblePlugins)
//!     .insert_resource(VoxelWorld(world))
//!     .add_systems(Startup, |mut commands: Commands| {
//!         commands.spawn((Camera3d::default(), Viewer::default(), WorldPosition::new(0.0, 60.0, 0.0)));
//!     })
//!     .run();
//! ```
//!
//! # One frame
//!
//! The files are the stages, in this order:
//!
//! | stage | file | what happens |
//! |---|---|---|
//! | views | [`viewer`] | every [`Viewer`](viewer::Viewer) becomes a view in world metres |
//! | edits | [`edit`] | [`EditWorld`](edit::EditWorld) messages are applied in the background; what they touched is out of date |
//! | cut | [`cut`] | which nodes are drawn, which are wanted |
//! | queue | [`queue`] | the most wanted first, few in flight, cancellable |
//! | job | [`job`], [`meshing`], [`bake`] | a worker reads, meshes and bakes a node |
//! | draw | [`streaming`] | results become entities within a budget; parents and children swap |
//! | pick | [`pick`] | rays find the drawn voxel; a `bevy_picking` backend |
//!
//! [`space`] ties world metres to the floating origin, [`material`] and [`sky`] give the look, [`content`]
//! lets games add to chunks and tells them what becomes of these, [`statistics`] says what all of it did,
//! [`diagnostics`] how the world does. [`indexing`] keeps queries fast.
//! With the feature `avian` there is `physics`, too: colliders and walking. [`ready`] tells whether an area
//! is there, [`frame`] and [`vertex`] say how meshes are written down, [`gate`] keeps workers out of the
//! frame's way.

pub mod bake;
pub mod content;
pub mod cut;
pub mod diagnostics;
pub mod edit;
pub mod frame;
pub mod gate;
pub mod indexing;
pub mod job;
pub mod material;
pub mod meshing;
#[cfg(feature = "avian")]
pub mod physics;
pub mod pick;
pub mod plugin;
pub mod queue;
pub mod ready;
pub mod sky;
pub mod space;
pub mod statistics;
pub mod streaming;
pub mod vertex;
pub mod viewer;
mod workers;

#[cfg(test)]
mod tests;

pub use plugin::{BluemarblePlugin, BluemarblePlugins, BluemarbleSystems};

/// What a game needs most.
pub mod prelude {
    pub use crate::{
        bake::Vertices,
        content::{ChunkChange, ChunkContents, ChunkEvent},
        diagnostics::WorldDiagnosticsPlugin,
        edit::{
            BrushWorld, EditApplied, EditHistory, EditRefused, EditWorld, KeepHistory, Redo,
            SaveInterval, SaveWorld, Saved, StepEdits, Undo,
        },
        indexing::{IndexPace, WorldIndex},
        material::{ChunkMaterials, LookQuality, PlanetPicture, PlanetPictureCube, Sun, SunCourse},
        meshing::Meshing,
        pick::{VoxelPick, WorldPicker},
        plugin::{BluemarblePlugin, BluemarblePlugins, BluemarbleSystems},
        ready::StreamingProgress,
        sky::{CloudsReady, Sky, SkyPlugin},
        space::{VoxelWorld, WorldPosition, WorldSpace},
        statistics::StreamingStatistics,
        streaming::StreamingSettings,
        viewer::Viewer,
    };
}
