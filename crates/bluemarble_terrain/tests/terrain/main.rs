//! What the baselines promise, tested from outside.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod classify;
mod closures;
mod dunes;
mod earth;
mod files;
mod first_edition;
mod flat;
mod lods;
mod relief;
mod second_edition;
mod summits;
mod support;
