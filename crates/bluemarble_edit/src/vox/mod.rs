//! MagicaVoxel scenes: models, where each stands, and their colours.
//!
//! | module | what it holds |
//! |---|---|
//! | `scene` | [`Scene`]: what a file shows, y up |
//! | `write` | [`encode`]: a box of materials as a file |
//! | `colours` | [`Colours`]: which material a colour of a file is |
//! | `turn` | how a scene turns and moves what is in it |
//! | `check` | what `dot_vox` leaves out without a word is found before |
//! | `limits` | how large models and scenes may be |

mod check;
mod colours;
mod limits;
mod scene;
mod turn;
mod write;

pub use colours::Colours;
pub use limits::MAX_EDGE;
pub use scene::Scene;
pub use write::encode;

#[cfg(test)]
mod tests;
