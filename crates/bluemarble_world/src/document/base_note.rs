//! `over.json`: says that a world lies over another one, without which its edits would change the wrong ground.

use std::path::Path;

use serde::Serialize;

use super::error::DocumentError;
use crate::draft::{self, FileError};

/// The name of the note.
pub const BASE_NOTE_NAME: &str = "over.json";

/// What stands in it, for people.
#[derive(Serialize)]
struct BaseNote<'a> {
    format_version: u32,
    /// Where the world below was when this one was opened last.
    over: &'a str,
}

/// Whether the world in a directory lies over another one.
pub fn has_base_note(dir: &Path) -> bool {
    dir.join(BASE_NOTE_NAME).exists()
}

/// Notes that the world in a directory lies over another one, which is at `place`.
///
/// # Errors
/// [`DocumentError::File`].
pub fn write_base_note(dir: &Path, place: &str) -> Result<(), DocumentError> {
    let path = dir.join(BASE_NOTE_NAME);
    let text = serde_json::to_vec_pretty(&BaseNote { format_version: 1, over: place });
    let text = text.map_err(|error| FileError::write(&path, error.into()))?;
    Ok(draft::write(&path, &text)?)
}
