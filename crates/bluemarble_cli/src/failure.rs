//! [`Failure`]: the one line and the exit code that a command ends with.

use std::{fmt::Display, io, io::Write, path::Path, process::ExitCode};

use bluemarble_core::MaterialError;
use bluemarble_edit::{EditError, VoxError};
use bluemarble_geology::GeologyError;
use bluemarble_store::StoreError;
use bluemarble_terrain::TerrainError;
use bluemarble_world::{DocumentError, MigrationError, WorldError, draft::FileError};

/// Exit code of a damaged world.
pub const DAMAGED: u8 = 1;
/// Exit code of everything else.
pub const REFUSED: u8 = 2;

/// Why a command ended early.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    /// Empty if the reader of our output has closed it: there is no one to tell.
    message: String,
}

impl Failure {
    /// Something that the caller can change: usage, input, a path, a full disk.
    pub fn new(message: impl Into<String>) -> Self {
        Self { code: REFUSED, message: message.into() }
    }

    /// The world itself is not as it was written.
    pub fn damaged(message: impl Into<String>) -> Self {
        Self { code: DAMAGED, message: message.into() }
    }

    /// A file that could not be read or written: `action` is such as "cannot read".
    pub fn file(path: &Path, action: &str, error: &io::Error) -> Self {
        let advice = FileError::advice(error);
        Self::new(format!("{}: {action}: {error}; {advice}", path.display()))
    }

    /// A mistake at the command line, in one line.
    pub fn usage(error: &clap::Error) -> Self {
        if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            return Self::new("a command is missing; `bluemarble --help` lists them");
        }
        let text = error.render().to_string();
        // What follows is how it is used, which --help tells better.
        let ends = ["\n\nUsage:", "\n\nFor more information", "\n\n  tip:"];
        let end = ends.iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
        let said = text[..end].trim_start_matches("error: ");
        Self::new(format!("{said}; `bluemarble COMMAND --help` explains"))
    }

    /// The same with what it is about in front.
    pub fn at(mut self, place: impl Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// The message alone.
    pub fn into_message(self) -> String {
        self.message
    }

    /// The same, but never quiet: what is said instead of nothing.
    pub fn loud(self, message: &str) -> Self {
        if self.message.is_empty() { Self::new(message) } else { self }
    }

    /// Tells the reader and gives the exit code.
    pub fn report(self) -> ExitCode {
        if !self.message.is_empty() {
            let line = self.message.split_whitespace().collect::<Vec<_>>().join(" ");
            // There is no one left to tell if this fails.
            let _ = writeln!(io::stderr(), "error: {line}");
        }
        ExitCode::from(self.code)
    }

    /// What was printed could not be: quiet if the reader has seen enough.
    pub fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { code: 0, message: String::new() };
        }
        Self::new(format!("standard output: cannot write: {error}; check where it goes"))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let is_damage = matches!(
            error,
            StoreError::Syntax { .. }
                | StoreError::MissingMetadata { .. }
                | StoreError::DamagedShard { .. }
                | StoreError::DamagedChunk { .. }
                | StoreError::MissingShard { .. }
                | StoreError::OtherShard { .. }
                | StoreError::DamagedManifest { .. }
                | StoreError::UnknownShard { .. }
                | StoreError::DamagedLog { .. }
        );
        let code = if is_damage { DAMAGED } else { REFUSED };
        Self { code, message: error.to_string() }
    }
}

impl From<WorldError> for Failure {
    fn from(error: WorldError) -> Self {
        match error {
            WorldError::Store(error) => error.into(),
            WorldError::Document(error) => error.into(),
            WorldError::Lost { .. } => Self::damaged(error.to_string()),
            other => Self::new(other.to_string()),
        }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<DocumentError> for Failure {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::Damaged { path, source } => Self::damaged(format!(
                "{}: not a world document: {source}; restore it from a backup, or move it away and give --baseline",
                path.display()
            )),
            DocumentError::TooLarge { .. } => Self::damaged(error.to_string()),
            other => Self::new(other.to_string()),
        }
    }
}

impl From<TerrainError> for Failure {
    fn from(error: TerrainError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<MaterialError> for Failure {
    fn from(error: MaterialError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        match error {
            EditError::World(error) => error.into(),
            other => Self::new(other.to_string()),
        }
    }
}

impl From<MigrationError> for Failure {
    fn from(error: MigrationError) -> Self {
        match error {
            MigrationError::World(error) => error.into(),
            other => Self::new(other.to_string()),
        }
    }
}

impl From<GeologyError> for Failure {
    fn from(error: GeologyError) -> Self {
        match error {
            GeologyError::World(error) => error.into(),
            GeologyError::Material(error) => error.into(),
            error => Self::new(error.to_string()),
        }
    }
}

impl From<VoxError> for Failure {
    fn from(error: VoxError) -> Self {
        match error {
            VoxError::File { path, source } => match *source {
                VoxError::Read(error) => Self::file(&path, "cannot read", &error),
                VoxError::Write(error) => Self::file(&path, "cannot write", &error),
                other => Self::from(other).at(path.display()),
            },
            other => Self::new(other.to_string()),
        }
    }
}
