//! Rivers: they cut into rock, carry what they have cut, and leave it where they slow down.
//!
//! | module | what it holds |
//! |---|---|
//! | `incision` | [`Incision`]: how far rivers cut down in a time step |
//! | `rock` | [`Rock`]: what they cut into, layer by layer |
//! | `deposition` | [`Deposition`]: where what they carry comes to rest |

mod deposition;
mod incision;
mod rock;

pub use deposition::{Deposition, Transport};
pub use incision::Incision;
pub use rock::{Layer, Rock, UniformRock};

#[cfg(test)]
mod tests;
