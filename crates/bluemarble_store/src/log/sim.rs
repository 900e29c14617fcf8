//! [`SimDisk`]: a disk in memory that remembers what a loss of power could leave, for tests.
//!
//! Everything that is asked of it goes into a journal. Played back up to any moment, the journal tells
//! what was durable then and what was not; an image of the disk after a crash keeps the former and any
//! part of the latter, sector by sector, in any order.

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::disk::{Disk, DiskFile};

/// What disks write as a whole, at least.
const SECTOR_BYTES: usize = 512;

/// Something that happened to a disk, or to what is tested on it.
#[derive(Clone, Debug)]
pub enum Event {
    /// A file was made, or emptied.
    Create(String),
    /// Bytes were written.
    Write {
        /// The file, by the order in which files were made.
        file: usize,
        /// Where.
        offset: u64,
        /// What.
        bytes: Vec<u8>,
    },
    /// A file was synced.
    Sync(usize),
    /// A file was renamed.
    Rename(String, String),
    /// A file was removed.
    Remove(String),
    /// The names of all files were synced.
    SyncDir,
    /// The test's own: something was asked for or acknowledged.
    Mark(u64),
}

/// What goes wrong with one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails and does nothing.
    Error,
    /// A write is done half and fails; anything else is done and fails.
    Half,
}

#[derive(Clone, Debug, Default)]
struct File {
    bytes: Vec<u8>,
    durable: Vec<u8>,
    /// Writes since the last sync.
    writes: Vec<(usize, Vec<u8>)>,
}

/// The files of a disk, as they are and as they are durable.
#[derive(Clone, Debug, Default)]
struct Files {
    files: Vec<File>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// Changes of names since the last sync of the directory.
    changes: Vec<NameChange>,
}

#[derive(Clone, Debug)]
struct NameChange {
    unlink: Option<String>,
    link: Option<(String, usize)>,
}

#[derive(Debug, Default)]
struct Inner {
    /// What was there before anything happened.
    before: Files,
    now: Files,
    journal: Vec<Event>,
    operations: u64,
    fault: Option<(u64, Fault)>,
}

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct SimDisk(Arc<Mutex<Inner>>);

/// Plays a journal back, event by event.
#[derive(Clone, Debug)]
pub struct Playback(Files);

impl SimDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a mark of the test's own into the journal.
    pub fn mark(&self, mark: u64) {
        self.lock().journal.push(Event::Mark(mark));
    }

    /// Everything that happened so far.
    pub fn journal(&self) -> Vec<Event> {
        self.lock().journal.clone()
    }

    /// The disk before anything happened, for its journal to be played back on.
    pub fn playback(&self) -> Playback {
        Playback(self.lock().before.clone())
    }

    /// Operations on the disk so far; reading is none.
    pub fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// Has the operation with this number, counted from 0, fail.
    pub fn fail_at(&self, operation: u64, fault: Fault) {
        self.lock().fault = Some((operation, fault));
    }

    /// A disk with the same files and nothing unsynced.
    pub fn copy(&self) -> Self {
        let now = self.lock().now.clone();
        let bytes = |file: usize| now.files[file].bytes.clone();
        Self::of(now.names.iter().map(|(name, &file)| (name.clone(), bytes(file))))
    }

    fn of(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let mut now = Files::default();
        for (name, bytes) in files {
            now.names.insert(name, now.files.len());
            now.files.push(File { durable: bytes.clone(), bytes, writes: Vec::new() });
        }
        now.durable_names = now.names.clone();
        let before = now.clone();
        Self(Arc::new(Mutex::new(Inner { before, now, ..Inner::default() })))
    }

    /// Changes the bytes of a file behind everybody's back.
    pub fn damage(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut inner = self.lock();
        if let Some(&file) = inner.now.names.get(name) {
            let file = &mut inner.now.files[file];
            change(&mut file.bytes);
            file.durable = file.bytes.clone();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn apply(&self, event: Event) -> io::Result<()> {
        let mut inner = self.lock();
        let operation = inner.operations;
        inner.operations += 1;
        let fault = inner.fault.filter(|&(at, _)| at == operation).map(|(_, fault)| fault);
        let failed = || Err(io::Error::other("the disk has failed"));
        let event = match (fault, event) {
            (Some(Fault::Error), _) => return failed(),
            (Some(Fault::Half), Event::Write { file, offset, mut bytes }) => {
                bytes.truncate(bytes.len() / 2);
                Event::Write { file, offset, bytes }
            }
            // How much of a failed sync was done is unknown.
            (Some(Fault::Half), Event::Sync(_) | Event::SyncDir) => return failed(),
            (_, event) => event,
        };
        inner.now.apply(&event)?;
        inner.journal.push(event);
        if fault.is_some() { failed() } else { Ok(()) }
    }
}

impl Files {
    fn file(&mut self, name: &str) -> io::Result<&mut File> {
        let file = self.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(&mut self.files[*file])
    }

    fn change(&mut self, unlink: Option<&String>, link: Option<(&String, usize)>) {
        let link = link.map(|(name, file)| (name.clone(), file));
        let change = NameChange { unlink: unlink.cloned(), link };
        change.apply(&mut self.names);
        self.changes.push(change);
    }

    fn apply(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Create(name) => {
                if let Ok(file) = self.file(name) {
                    file.bytes.clear();
                    file.writes.clear();
                    file.durable.clear();
                } else {
                    self.files.push(File::default());
                    self.change(None, Some((name, self.files.len() - 1)));
                }
            }
            Event::Write { file, offset, bytes } => {
                let (file, offset) = (&mut self.files[*file], *offset as usize);
                put(&mut file.bytes, offset, bytes);
                file.writes.push((offset, bytes.clone()));
            }
            Event::Sync(file) => {
                let file = &mut self.files[*file];
                file.durable.clone_from(&file.bytes);
                file.writes.clear();
            }
            Event::Rename(from, to) => {
                let file = *self.names.get(from).ok_or(io::ErrorKind::NotFound)?;
                self.change(Some(from), Some((to, file)));
            }
            Event::Remove(name) => {
                self.file(name)?;
                self.change(Some(name), None);
            }
            Event::SyncDir => {
                self.durable_names.clone_from(&self.names);
                self.changes.clear();
            }
            Event::Mark(_) => {}
        }
        Ok(())
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        if let Some(name) = &self.unlink {
            names.remove(name);
        }
        if let Some((name, file)) = &self.link {
            names.insert(name.clone(), *file);
        }
    }
}

