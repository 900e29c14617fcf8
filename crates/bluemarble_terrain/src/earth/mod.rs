//! [`EarthBaseline`]: the Earth from an elevation grid, with detail that the grid is too coarse to hold.
//!
//! | file | what it decides |
//! |---|---|
//! | `baseline` | an Earth, made from files |
//! | `sources` | which files these are |
//! | `edition` | on which edition of the ground a world was made |
//! | `height` | how high the ground is: grid, summits, low octaves, erosion, texture, band-limited by lod |
//! | `ground` | what is known of it at a place |
//! | `octaves`, `erosion`, `summits` | the parts of that |
//! | `dunes`, `dune_trains`, `sand` | the dunes of sand seas, what they look like, and where sand is |
//! | `bounds` | bounds of it over a piece of the globe |
//! | `answers` | what a baseline is asked |
//! | `columns` | the columns of a chunk |
//! | `spot` | the ground of all columns of a chunk, cheaply |
//! | `maps` | what maps and noise say of them, as cheaply |
//! | `axes` | directions of columns |
//! | `corners`, `lattice` | where what varies slowly is found, and what lies between |
//! | `cap` | the part of the globe that a box lies in |
//! | `climate` | temperature and moisture |
//! | `top` | the material on top |
//! | `land_cover`, `surface` | how land cover and how climate decide it |
//! | `first` | the first edition of the ground, for worlds made on it |

mod answers;
mod axes;
mod baseline;
mod bounds;
mod cap;
mod climate;
mod columns;
mod corners;
mod dune_trains;
mod dunes;
mod edition;
mod erosion;
mod first;
mod ground;
mod height;
mod land_cover;
mod land_cover_kinds;
mod land_cover_png;
mod land_cover_sampler;
mod land_cover_surface;
mod lattice;
mod maps;
mod octaves;
mod sand;
mod sources;
mod spot;
mod summits;
mod surface;
#[cfg(test)]
mod tests;
mod top;

pub use baseline::EarthBaseline;
pub use edition::EarthEdition;
pub use first::FirstEarth;
pub use sources::EarthSources;
