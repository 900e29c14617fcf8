//! Baselines: the procedural sources of a world.
//!
//! ```
//! use bluemarble_core::{Chunk, MaterialId, MaterialTable, VoxelPos};
//! use bluemarble_terrain::{Baseline, Classification, NoiseBaseline};
//! use glam::IVec3;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // Voxels of half a metre.
//!     let hills = NoiseBaseline::new(0.5, 7, &MaterialTable::standard())?;
//!
//!     // The chunk that holds the surface at x = z = 0.
//!     let top = hills.surface_y(0, 0.0, 0.0).floor() as i32;
//!     let key = VoxelPos::new(0, IVec3::new(0, top, 0)).chunk(0);
//!     let mut chunk = Chunk::default();
//!     hills.fill(key, &mut chunk);
//!     assert_eq!(chunk.as_uniform(), None);
//!
//!     // Far above it is air, which is known without filling a chunk.
//!     let sky = VoxelPos::new(0, IVec3::new(0, 100_000, 0)).chunk(0);
//!     let seen = hills.classify(sky.voxel_box(), sky.lod);
//!     assert_eq!(seen, Classification::Uniform(MaterialId::AIR));
//!     Ok(())
//! }
//! ```
//!
//! | item | what it holds |
//! |---|---|
//! | [`Baseline`] | what every source answers: fill a chunk, tell what a box or chunk holds without filling it |
//! | [`EarthBaseline`] | the Earth: an elevation grid, erosion, summits, land cover, strata |
//! | [`FirstEarth`] | the first edition of its ground, for the worlds made on it |
//! | [`EarthSources`], [`EarthEdition`] | the files of an Earth, and which edition a world is on |
//! | [`NoiseBaseline`] | a plane of rolling hills and lakes |
//! | [`Superflat`] | horizontal layers |
//! | [`GroundClosure`], [`VoxelClosure`] | a game's own function of places, or of voxels |
//! | `NoiseHeights`, `NoiseDensity` | any function of the crate `noise` 0.9 (cargo feature `noise`) |
//! | [`Empty`] | air |
//! | [`octree`] | a pure octree in a file, as it is or as a baseline |
//! | [`Recipe`] | a baseline written down, to be made again later |
//! | [`Relief`] | which way the ground faces and how high the horizon stands, for shading |
//! | [`ElevationGrid`] | heights over latitude and longitude, read from a `GeoTIFF` |
//! | [`TerrainError`] | why a baseline could not be made |
//!
//! Heights are metres above sea level in `f64`, places are unit directions or degrees, and lattice
//! positions are voxels. All sources are pure functions of their parameters: caches and threads change
//! how fast an answer comes, never what it is.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

mod baseline;
mod closure;
mod columns;
mod earth;
mod elevation;
mod empty;
mod error;
mod flat_noise;
mod fractal;
mod interval;
mod noise;
#[cfg(feature = "noise")]
mod noise_fn;
pub mod octree;
mod palette;
mod recipe;
mod relief;
mod strata;
mod superflat;

pub use baseline::{Baseline, Classification, Survey};
pub use closure::{Ground, GroundClosure, VoxelClosure};
pub use earth::{EarthBaseline, EarthEdition, EarthSources, FirstEarth};
pub use elevation::{ElevationGrid, OUTSIDE_M};
pub use empty::Empty;
pub use error::TerrainError;
pub use flat_noise::NoiseBaseline;
#[cfg(feature = "noise")]
pub use noise_fn::{DensityBounds, HeightBounds, HeightScale, NoiseDensity, NoiseHeights};
pub use recipe::{ASSETS_VARIABLE, Elevation, Layer, Recipe, assets_dir};
pub use relief::{HORIZON_DIRECTIONS, HORIZON_NODES, NORMAL_NODES, Relief};
pub use superflat::Superflat;
