//! What the commands promise, tested by running the program.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod damage;
mod edits;
mod exports;
mod games;
mod imports;
mod kills;
mod logs;
mod missing;
mod octrees;
mod queries;
mod simulations;
mod snapshots;
mod storage;
mod support;
mod volumes;
mod worlds;
