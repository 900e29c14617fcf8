//! What the baselines promise, tested from outside.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod classify;
mod closures;
mod earth;
mod files;
mod first_edition;
mod flat;
mod lods;
mod relief;
mod summits;
mod support;
