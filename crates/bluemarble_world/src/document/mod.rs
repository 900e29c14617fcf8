//! [`WorldDocument`]: `bluemarble.json`, how to make the baseline of a world again, beside its `zarr.json`.
//!
//! Games ([`crate::WorldBuilder::from_recipe`]) and the command line write it, and open each other's worlds by it. A
//! world that was opened with a baseline of the game's own has none.
//!
//! | module | what it holds |
//! |---|---|
//! | `world_document` | [`WorldDocument`]: read, written, and the files that belong to it |
//! | `base_note` | `over.json`: the world lies over another one |
//! | `error` | [`DocumentError`]: why a world cannot be opened by it |

mod base_note;
mod error;
mod world_document;

pub use base_note::BASE_NOTE_NAME;
pub(crate) use base_note::{has_base_note, write_base_note};
pub use error::DocumentError;
pub use world_document::{DOCUMENT_NAME, ELEVATION_NAME, MATERIALS_NAME, WorldDocument};

#[cfg(test)]
mod tests;
