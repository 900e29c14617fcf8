//! [`Draft`]: a file that is either there whole or not at all.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;
use thiserror::Error;

/// A file that could not be read or written.
#[derive(Debug, Error)]
#[error("{}: {action}: {source}; {}", path.display(), Self::advice(source))]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// Such as "cannot read".
    pub action: &'static str,
    /// What the system said.
    pub source: io::Error,
}

impl FileError {
    /// What to do about an error of the system.
    pub fn advice(error: &io::Error) -> &'static str {
        match error.kind() {
            io::ErrorKind::NotFound => "check the path",
            io::ErrorKind::PermissionDenied => "check its permissions",
            io::ErrorKind::StorageFull => "free some space and try again",
            _ => "check the path and the disk",
        }
    }

    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self { path: path.to_owned(), action: "cannot read", source }
    }

    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self { path: path.to_owned(), action: "cannot write", source }
    }
}

/// A file under a temporary name; removed again unless it is finished.
///
/// ```
/// use std::io::Write;
///
/// use bluemarble_world::draft::Draft;
///
/// # let dir = tempfile::tempdir()?;
/// let path = dir.path().join("notes.txt");
/// let mut draft = Draft::new(&path)?;
/// draft.write_all(b"all of it")?;
/// assert!(!path.exists());
/// draft.finish()?;
/// assert_eq!(std::fs::read(&path)?, b"all of it");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    draft: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Draft {
    /// Begins a file that will replace the one at `path`.
    ///
    /// # Errors
    /// [`FileError`] if nothing can be written beside it.
    pub fn new(path: &Path) -> Result<Self, FileError> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        // The store sweeps away what is called so if it is left in a world.
        name.push(format!("#{}", std::process::id()));
        let draft = path.with_file_name(name);
        let file = File::create(&draft).map_err(|error| FileError::write(&draft, error))?;
        Ok(Self { path: path.to_owned(), draft, file: Some(BufWriter::new(file)) })
    }

    /// Gives the file its name once all of it is on disk.
    ///
    /// # Errors
    /// [`FileError`]; the file at the path is as it was.
    pub fn finish(mut self) -> Result<(), FileError> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let done = || -> io::Result<()> {
            file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            fs::rename(&self.draft, &self.path)?;
            sync_dir(&self.path)
        };
        done().map_err(|error| {
            // What is left is of no use.
            let _ = fs::remove_file(&self.draft);
            FileError::write(&self.path, error)
        })
    }

    fn writer(&mut self) -> io::Result<&mut BufWriter<File>> {
        self.file.as_mut().ok_or_else(|| io::Error::other("the file is finished"))
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer()?.flush()
    }
}

impl io::Seek for Draft {
    fn seek(&mut self, position: io::SeekFrom) -> io::Result<u64> {
        self.writer()?.seek(position)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = fs::remove_file(&self.draft);
        }
    }
}

/// Replaces a file.
///
/// # Errors
/// [`FileError`]; the file is as it was.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut draft = Draft::new(path)?;
    draft.write_all(bytes).map_err(|error| FileError::write(path, error))?;
    draft.finish()
}

/// Replaces a file by a value as JSON that people can read.
///
/// # Errors
/// [`FileError`]; the file is as it was.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), FileError> {
    let text = serde_json::to_vec_pretty(value);
    let mut text = text.map_err(|error| FileError::write(path, error.into()))?;
    text.push(b'\n');
    write(path, &text)
}

/// Replaces a file by a copy of another one.
///
/// # Errors
/// [`FileError`]; the file is as it was.
pub fn copy(from: &Path, to: &Path) -> Result<(), FileError> {
    let mut source = File::open(from).map_err(|error| FileError::read(from, error))?;
    let mut draft = Draft::new(to)?;
    io::copy(&mut source, &mut draft).map_err(|error| FileError::write(to, error))?;
    draft.finish()
}

/// Makes what happened to the names beside `path` durable.
fn sync_dir(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
