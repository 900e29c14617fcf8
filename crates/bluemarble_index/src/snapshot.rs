//! [`IndexSnapshot`]: what the index knows, kept in a file from one session to the next.
//!
//! Everything in it can be derived again. It is kept in groups, one for each shard of the store, each with the
//! stamp of the shard's version that it was derived from: a group counts only where the shard is still that
//! version. A file that is missing, damaged or of another world is begun anew and costs time, nothing else.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

use bluemarble_core::{CHUNK_VOLUME, ChunkKey, MAX_LOD, MaterialId};
use glam::IVec3;
use redb::{
    Database, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition,
    backends::InMemoryBackend,
};
use rustc_hash::FxHashMap;

use crate::NodeSummary;

/// Counts up when the file's contents change their meaning.
const VERSION: u32 = 1;
const ABOUT: TableDefinition<&str, &[u8]> = TableDefinition::new("about");
const GROUPS: TableDefinition<&str, &[u8]> = TableDefinition::new("groups");
const IDENTITY: &str = "identity";
const LSN: &str = "lsn";
/// Bytes before the stamp of a group: the checksum of all that follows.
const CHECKSUM_BYTES: usize = 4;

/// What is known of the chunks of a shard.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
pub struct SnapshotGroup {
    /// The version of the shard.
    pub stamp: String,
    /// All chunks that the shard has, and their summaries where the index knew them.
    pub chunks: Vec<(ChunkKey, Option<Arc<NodeSummary>>)>,
}

/// What a snapshot held when it was opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SnapshotContents {
    /// By name.
    pub groups: FxHashMap<String, SnapshotGroup>,
    /// The last batch of the log that is in the shards and in the summaries.
    pub lsn: u64,
    /// Why the file was begun anew, if it was there and was of no use.
    pub problem: Option<String>,
}

/// The file could not be made or written. Nothing depends on it.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}; delete the file and open the world again")]
pub struct SnapshotError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub reason: String,
}

/// A file of groups. It is read when it is opened, and not changed before [`IndexSnapshot::save`].
#[derive(Debug)]
pub struct IndexSnapshot {
    path: PathBuf,
    identity: String,
    /// Whether what is at the path is of no use.
    is_useless: bool,
}

impl IndexSnapshot {
    /// Reads the file. What it holds counts only for a world of this identity; whatever else is there is replaced
    /// by [`IndexSnapshot::save`].
    pub fn open(path: &Path, identity: &str) -> (Self, SnapshotContents) {
        let identity = format!("{VERSION} {identity}");
        let mut contents = SnapshotContents::default();
        if path.exists() {
            // The database checks what it reads, but not so that no file at all could make it panic.
            let loaded = catch_unwind(AssertUnwindSafe(|| load(path, &identity)));
            match loaded.unwrap_or_else(|_| Err("damaged".to_owned())) {
                Ok(loaded) => contents = loaded,
                Err(reason) => contents.problem = Some(reason),
            }
        }
        let is_useless = contents.problem.is_some();
        (Self { path: path.to_owned(), identity, is_useless }, contents)
    }

    /// What the file takes; 0 if there is none.
    pub fn file_bytes(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |file| file.len())
    }

    /// Replaces some groups, or removes those without contents, and leaves the others as they are. Makes the file
    /// if it is not there.
    ///
    /// # Errors
    /// [`SnapshotError`]; the file is as it was.
    pub fn save<'a>(
        &mut self,
        lsn: u64,
        groups: impl IntoIterator<Item = (&'a str, Option<&'a SnapshotGroup>)>,
    ) -> Result<(), SnapshotError> {
        let fail = |reason: String| SnapshotError { path: self.path.clone(), reason };
        if self.is_useless {
            fs::remove_file(&self.path).map_err(|error| fail(error.to_string()))?;
            self.is_useless = false;
        }
        save(&self.path, &self.identity, lsn, groups).map_err(|error| fail(error.to_string()))
    }
}

fn save<'a>(
    path: &Path,
    identity: &str,
    lsn: u64,
    groups: impl IntoIterator<Item = (&'a str, Option<&'a SnapshotGroup>)>,
) -> Result<(), redb::Error> {
    let database = Database::create(path)?;
    let transaction = database.begin_write()?;
    {
        let mut table = transaction.open_table(GROUPS)?;
        for (name, group) in groups {
            match group {
                Some(group) => drop(table.insert(name, &*encode(name, group))?),
                None => drop(table.remove(name)?),
            }
        }
        let mut about = transaction.open_table(ABOUT)?;
        about.insert(IDENTITY, identity.as_bytes())?;
        about.insert(LSN, &lsn.to_le_bytes()[..])?;
    }
    transaction.commit()?;
    Ok(())
}

