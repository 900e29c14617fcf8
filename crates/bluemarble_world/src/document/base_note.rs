//! `over.json`: says that a world lies over another one, without which its edits would change the wrong ground.

use std::path::Path;

use serde::Serialize;

use super::error::DocumentError;
use crate::draft;

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

/// Notes that the world in a directory lies over another one, which is at `location`.
///
/// # Errors
/// [`DocumentError::File`].
pub fn write_base_note(dir: &Path, location: &str) -> Result<(), DocumentError> {
    let note = BaseNote { format_version: 1, over: location };
    Ok(draft::write_json(&dir.join(BASE_NOTE_NAME), &note)?)
}
