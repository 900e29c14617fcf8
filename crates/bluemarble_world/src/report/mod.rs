//! [`WorldReport`]: all that can be told of a world's state, for overlays, logs and monitors.
//!
//! | module | what it holds |
//! |---|---|
//! | `world_report` | [`WorldReport`]: the numbers |
//! | `health` | [`Health`]: which parts of a world are in order |
//! | `judge` | from the numbers to the health |
//! | `gather` | [`crate::HybridWorld::report`] |
//! | `publish` | the numbers by name, for the `metrics` facade |

mod gather;
mod health;
mod judge;
mod publish;
mod world_report;

pub use health::{Condition, Health};
pub use world_report::WorldReport;
