//! A world directory before anything in it is read: may we have it, and are we alone?

use std::{
    collections::BTreeSet,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use crate::{
    StoreError,
    layout::{ASIDE_DIR, IMPORT_DIR, LOCK_NAME, METADATA_NAME},
    manifest::MANIFEST_DIR,
};

/// Keeps every other process from opening a world in a directory, reading aside, until it is dropped.
///
/// [`crate::ChunkStore`] holds its own when it is open for writing.
#[derive(Debug)]
pub struct WorldLock {
    /// Closing it gives the world free.
    _file: File,
}

impl WorldLock {
    /// Takes the lock of the world in a directory; changes nothing else.
    ///
    /// # Errors
    /// [`StoreError::Locked`], [`StoreError::NotAWorld`] and [`StoreError::Unwritable`].
    pub fn take(dir: &Path) -> Result<Self, StoreError> {
        if !dir.join(METADATA_NAME).exists() {
            return Err(StoreError::NotAWorld { path: dir.to_owned() });
        }
        claim(dir).map(|file| Self { _file: file })
    }
}

/// Makes the directory if it is not there, and takes the lock that only one process can have.
pub(crate) fn claim(dir: &Path) -> Result<File, StoreError> {
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |source| StoreError::Unwritable { path, source }
    };
    fs::create_dir_all(dir).map_err(unwritable(dir))?;
    if !dir.join(METADATA_NAME).exists() {
        for entry in fs::read_dir(dir).map_err(unwritable(dir))? {
            let name = entry.map_err(unwritable(dir))?.file_name();
            if name != LOCK_NAME && name != MANIFEST_DIR && !is_leftover(&name.to_string_lossy()) {
                return Err(StoreError::NotAWorld { path: dir.to_owned() });
            }
        }
    }
    let path = dir.join(LOCK_NAME);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(unwritable(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path }),
        Err(TryLockError::Error(source)) => Err(StoreError::Unwritable { path, source }),
    }
}

/// Where writers that were killed may have left unfinished writes.
#[derive(Debug)]
pub(crate) enum Unfinished {
    /// In any folder.
    Anywhere,
    /// Beside these files, and beside documents and the manifest.
    Beside(Vec<object_store::path::Path>),
}

/// Removes what writers that were killed left behind. Only the holder of the lock may do this.
pub(crate) fn sweep(dir: &Path, unfinished: &Unfinished) {
    let Unfinished::Beside(files) = unfinished else { return sweep_below(dir, usize::MAX) };
    // The world's own document, those of regions and those of arrays; not what may have many files.
    sweep_below(dir, 0);
    sweep_below(&dir.join(MANIFEST_DIR), 0);
    sweep_below(&dir.join(IMPORT_DIR), 0);
    sweep_below(&dir.join(ASIDE_DIR), usize::MAX);
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("region") {
            sweep_below(&entry.path(), 1);
        }
    }
    let folders: BTreeSet<PathBuf> = files
        .iter()
        .filter_map(|file| Some(dir.join(file.as_ref()).parent()?.to_owned()))
        .collect();
    folders.iter().for_each(|folder| sweep_below(folder, 0));
}

/// Removes unfinished writes from a folder and so many levels of folders below.
fn sweep_below(dir: &Path, levels: usize) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && levels > 0 => sweep_below(&path, levels - 1),
            Ok(kind) if kind.is_file() && is_leftover(&entry.file_name().to_string_lossy()) => {
                match fs::remove_file(&path) {
                    Ok(()) => tracing::info!("removed the unfinished write {}", path.display()),
                    Err(error) => {
                        tracing::warn!("cannot remove the unfinished {}: {error}", path.display());
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether this is the temporary file of an unfinished write: `name#number`.
fn is_leftover(name: &str) -> bool {
    name.rsplit_once('#').is_some_and(|(name, number)| {
        let manifest =
            name == "root.json" || name.starts_with("pages-") || name.starts_with("intent-");
        // Those of an import are named by all numbers of their place.
        let is_of_shard = |byte: u8| byte.is_ascii_digit() || byte == b'-';
        let shard = !name.is_empty() && name.bytes().all(is_of_shard);
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        digits && (shard || manifest || name == METADATA_NAME)
    })
}
