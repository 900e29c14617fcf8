//! Meshers: voxel chunks to packed quads and rounded surfaces.
//!
//! ```
//! use bluemarble_core::{Chunk, MaterialId, MaterialTable};
//! use bluemarble_mesh::{BlockyMesher, ChunkMesh, MeshOptions, Mesher, Surroundings};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let materials = MaterialTable::standard();
//!     // The lowest layer of a chunk, in air.
//!     let mut chunk = Chunk::uniform(MaterialId::AIR);
//!     chunk.fill_run(0, 64 * 64, materials.id("rock")?);
//!     let around = Surroundings::uniform(MaterialId::AIR);
//!
//!     let mut mesh = ChunkMesh::default();
//!     BlockyMesher::new(&materials).mesh(&chunk, &around, &MeshOptions::default(), &mut mesh);
//!     // One rectangle for each side of the slab.
//!     assert_eq!(mesh.opaque.len(), 6);
//!     Ok(())
//! }
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | `quad` | [`PackedQuad`]: one rectangle of a mesh in 64 bits |
//! | `surroundings` | [`Surroundings`]: the cells just beyond the six faces of a chunk |
//! | `shell` | [`Shell`]: the cells all around a chunk, edges and corners included |
//! | `mesher` | [`Mesher`]: what every mesher does; [`MeshOptions`], [`ChunkMesh`] |
//! | `blocky` | [`BlockyMesher`]: exact cell faces, merged greedily on bit masks |
//! | `smooth` | [`SmoothMesher`]: rounded ground without cracks, and cubes where materials want them |
//!
//! Everything is in cells of the chunk: a mesher knows neither lods nor planets.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

mod blocky;
mod mesher;
mod quad;
mod shell;
mod smooth;
mod surroundings;

pub use blocky::BlockyMesher;
pub use mesher::{ChunkMesh, MeshOptions, Mesher, Reach, SmoothMesh, SmoothVertex};
pub use quad::PackedQuad;
pub use shell::Shell;
pub use smooth::SmoothMesher;
pub use surroundings::Surroundings;
