//! Meshers: voxel chunks to packed quads.
//!
//! | room | what it holds |
//! |---|---|
//! | [`quad`] | [`PackedQuad`]: one rectangle of a mesh in 64 bits |
//! | [`surroundings`] | [`Surroundings`]: the cells just beyond the six faces of a chunk |
//! | [`mesher`] | [`Mesher`]: what every mesher does; [`MeshOptions`], [`ChunkMesh`] |
//! | [`blocky`] | [`BlockyMesher`]: exact cell faces, merged greedily on bit masks |
//!
//! Everything is in cells of the chunk: a mesher knows neither lods nor planets.

pub mod blocky;
pub mod mesher;
pub mod quad;
pub mod surroundings;

pub use blocky::BlockyMesher;
pub use mesher::{ChunkMesh, MeshOptions, Mesher, Reach, SmoothMesh, SmoothVertex};
pub use quad::PackedQuad;
pub use surroundings::{FacePlane, Surroundings};
