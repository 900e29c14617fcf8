//! What every store must do, in memory and on disk.

mod copy;
mod damage;
mod documents;
mod faults;
pub(crate) mod faulty;
mod import;
mod lease;
mod maintain;
mod object_faults;
mod partial;
mod places;
mod refusals;
mod requests;
mod scripted;
mod snapshots;
mod storage;
mod threads;
mod version_1;

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use bluemarble_core::{
    CHUNK_VOLUME, Chunk, ChunkKey, Flat, MaterialId, MaterialTable, Shape, block_on,
};
use glam::{IVec3, ivec3};
use object_store::{ObjectStore, local::LocalFileSystem, memory::InMemory};
use proptest::prelude::*;

use super::ChunkStore;
use crate::{ChunkCodec, ChunkEdge, StorageOptions, StoreError, WorldMetadata};

const FLAT: Shape = Shape::Flat(Flat { voxel_m: 1.0 });
const EARTH: Shape = Shape::earth();

fn metadata(shape: Shape) -> WorldMetadata {
    WorldMetadata::new(shape, "superflat 7".to_owned(), &MaterialTable::standard())
}

fn open(objects: &Arc<dyn ObjectStore>, shape: Shape) -> ChunkStore {
    open_stored(objects, shape, StorageOptions::default())
}

/// Opens a world, or makes it with these options.
fn open_stored(
    objects: &Arc<dyn ObjectStore>,
    shape: Shape,
    storage: StorageOptions,
) -> ChunkStore {
    let metadata = metadata(shape).with_storage(storage);
    block_on(ChunkStore::with_objects(Arc::clone(objects), &metadata)).expect("opens")
}

/// Every edge with every codec.
fn all_storage() -> impl Iterator<Item = StorageOptions> {
    let with_edge =
        |chunk_edge| ChunkCodec::ALL.map(move |codec| StorageOptions { chunk_edge, codec });
    ChunkEdge::ALL.into_iter().flat_map(with_edge)
}

fn in_memory() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

/// The objects of a directory, without the lock.
fn on_disk(dir: &Path) -> Arc<dyn ObjectStore> {
    Arc::new(LocalFileSystem::new_with_prefix(dir).expect("a directory").with_fsync(true))
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory for temporary files")
}

fn read(store: &ChunkStore, key: ChunkKey) -> Result<Option<Chunk>, StoreError> {
    block_on(store.read(key))
}

fn write(store: &ChunkStore, chunks: &[(ChunkKey, Chunk)]) -> Result<(), StoreError> {
    let chunks: Vec<_> = chunks.iter().map(|(key, chunk)| (*key, chunk)).collect();
    block_on(store.write(&chunks))
}

/// Chunks of one, a few and many materials; never twice the same.
fn chunk(seed: u64) -> Chunk {
    let mut chunk = Chunk::uniform(MaterialId(seed as u16 % 50));
    let mut state = seed;
    for _ in 0..seed % 7 * 90 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        chunk.set_index(
            (state >> 33) as usize % CHUNK_VOLUME,
            MaterialId((state >> 20) as u16 % 400),
        );
    }
    chunk.set_index(seed as usize % CHUNK_VOLUME, MaterialId((seed >> 18) as u16 % 60_000));
    chunk
}

/// Every file below a directory and what is in it.
fn files(dir: &Path) -> HashMap<PathBuf, Vec<u8>> {
    let mut found = HashMap::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).expect("a directory") {
            let entry = entry.expect("an entry");
            if entry.file_type().expect("a type").is_dir() {
                dirs.push(entry.path());
            } else {
                found.insert(entry.path(), std::fs::read(entry.path()).expect("a file"));
            }
        }
    }
    found
}

