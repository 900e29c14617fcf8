//! A Bevy plugin that streams voxel worlds of planet size.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use bevy::{core_pipeline::tonemapping::Tonemapping, prelude::*};
//! use bevy_bluemarble::prelude::*;
//!
//! fn main() -> Result {
//!     let materials = MaterialTable::standard();
//!     let hills = NoiseBaseline::new(0.5, 7, &materials)?;
//!     let world = HybridWorld::in_memory(Arc::new(hills), materials);
//!     App::new()
//!         .add_plugins(DefaultPlugins)
//!         .add_plugins(BluemarblePlugins)
//!         .add_systems(Startup, move |mut commands: Commands| {
//!             commands.spawn(VoxelWorld(world.clone()));
//!             let eye = Transform::from_xyz(0.0, 60.0, 0.0);
//!             commands.spawn((Camera3d::default(), Tonemapping::None, Viewer::default(), eye));
//!         })
//!         .run();
//!     Ok(())
//! }
//! ```
//!
//! # The camera
//!
//! Voxel shaders apply tone mapping and fit the exposure to the sun, so the camera has `Tonemapping::None`: with
//! a tonemapper it is applied twice and voxels look pale; a warning says so. Without a tonemapper your own meshes clip at
//! white: lower the intensity of their lights, or draw them with another camera. `SunLight` lights voxels only;
//! `SunDirection` tells where your own lights should come from.
//!
//! # A planet
//!
//! A planet needs a floating origin: disable Bevy's `TransformPlugin`, which `big_space` replaces, and place entities by a
//! [`WorldPosition`](space::WorldPosition) in metres from the planet's centre. The example `planet` shows the Earth so.
//! The Earth's data lie in `assets/earth` of the sources: copy that folder into the `assets` folder beside your program
//! when you ship it, where [`assets_dir`](bluemarble_terrain::assets_dir) finds it.
//!
//! # A server
//!
//! Without the feature `render`, and with [`BluemarbleServerPlugins`] beside `MinimalPlugins`, worlds are edited, saved and
//! queried, and bodies collide with them, without a renderer:
//!
//! ```toml
//! bevy = { version = "0.19", default-features = false }
//! bevy_bluemarble = { path = "..", default-features = false, features = ["c-codecs"] }
//! ```
//!
//! # Cargo features
//!
//! | feature | what it adds |
//! |---|---|
//! | `render` (default) | streaming, drawing, sky, picking |
//! | `c-codecs` (default) | chunks are compressed by C libraries, which is faster than the Rust ones that read and write the same worlds |
//! | `avian` | `physics`: colliders, gravity and walking with avian3d |
//! | `cloud` | worlds in object stores and on web servers: `bluemarble_world::store` |
//! | `noise` | functions of the crate `noise` as ground: `NoiseHeights`, `NoiseDensity` |
//!
//! # The crates below
//!
//! A game needs `bevy` and this crate only. [`prelude`] has what most games use; the crates whose types appear in
//! this API are re-exported: [`bluemarble_core`] (lattice, materials, shapes, edits), [`bluemarble_terrain`]
//! (baselines), [`bluemarble_geology`] (geological processes), [`bluemarble_world`] (worlds, queries, rays), [`bluemarble_edit`] (brushes, undo, clipboard) and
//! [`bluemarble_mesh`] (meshers). So are the crates of others whose types do: [`big_space`] (positions far from the origin),
//! `avian3d` with the feature `avian`, `noise` with the feature `noise`, and
//! [`object_store`](bluemarble_world::store::object_store).
//!
//! # The modules
//!
//! Each uses those above it only; all but `meshing` have a plugin.
//!
//! | module | what it owns |
//! |---|---|
//! | [`space`] | where entities and worlds are, with a floating origin or without |
//! | [`world`] | [`VoxelWorld`](world::VoxelWorld)s, which are components: opened, saved, indexed, replaced and closed |
//! | [`edit`] | edits, brushes, undo and redo, asked for by messages |
//! | [`geology`] | geological processes that shape worlds in the background |
//! | [`meshing`] | how chunks become meshes |
//! | [`streaming`] | which nodes are wanted for the [`Viewer`](space::Viewer)s, in which order, and the workers that build them |
//! | [`render`] | what is built is drawn: entities, materials, light, sky |
//! | [`picking`] | rays find the drawn voxel; a `bevy_picking` backend |
//! | `physics` | colliders and walking, with the feature `avian` |
//!
//! [`systems`] says when they work within a frame.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

