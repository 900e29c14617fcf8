//! What a world has done and holds, and how often and how long.
//!
//! | module | what it holds |
//! |---|---|
//! | `reads` | [`WorldStatistics`], and the counters of reads behind it |
//! | `activity` | [`Activity`]: how often something happens and how long it takes |
//! | `disk` | [`DiskUse`]: what a world takes on disk |
//! | `counted` | what a world counts for its reports |

mod activity;
mod counted;
mod disk;
mod reads;

pub use activity::Activity;
pub(crate) use activity::ReaderMeter;
pub(crate) use counted::Counted;
pub use disk::{ClassUse, DiskUse};
pub use reads::WorldStatistics;
pub(crate) use reads::{Counters, Source};