/// Reads everything; an error says why the file is of no use. A database that is opened is changed: a copy in
/// memory is.
fn load(path: &Path, identity: &str) -> Result<SnapshotContents, String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    let copy = InMemoryBackend::new();
    let filled = copy.set_len(bytes.len() as u64).and_then(|()| copy.write(0, &bytes));
    filled.map_err(|error| error.to_string())?;
    drop(bytes);
    let opened = Database::builder().create_with_backend(copy);
    let mut database = opened.map_err(|error| error.to_string())?;
    // Pages are checked before anything in them is followed.
    match database.check_integrity() {
        Ok(true) => {}
        Ok(false) => return Err("damaged".to_owned()),
        Err(error) => return Err(error.to_string()),
    }
    let contents = read(&database, identity).map_err(|error| error.to_string())?;
    contents.ok_or_else(|| "made for another world, or by another version".to_owned())
}

fn read(database: &Database, identity: &str) -> Result<Option<SnapshotContents>, redb::Error> {
    let transaction = database.begin_read()?;
    let about = transaction.open_table(ABOUT)?;
    if about.get(IDENTITY)?.is_none_or(|found| found.value() != identity.as_bytes()) {
        return Ok(None);
    }
    let lsn = about.get(LSN)?.and_then(|found| found.value().try_into().ok());
    let mut contents =
        SnapshotContents { lsn: lsn.map_or(0, u64::from_le_bytes), ..SnapshotContents::default() };
    for entry in transaction.open_table(GROUPS)?.iter()? {
        let (name, bytes) = entry?;
        if let Some(group) = decode(name.value(), bytes.value()) {
            contents.groups.insert(name.value().to_owned(), group);
        }
    }
    Ok(Some(contents))
}

/// Checksum, stamp, count; of each chunk region, lod, position, and of its summary the solid box and the
/// materials with their counts. All numbers are little-endian.
fn encode(name: &str, group: &SnapshotGroup) -> Vec<u8> {
    let mut bytes = vec![0; CHECKSUM_BYTES];
    let stamp = &group.stamp.as_bytes()[..group.stamp.len().min(usize::from(u16::MAX))];
    bytes.extend((stamp.len() as u16).to_le_bytes());
    bytes.extend(stamp);
    bytes.extend((group.chunks.len() as u32).to_le_bytes());
    for (key, summary) in &group.chunks {
        bytes.extend([key.region, key.lod]);
        bytes.extend(key.pos.to_array().into_iter().flat_map(i32::to_le_bytes));
        let Some(summary) = summary else {
            bytes.push(0);
            continue;
        };
        match summary.solid_bounds() {
            None => bytes.push(1),
            Some((min, max)) => {
                bytes.push(2);
                bytes.extend([min, max].iter().flat_map(|at| at.to_array()).map(|at| at as u8));
            }
        }
        bytes.extend((summary.distribution().len() as u32).to_le_bytes());
        for (material, count) in summary.distribution() {
            bytes.extend(material.0.to_le_bytes());
            bytes.extend(count.to_le_bytes());
        }
    }
    let checksum = checksum(name, &bytes[CHECKSUM_BYTES..]);
    bytes[..CHECKSUM_BYTES].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn checksum(name: &str, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(name.as_bytes()), bytes)
}

/// What is left to decode.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.0.split_at_checked(count)?;
        self.0 = left;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn number(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }
}

/// Undoes [`encode`]; `None` if the bytes are not what was encoded.
fn decode(name: &str, bytes: &[u8]) -> Option<SnapshotGroup> {
    let mut input = Input(bytes);
    if input.number()? != checksum(name, input.0) {
        return None;
    }
    let stamp = usize::from(u16::from_le_bytes(input.array()?));
    let stamp = std::str::from_utf8(input.take(stamp)?).ok()?.to_owned();
    let count = input.number()?;
    let chunks = (0..count).map(|_| decode_chunk(&mut input)).collect::<Option<_>>()?;
    Some(SnapshotGroup { stamp, chunks })
}