fn put(file: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[offset..end].copy_from_slice(bytes);
}

impl Playback {
    /// Lets one more event happen.
    pub fn play(&mut self, event: &Event) {
        // It worked when it was recorded.
        let _ = self.0.apply(event);
    }

    /// The disk after a loss of power at this moment; `seed` chooses which unsynced writes have survived.
    pub fn crash(&self, seed: u64) -> SimDisk {
        let mut dice = Dice(seed);
        // Some crashes keep nearly everything, some nearly nothing.
        let share = [0, 1, 8, 15, 16][dice.roll(5) as usize];
        let mut names = self.0.durable_names.clone();
        for change in &self.0.changes {
            if dice.roll(16) < share {
                change.apply(&mut names);
            }
        }
        let files = names.into_iter().map(|(name, file)| {
            let file = &self.0.files[file];
            let mut bytes = file.durable.clone();
            for (offset, written) in &file.writes {
                let mut at = 0;
                while at < written.len() {
                    let sector_end = (offset + at) / SECTOR_BYTES * SECTOR_BYTES + SECTOR_BYTES;
                    let end = (sector_end - offset).min(written.len());
                    if dice.roll(16) < share {
                        // Now and then a sector is torn itself.
                        let end = if dice.roll(40) == 0 { at + (end - at) / 2 } else { end };
                        put(&mut bytes, offset + at, &written[at..end]);
                    }
                    at = end;
                }
            }
            (name, bytes)
        });
        SimDisk::of(files.collect::<Vec<_>>())
    }
}

/// Numbers that look random and are the same for the same seed.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut h = self.0;
        h = (h ^ h >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        h = (h ^ h >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (h ^ h >> 31) % sides
    }
}

impl Disk for SimDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.lock().now.names.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        Ok(self.lock().now.file(name)?.bytes.clone())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        self.apply(Event::Create(name.to_owned()))?;
        self.open(name)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = *self.lock().now.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(SimFile { disk: self.clone(), file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.apply(Event::Rename(from.to_owned(), to.to_owned()))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.apply(Event::Remove(name.to_owned()))
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.apply(Event::SyncDir)
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(name)
    }
}

/// An open file, found by its number, which a new name does not change.
#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    file: usize,
}

impl DiskFile for SimFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let (file, bytes) = (self.file, bytes.to_vec());
        self.disk.apply(Event::Write { file, offset, bytes })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.apply(Event::Sync(self.file))
    }
}
