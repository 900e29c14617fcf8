//! Volumes of numbers, larger than memory if need be, and what they become in a world.
//!
//! | module | what it holds |
//! |---|---|
//! | `numbers` | `Numbers`: what all kinds of volumes have in common |
//! | `open` | a volume of any kind |
//! | `files` | the order of files, and whether they are the same as before |
//! | `npy` | the header of a `.npy` file |
//! | `file` | numbers one after the other in a file: `.npy`, and bare ones |
//! | `zarr` | Zarr arrays |
//! | `tiff` | stacks of TIFF pictures |
//! | `placed` | [`PlacedVolume`]: numbers that have become materials, and have a place |

mod file;
mod files;
pub mod npy;
mod numbers;
mod open;
mod placed;
mod tiff;
mod zarr;

pub use numbers::{Bare, Dtype};
pub use open::open;
pub use placed::PlacedVolume;
