//! A Bevy plugin that streams voxel worlds of planet size.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use bevy::prelude::*;
//! use bevy_bluemarble::prelude::*;
//!
//! fn main() -> Result {
//!     let materials = MaterialTable::standard();
//!     let hills = NoiseBaseline::new(0.5, 7, &materials)?;
//!     App::new()
//!         .add_plugins(DefaultPlugins.build().disable::<TransformPlugin>())
//!         .add_plugins(BluemarblePlugins)
//!         .insert_resource(VoxelWorld(HybridWorld::in_memory(Arc::new(hills), materials)))
//!         .add_systems(Startup, |mut commands: Commands| {
//!             commands.spawn((Camera3d::default(), Viewer::default(), WorldPosition::new(0.0, 60.0, 0.0)));
//!         })
//!         .run();
//!     Ok(())
//! }
//! ```
//!
//! # The crates below
//!
//! A game needs `bevy` and this crate only. [`prelude`] has what most games use; the whole of the crates whose types stand
//! in signatures here is there as [`bluemarble_core`] (lattice, materials, shapes, edits), [`bluemarble_terrain`]
//! (baselines), [`bluemarble_world`] (worlds, queries, rays), [`bluemarble_edit`] (brushes, undo, clipboard) and
//! [`bluemarble_mesh`] (meshers). Positions far from the origin are `big_space`'s, which is here as [`big_space`].
//!
//! # One frame
//!
//! The files are the stages, in this order:
//!
//! | stage | file | what happens |
//! |---|---|---|
//! | views | [`viewer`] | every [`Viewer`](viewer::Viewer) becomes a view in world metres |
//! | edits | [`edit`] | [`EditVoxels`](edit::EditVoxels) messages are applied in the background; what they touched is out of date |
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
pub use {
    big_space, bluemarble_core, bluemarble_edit, bluemarble_mesh, bluemarble_terrain,
    bluemarble_world,
};

/// What a game needs most.
pub mod prelude {
    pub use bluemarble_core::{
        ChunkKey, Edit, EditBatch, EditOp, GeoPosition, LatticeBox, MaterialId, MaterialTable,
    };
    pub use bluemarble_edit::{Brush, BrushAction, BrushShape};
    pub use bluemarble_terrain::{
        Baseline, EarthBaseline, EarthSources, Ground, GroundClosure, NoiseBaseline, Superflat,
        VoxelClosure, assets_dir,
    };
    pub use bluemarble_world::{HybridWorld, WorldError};

    pub use crate::{
        bake::Vertices,
        content::{ChunkChange, ChunkContents, ChunkEvent},
        diagnostics::WorldDiagnosticsPlugin,
        edit::{
            BrushVoxels, EditApplied, EditHistory, EditRefused, EditVoxels, KeepHistory, RedoEdit,
            SaveInterval, SaveVoxelWorld, StepEdits, UndoEdit, VoxelWorldSaved,
        },
        indexing::{IndexPace, WorldIndex},
        material::{
            ChunkMaterials, LookQuality, PlanetPicture, PlanetPictureCube, SunCourse, SunLight,
        },
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
