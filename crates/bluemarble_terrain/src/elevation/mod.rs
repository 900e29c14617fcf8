//! [`ElevationGrid`]: heights over latitude and longitude, and the smooth surface through them.
//!
//! | file | what it holds |
//! |---|---|
//! | `geotiff` | samples as a file has them |
//! | `gaps` | missing samples filled |
//! | `nodes` | heights at nodes, two bytes each where they are whole metres |
//! | `min_max`, `means` | summaries of blocks of nodes |
//! | `rows` | work on rows of nodes, on all cores |
//! | `grid` | where the nodes lie on the globe |
//! | `window` | pieces of the grid, across poles and around the globe |
//! | `spline` | the smooth surface at places, and bounds of it |
//! | `character` | how rough the grid is around a place |

mod character;
mod gaps;
mod geotiff;
mod grid;
mod means;
mod min_max;
mod nodes;
mod rows;
mod spline;
mod window;

pub(crate) use character::CharacterSampler;
pub use grid::{ElevationGrid, OUTSIDE_M};
pub(crate) use spline::{GridSample, GridSampler};
