//! Slopes: soil creeps down them, and what is too steep slides.
//!
//! | module | what it holds |
//! |---|---|
//! | `creep` | [`Creep`]: soil moves the faster the steeper it lies |
//! | `talus` | [`Talus`]: nothing lies steeper than its angle of repose |

mod creep;
mod talus;

pub use creep::{Creep, CreepError};
pub use talus::Talus;
