//! Meshers: voxel chunks to packed quads and rounded surfaces.
//!
//! | module | what it holds |
//! |---|---|
//! | [`quad`] | [`PackedQuad`]: one rectangle of a mesh in 64 bits |
//! | [`surroundings`] | [`Surroundings`]: the cells just beyond the six faces of a chunk |
//! | [`shell`] | [`Shell`]: the cells all around a chunk, edges and corners included |
//! | [`mesher`] | [`Mesher`]: what every mesher does; [`MeshOptions`], [`ChunkMesh`] |
//! | [`blocky`] | [`BlockyMesher`]: exact cell faces, merged greedily on bit masks |
//! | [`smooth`] | [`SmoothMesher`]: rounded ground without cracks, and cubes where materials want them |
//!
//! Everything is in cells of the chunk: a mesher knows neither lods nor planets.

pub mod blocky;
pub mod mesher;
pub mod quad;
pub mod shell;
pub mod smooth;
pub mod surroundings;

pub use blocky::BlockyMesher;
pub use mesher::{ChunkMesh, MeshOptions, Mesher, Reach, SmoothMesh, SmoothVertex};
pub use quad::PackedQuad;
pub use shell::Shell;
pub use smooth::SmoothMesher;
pub use surroundings::Surroundings;
