//! [`FirstEarth`]: the first edition of the Earth's ground, kept for the worlds that were made on it.
//!
//! | file | what it decides |
//! |---|---|
//! | `height` | how high the ground is: grid plus ridged octaves, band-limited by lod |
//! | `land` | that, climate and patches: what is known of any place |
//! | `spot` | all that the columns of a chunk need to know, cheaply |
//! | `baseline` | the columns, and what a baseline is asked |

mod baseline;
mod height;
mod land;
mod spot;

pub use baseline::FirstEarth;