/// Keys of every lod, mostly at the corners, where positions are negative, and beside each other.
fn any_key(shape: Shape) -> impl Strategy<Value = ChunkKey> {
    (0..shape.regions(), prop_oneof![0u8..=20, Just(17)]).prop_flat_map(move |(region, lod)| {
        let end = 1i32 << (20 - lod);
        let start = if matches!(shape, Shape::Flat(_)) { -end } else { 0 };
        let near = 3.min(end);
        let axis =
            move || prop_oneof![start..start + near, -near.min(-start)..near, end - near..end];
        (axis(), axis(), axis())
            .prop_map(move |(x, y, z)| ChunkKey::new(region, lod, ivec3(x, y, z)))
    })
}

fn any_writes(shape: Shape) -> impl Strategy<Value = Vec<Vec<(ChunkKey, u64)>>> {
    prop::collection::vec(prop::collection::vec((any_key(shape), any::<u64>()), 1..5), 1..4)
}

/// Writes batch by batch, and compares everything with a map after opening the world once more.
fn check_round_trip(
    objects: &Arc<dyn ObjectStore>,
    shape: Shape,
    storage: StorageOptions,
    batches: Vec<Vec<(ChunkKey, u64)>>,
) -> Result<(), TestCaseError> {
    let mut oracle = HashMap::new();
    let store = open_stored(objects, shape, storage);
    for batch in batches {
        let chunks: Vec<_> = batch.iter().map(|&(key, seed)| (key, chunk(seed))).collect();
        write(&store, &chunks).expect("writes");
        for (key, seed) in batch {
            oracle.insert(key, seed);
        }
    }
    for store in [store, open(objects, shape)] {
        for (&key, &seed) in &oracle {
            prop_assert_eq!(read(&store, key).expect("reads"), Some(chunk(seed)), "{}", key);
            let beside = [IVec3::X, IVec3::Y, IVec3::NEG_Z].map(|step| key.pos + step);
            for pos in beside {
                let beside = ChunkKey::new(key.region, key.lod, pos);
                if !oracle.contains_key(&beside) {
                    match read(&store, beside) {
                        Ok(found) => prop_assert_eq!(found, None, "{}", beside),
                        Err(error) => prop_assert!(
                            matches!(error, StoreError::OutsideLattice { key } if key == beside),
                            "{}",
                            error
                        ),
                    }
                }
            }
        }
        let keys = store.keys_blocking().expect("lists");
        prop_assert_eq!(keys.len(), oracle.len());
        prop_assert_eq!(keys.into_iter().collect::<HashSet<_>>(), oracle.keys().copied().collect());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn what_is_written_to_a_flat_world_comes_back_and_nothing_else(batches in any_writes(FLAT)) {
        check_round_trip(&in_memory(), FLAT, StorageOptions::default(), batches)?;
    }

    #[test]
    fn what_is_written_to_a_planet_comes_back_and_nothing_else(batches in any_writes(EARTH)) {
        check_round_trip(&in_memory(), EARTH, StorageOptions::default(), batches)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn what_is_written_to_a_directory_comes_back_and_nothing_else(batches in any_writes(FLAT)) {
        let dir = directory();
        check_round_trip(&on_disk(dir.path()), FLAT, StorageOptions::default(), batches)?;
    }
}

#[test]
fn a_directory_that_is_closed_and_opened_again_has_its_chunks() {
    let dir = directory();
    let path = dir.path().join("worlds/new");
    let key = ChunkKey::new(0, 3, ivec3(-5, -1, 7));
    {
        let store = ChunkStore::create_or_open(&path, &metadata(FLAT)).expect("made");
        assert_eq!(store.keys_blocking().expect("lists"), []);
        write(&store, &[(key, chunk(5))]).expect("writes");
    }
    let store = ChunkStore::create_or_open(&path, &metadata(FLAT)).expect("opened");
    assert_eq!(store.keys_blocking().expect("lists"), [key]);
    assert_eq!(read(&store, key).expect("reads"), Some(chunk(5)));
    assert_eq!(store.shape(), FLAT);
}

#[test]
fn an_edit_costs_one_shard_three_documents_and_a_manifest_that_a_commit_makes_two_files() {
    let dir = directory();
    let store = ChunkStore::create_or_open(dir.path(), &metadata(EARTH)).expect("made");
    write(&store, &[(ChunkKey::new(4, 2, ivec3(9, 10, 11)), chunk(6))]).expect("writes");
    block_on(store.commit()).expect("commits");
    let mut names: Vec<_> = files(dir.path())
        .into_keys()
        .map(|path| path.strip_prefix(dir.path()).expect("below").display().to_string())
        .collect();
    names.sort_unstable();
    let expected = [
        ".lock",
        "manifest/pages-00000000000000000001",
        "manifest/root.json",
        "region4/lod2/c/2/2/2",
        "region4/lod2/zarr.json",
        "region4/zarr.json",
        "zarr.json",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_chunk_of_air_is_stored_and_not_taken_for_an_unedited_one() {
    let objects = in_memory();
    let key = ChunkKey::new(0, 0, ivec3(-1, 2, -3));
    let store = open(&objects, FLAT);
    write(&store, &[(key, chunk(8))]).expect("writes");
    write(&store, &[(key, Chunk::default())]).expect("writes");
    for store in [store, open(&objects, FLAT)] {
        assert_eq!(read(&store, key).expect("reads"), Some(Chunk::default()));
        assert_eq!(store.keys_blocking().expect("lists"), [key]);
    }
}

#[test]
fn of_two_chunks_with_one_key_the_later_one_counts() {
    let store = open(&in_memory(), EARTH);
    let key = ChunkKey::new(1, 20, IVec3::ZERO);
    write(&store, &[(key, chunk(1)), (key, chunk(2))]).expect("writes");
    assert_eq!(read(&store, key).expect("reads"), Some(chunk(2)));
}

#[test]
fn a_batch_with_a_bad_chunk_writes_nothing() {
    let objects = in_memory();
    let store = open(&objects, EARTH);
    let good = ChunkKey::new(0, 0, IVec3::ZERO);
    let outside = ChunkKey::new(0, 0, ivec3(0, -1, 0));
    let error = write(&store, &[(good, chunk(1)), (outside, chunk(2))]).expect_err("outside");
    assert!(matches!(error, StoreError::OutsideLattice { key } if key == outside), "{error}");
    let mut incomplete = chunk(3);
    incomplete.set_index(4321, MaterialId::UNSTORED);
    let bad = ChunkKey::new(2, 5, ivec3(1, 2, 3));
    let error = write(&store, &[(good, chunk(1)), (bad, incomplete)]).expect_err("incomplete");
    let is_named = matches!(error, StoreError::Incomplete { key, cell: 4321 } if key == bad);
    assert!(is_named, "{error}");
    assert!(matches!(read(&store, outside), Err(StoreError::OutsideLattice { .. })));
    assert_eq!(open(&objects, EARTH).keys_blocking().expect("lists"), []);
}

#[test]
fn statistics_count_what_was_done() {
    let dir = directory();
    let store = open(&on_disk(dir.path()), EARTH);
    let near = ChunkKey::new(0, 0, IVec3::ZERO);
    let far = ChunkKey::new(0, 0, ivec3(4, 0, 0));
    write(
        &store,
        &[(near, chunk(1)), (ChunkKey { pos: IVec3::X, ..near }, chunk(2)), (far, chunk(3))],
    )
    .expect("writes");
    let shards: u64 =
        files(&dir.path().join("region0/lod0/c")).values().map(|f| f.len() as u64).sum();
    let written = store.statistics();
    assert_eq!((written.chunks_written, written.shards_replaced), (3, 2));
    assert_eq!((written.bytes_written, written.chunks_read), (shards, 0));
    read(&store, near).expect("reads");
    read(&store, ChunkKey { pos: IVec3::Y, ..near }).expect("reads");
    let first = store.statistics();
    assert_eq!(first.chunks_read, 1);
    read(&store, near).expect("reads");
    let second = store.statistics();
    // The index of the shard is remembered: only the chunk itself is read again.
    let (chunk_bytes, with_index) =
        (second.bytes_read - first.bytes_read, first.bytes_read - written.bytes_read);
    assert_eq!(with_index, chunk_bytes + 64 * 16 + 4 + crate::shard::STAMP_BYTES as u64);
}