pub mod edit;
mod gate;
pub mod geology;
#[cfg(any(feature = "render", feature = "avian"))]
pub mod meshing;
#[cfg(feature = "avian")]
pub mod physics;
#[cfg(feature = "render")]
pub mod picking;
mod plugin;
#[cfg(feature = "render")]
pub mod render;
pub mod space;
#[cfg(feature = "render")]
pub mod streaming;
pub mod systems;
mod workers;
pub mod world;

#[cfg(all(test, feature = "render"))]
mod tests;

#[cfg(feature = "avian")]
pub use avian3d;
#[cfg(feature = "noise")]
pub use noise;
#[cfg(feature = "render")]
pub use plugin::BluemarblePlugins;
pub use plugin::BluemarbleServerPlugins;
pub use {
    big_space, bluemarble_core, bluemarble_edit, bluemarble_geology, bluemarble_landscape,
    bluemarble_mesh, bluemarble_terrain, bluemarble_world,
};

/// What a game needs most.
pub mod prelude {
    pub use bluemarble_core::{
        CellBox, CellPos, Chunk, ChunkKey, Edit, EditBatch, EditOp, Face, GeoPosition, LatticeBox,
        LatticePos, MaterialId, MaterialTable, Ray, Shape, Surface, VoxelBox, VoxelPos,
    };
    pub use bluemarble_edit::{Brush, BrushAction, BrushShape, HistoryLimits};
    pub use bluemarble_terrain::{
        Baseline, EarthBaseline, EarthSources, Ground, GroundClosure, NoiseBaseline, Superflat,
        VoxelClosure, assets_dir,
    };
    #[cfg(feature = "noise")]
    pub use bluemarble_terrain::{
        DensityBounds, HeightBounds, HeightScale, NoiseDensity, NoiseHeights,
    };
    pub use bluemarble_world::{HybridWorld, RebuildPace, WorldBuilder, WorldError};

    #[cfg(any(feature = "render", feature = "avian"))]
    pub use crate::meshing::Meshing;
    #[cfg(feature = "avian")]
    pub use crate::physics::{
        CollidesWithVoxels, VoxelGravity, VoxelPhysicsPlugin, VoxelPhysicsSystems, Walker,
        WorldBody,
    };
    pub use crate::{
        edit::{
            BrushVoxels, EditApplied, EditHistory, EditRefusal, EditRefused, EditRequest,
            EditVoxels, GroupEdits, KeepHistory, RedoEdit, UndoEdit,
        },
        geology::{
            GeologyClock, GeologyFailed, GeologyPlugin, GeologyProgress, GeologyRun,
            GeologyStepped, StepGeology,
        },
        plugin::BluemarbleServerPlugins,
        space::{Viewer, WorldFrame, WorldPosition, WorldSpace},
        systems::BluemarbleSystems,
        world::{
            IndexPace, KeepSnapshots, SaveDelay, SaveError, SaveVoxelWorld, VoxelReader,
            VoxelWorld, VoxelWorldClosed, VoxelWorldSaveFailed, VoxelWorldSaved,
            WorldDiagnosticsPlugin, WorldIndex, WorldUpkeep,
        },
    };
    #[cfg(feature = "render")]
    pub use crate::{
        picking::{VoxelPick, WorldPicker},
        plugin::BluemarblePlugins,
        render::{
            ChunkChange, ChunkContents, ChunkEvent, Vertices,
            light::{
                Airless, CloudsReady, LookQuality, PictureError, PlanetPicture, PlanetPictureCube,
                Sky, SunCourse, SunDirection, SunLight,
            },
            material::ChunkMaterials,
            sky::SkyPlugin,
        },
        streaming::{AreaProgress, StreamingProgress, StreamingSettings, StreamingStatistics},
    };
}