fn decode_chunk(input: &mut Input) -> Option<(ChunkKey, Option<Arc<NodeSummary>>)> {
    let [region, lod] = input.array()?;
    let mut axis = || input.array().map(i32::from_le_bytes);
    let pos = IVec3::new(axis()?, axis()?, axis()?);
    if lod > MAX_LOD {
        return None;
    }
    let key = ChunkKey::new(region, lod, pos);
    let [kind] = input.array()?;
    let solid = match kind {
        0 => return Some((key, None)),
        1 => None,
        _ => {
            let [x, y, z, to_x, to_y, to_z] = input.array::<6>()?.map(i32::from);
            Some((IVec3::new(x, y, z), IVec3::new(to_x, to_y, to_z)))
        }
    };
    let materials = input.number()?;
    let counts = (0..materials).map(|_| {
        let [low, high, count @ ..] = input.array::<6>()?;
        Some((MaterialId(u16::from_le_bytes([low, high])), u32::from_le_bytes(count)))
    });
    let counts = counts.collect::<Option<Vec<_>>>()?;
    let total: u64 = counts.iter().map(|&(_, count)| u64::from(count)).sum();
    if total != CHUNK_VOLUME as u64 {
        return None;
    }
    Some((key, Some(Arc::new(NodeSummary::new(counts, solid)))))
}

#[cfg(test)]
mod tests {
    use glam::ivec3;
    use proptest::prelude::*;

    use super::*;

    fn summary(kind: u16) -> Option<Arc<NodeSummary>> {
        let volume = CHUNK_VOLUME as u32;
        match kind {
            0 => None,
            1 => Some(NodeSummary::new(vec![(MaterialId::AIR, volume)], None)),
            _ => {
                let counts = (1..kind).map(|id| (MaterialId(id), 7 + u32::from(id)));
                let rest = volume - counts.clone().map(|(_, count)| count).sum::<u32>();
                let counts = counts.chain([(MaterialId::AIR, rest)]).collect();
                Some(NodeSummary::new(counts, Some((ivec3(1, 0, 3), IVec3::splat(64)))))
            }
        }
        .map(Arc::new)
    }

    fn group(number: i32) -> SnapshotGroup {
        let chunk = |i: i32| {
            let key = ChunkKey::new(i as u8 % 6, i as u8 % 21, ivec3(-i, i, number));
            (key, summary((i * number % 40) as u16))
        };
        SnapshotGroup {
            stamp: format!("stamp-{number}"),
            chunks: (0..number % 9).map(chunk).collect(),
        }
    }

    fn made(path: &Path, groups: i32) -> FxHashMap<String, SnapshotGroup> {
        let groups: FxHashMap<_, _> =
            (0..groups).map(|number| (format!("own/{number}"), group(number))).collect();
        let (mut snapshot, contents) = IndexSnapshot::open(path, "world");
        assert_eq!(contents, SnapshotContents::default());
        let all = groups.iter().map(|(name, group)| (name.as_str(), Some(group)));
        snapshot.save(7, all).expect("saves");
        groups
    }

    #[test]
    fn what_is_saved_is_there_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("index.redb");
        let mut groups = made(&path, 50);
        let (mut snapshot, contents) = IndexSnapshot::open(&path, "world");
        assert_eq!((contents.lsn, contents.problem), (7, None));
        assert_eq!(contents.groups, groups);
        let other = group(80);
        snapshot.save(9, [("own/3", None), ("own/4", Some(&other))]).expect("saves");
        drop(snapshot);
        groups.remove("own/3");
        groups.insert("own/4".to_owned(), other);
        let (_, contents) = IndexSnapshot::open(&path, "world");
        assert_eq!((contents.groups, contents.lsn), (groups, 9));
    }

    #[test]
    fn the_snapshot_of_another_world_is_begun_anew() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("index.redb");
        made(&path, 5);
        let before = fs::read(&path).expect("bytes");
        let (mut snapshot, contents) = IndexSnapshot::open(&path, "another");
        assert!(contents.groups.is_empty() && contents.problem.is_some());
        assert!(fs::read(&path).expect("bytes") == before, "looking changes nothing");
        let other = group(3);
        snapshot.save(1, [("own/0", Some(&other))]).expect("saves");
        let (_, contents) = IndexSnapshot::open(&path, "another");
        assert_eq!((contents.groups.len(), contents.problem), (1, None));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn a_damaged_file_costs_groups_and_nothing_else(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let dir = tempfile::tempdir().expect("a folder");
            let path = dir.path().join("index.redb");
            let groups = made(&path, 30);
            let mut bytes = fs::read(&path).expect("bytes");
            for (place, byte) in damage {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            fs::write(&path, bytes).expect("writes");
            let (mut snapshot, contents) = IndexSnapshot::open(&path, "world");
            for (name, group) in &contents.groups {
                prop_assert_eq!(groups.get(name), Some(group), "{}", name);
            }
            snapshot.save(8, [("own/1", Some(&groups["own/1"]))]).expect("saves");
            drop(snapshot);
            let (_, contents) = IndexSnapshot::open(&path, "world");
            prop_assert_eq!(contents.groups.get("own/1"), Some(&groups["own/1"]));
        }
    }
}
