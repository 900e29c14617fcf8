//! Files that are either there whole or not at all.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use crate::failure::Failure;

/// A file under a temporary name; removed again unless it is finished.
pub struct Draft {
    path: PathBuf,
    draft: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Draft {
    /// Begins a file that will replace the one at `path`.
    pub fn new(path: &Path) -> Result<Self, Failure> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        // The store sweeps away what is called so if it is left in a world.
        name.push(format!("#{}", std::process::id()));
        let draft = path.with_file_name(name);
        let file =
            File::create(&draft).map_err(|error| Failure::file(&draft, "cannot write", &error))?;
        Ok(Self { path: path.to_owned(), draft, file: Some(BufWriter::new(file)) })
    }

    /// Gives the file its name once all of it is on disk.
    pub fn finish(mut self) -> Result<(), Failure> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let done = || -> io::Result<()> {
            file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            fs::rename(&self.draft, &self.path)?;
            sync_dir(&self.path)
        };
        done().map_err(|error| {
            // What is left is of no use.
            let _ = fs::remove_file(&self.draft);
            Failure::file(&self.path, "cannot write", &error)
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
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut draft = Draft::new(path)?;
    draft.write_all(bytes).map_err(|error| Failure::file(path, "cannot write", &error))?;
    draft.finish()
}

/// Makes what happened to the names beside `path` durable.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
