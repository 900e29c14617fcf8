//! The few things that a log asks of a disk, so that tests can stand in for one that loses power.

use std::{
    fmt::Debug,
    fs::{self, File, OpenOptions},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::StoreError;

/// One directory of files.
///
/// Creating, renaming and removing are durable only after [`Disk::sync_dir`], and what is written to a
/// file only after [`DiskFile::sync`].
pub trait Disk: Debug + Send + Sync {
    /// The names of all files, in no fixed order.
    ///
    /// # Errors
    /// What the system said.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Everything in a file.
    ///
    /// # Errors
    /// What the system said.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;

    /// Makes an empty file, or empties the one that is there, and opens it for writing.
    ///
    /// # Errors
    /// What the system said.
    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file for writing.
    ///
    /// # Errors
    /// What the system said.
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;

    /// Gives a file another name; a file that has it is replaced.
    ///
    /// # Errors
    /// What the system said.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// What the system said.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Returns once the names of all files are durable.
    ///
    /// # Errors
    /// What the system said.
    fn sync_dir(&self) -> io::Result<()>;

    /// How a file is called in messages.
    fn path(&self, name: &str) -> PathBuf;
}

/// A file that is open for writing.
pub trait DiskFile: Debug + Send {
    /// Writes all bytes at an offset.
    ///
    /// # Errors
    /// What the system said; some of the bytes may have been written.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Returns once everything written is durable.
    ///
    /// # Errors
    /// What the system said. What is durable is then unknown, and a retry does not tell.
    fn sync(&mut self) -> io::Result<()>;
}

/// A directory of the file system.
#[derive(Debug)]
pub struct RealDisk {
    dir: PathBuf,
}

impl RealDisk {
    /// The disk of a directory, which is made if it is not there.
    ///
    /// # Errors
    /// What the system said.
    pub fn new(dir: &Path) -> io::Result<Arc<Self>> {
        if !dir.is_dir() {
            fs::create_dir_all(dir)?;
            if let Some(parent) = dir.parent() {
                sync_directory(parent)?;
            }
        }
        Ok(Arc::new(Self { dir: dir.to_owned() }))
    }
}

#[cfg(unix)]
fn sync_directory(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

// Elsewhere directories cannot be opened as files; names are durable when the call returns.
#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

impl Disk for RealDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        Ok(names)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(self.dir.join(name))?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(true).write(true).open(self.dir.join(name))?;
        Ok(Box::new(file))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(OpenOptions::new().write(true).open(self.dir.join(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.dir.join(from), self.dir.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.dir.join(name))
    }

    fn sync_dir(&self) -> io::Result<()> {
        sync_directory(&self.dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

impl DiskFile for File {
    #[cfg(unix)]
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(self, bytes, offset)
    }

    #[cfg(not(unix))]
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        use std::io::{Seek, SeekFrom, Write};
        self.seek(SeekFrom::Start(offset))?;
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        // Segments have their full length from the start: nothing but data changes.
        self.sync_data()
    }
}

/// The disk of a log in a directory.
pub(super) fn real_disk(dir: &Path) -> Result<Arc<RealDisk>, StoreError> {
    RealDisk::new(dir).map_err(|source| StoreError::Log {
        path: dir.to_owned(),
        action: "making the directory",
        source,
    })
}

/// Turns an error of the disk into ours.
pub(super) fn disk_error(
    disk: &dyn Disk,
    name: &str,
    action: &'static str,
) -> impl FnOnce(io::Error) -> StoreError + use<> {
    let path = disk.path(name);
    move |source| StoreError::Log { path, action, source }
}
