//! Geological processes on voxel worlds: rivers, slopes, ice, volcanoes and the sea shape the ground of an area, in geological time.
//!
//! The land is a height field with a node for some columns of voxels each, read from the world, with the rock below it.
//! [`bluemarble_landscape`] shapes it; what has become of it is written into the world column by column, as edits that name the
//! process and the year. What is built stays, and so do caves.
//!
//! | module | what it holds |
//! |---|---|
//! | [`area`] | [`Area`]: the piece of a world that is shaped, and where its nodes lie |
//! | [`process`] | [`GeologicalProcess`]: what shapes land, and those that there are |
//! | [`run`] | [`Run`]: an area, its processes, and how far they have come; stops and goes on |
//! | [`scenario`] | [`Scenario`]: a run as a RON file says it |
//! | `ground` | the ground of a world: read as heights, and changed column by column |
//! | `archive` | arrays of numbers in a file |
//! | `error` | [`GeologyError`] |
//!
//! The same world, area and processes become the same voxels, bit for bit, on any number of threads, in tiles of any size, and
//! however often the run is killed and gone on with.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

mod archive;
pub mod area;
mod error;
mod ground;
pub mod process;
pub mod run;
pub mod scenario;

pub use area::Area;
pub use error::GeologyError;
pub use process::GeologicalProcess;
pub use run::Run;
pub use scenario::Scenario;
