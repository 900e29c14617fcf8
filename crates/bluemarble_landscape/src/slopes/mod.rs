//! Slopes: soil creeps down them, what is too steep slides, and rock becomes soil.
//!
//! | module | what it holds |
//! |---|---|
//! | `creep` | [`Creep`]: soil moves the faster the steeper it lies |
//! | `talus` | [`Talus`]: nothing lies steeper than its angle of repose |
//! | `weathering` | [`Weathering`]: rock becomes soil |

mod creep;
mod talus;
mod weathering;

pub use creep::{Creep, CreepError};
pub use talus::Talus;
pub use weathering::Weathering;
