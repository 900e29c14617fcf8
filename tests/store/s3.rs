//! The S3 protocol as a server other than ours understands it.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use bluemarble_core::{Chunk, ChunkKey, MaterialId, MaterialTable, Shape};
use bluemarble_store::{
    Capabilities, ChunkStore, StoreError, StoreOptions, WorldLocation, WorldMetadata, connect,
};
use futures::{TryStreamExt, executor::block_on};
use glam::{IVec3, ivec3};
use object_store::{ObjectStore, ObjectStoreExt, path::Path};

use crate::moto;

pub fn metadata() -> WorldMetadata {
    WorldMetadata::new(Shape::earth(), "superflat 7".to_owned(), &MaterialTable::standard())
}

pub fn chunk(seed: u32) -> Chunk {
    let mut chunk = Chunk::uniform(MaterialId(seed as u16 % 40));
    let mut state = seed;
    for _ in 0..seed % 9 * 200 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        chunk.set_index(state as usize >> 14, MaterialId((state >> 5) as u16 % 300));
    }
    chunk
}

pub fn write(store: &ChunkStore, chunks: &[(ChunkKey, Chunk)]) -> Result<(), StoreError> {
    let chunks: Vec<_> = chunks.iter().map(|(key, chunk)| (*key, chunk)).collect();
    block_on(store.write(&chunks))
}

pub fn read(store: &ChunkStore, key: ChunkKey) -> Option<Chunk> {
    block_on(store.read(key)).expect("reads")
}

pub fn open(bucket: &str) -> Result<ChunkStore, StoreError> {
    ChunkStore::open(&moto::location(bucket), &metadata(), &moto::options(moto::port()))
}

fn open_reader(bucket: &str) -> ChunkStore {
    let options = moto::options(moto::port());
    ChunkStore::open_read_only(&moto::location(bucket), &options).expect("opens")
}

fn objects(bucket: &str) -> Arc<dyn ObjectStore> {
    let options = moto::options(moto::port());
    connect(&moto::location(bucket), &options).expect("a client")
}

fn keys() -> Vec<ChunkKey> {
    let mut keys: Vec<_> = (0..6)
        .flat_map(|region| {
            [(0, 0), (0, 1_048_575), (7, 300), (18, 3), (20, 0)]
                .map(|(lod, x)| ChunkKey::new(region, lod, ivec3(x, 0, x / 2)))
        })
        .collect();
    keys.extend((0..4).map(|y| ChunkKey::new(2, 0, ivec3(80, y, 81))));
    keys
}

#[test]
fn a_planet_comes_back_as_it_was_written() {
    let bucket = moto::new_bucket();
    let world: HashMap<_, _> = keys().into_iter().zip((1..).map(chunk)).collect();
    let store = open(&bucket).expect("made");
    let both = Capabilities { conditional_create: true, conditional_update: true };
    assert_eq!(store.capabilities(), both);
    let all: Vec<_> = world.iter().map(|(key, chunk)| (*key, chunk.clone())).collect();
    for half in all.chunks(all.len() / 2) {
        write(&store, half).expect("writes");
    }
    let check = |store: &ChunkStore| {
        for (key, chunk) in &world {
            assert_eq!(read(store, *key).as_ref(), Some(chunk), "{key}");
        }
        assert_eq!(read(store, ChunkKey::new(0, 0, IVec3::ONE)), None);
        assert_eq!(read(store, ChunkKey::new(3, 9, IVec3::ONE)), None);
        let mut found = store.keys_blocking().expect("lists");
        let mut expected: Vec<_> = world.keys().copied().collect();
        for keys in [&mut found, &mut expected] {
            keys.sort_by_key(|key| (key.region, key.lod, key.pos.to_array()));
        }
        assert_eq!(found, expected);
    };
    check(&store);
    drop(store);
    check(&open(&bucket).expect("opens"));
    let reader = open_reader(&bucket);
    assert_eq!(reader.metadata(), &metadata());
    check(&reader);
    let error = write(&reader, &all).expect_err("read only");
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
    let document = moto::request("GET", &format!("/{bucket}/planets/earth/zarr.json"), "");
    assert!(document.contains("superflat 7"), "{document}");
}

#[test]
fn a_web_server_is_enough_to_read_a_world() {
    let bucket = moto::new_bucket();
    let key = ChunkKey::new(5, 3, ivec3(1, 2, 3));
    write(&open(&bucket).expect("made"), &[(key, chunk(5))]).expect("writes");
    let url = format!("http://127.0.0.1:{}/{bucket}/planets/earth", moto::port());
    let location: WorldLocation = url.parse().expect("a location");
    let options = StoreOptions::default();
    let store = ChunkStore::open_read_only(&location, &options).expect("opens");
    assert_eq!(store.metadata(), &metadata());
    assert_eq!(read(&store, key), Some(chunk(5)));
    assert_eq!(read(&store, ChunkKey::new(5, 3, ivec3(1, 2, 2))), None);
    assert_eq!(read(&store, ChunkKey::new(0, 0, IVec3::ZERO)), None);
    let error =
        ChunkStore::open(&location, &metadata(), &options).expect_err("nobody writes there");
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
}

#[test]
fn another_world_and_no_world_are_told_apart() {
    let bucket = moto::new_bucket();
    let options = moto::options(moto::port());
    let none = ChunkStore::open_read_only(&moto::location(&bucket), &options).expect_err("nothing");
    assert!(matches!(none, StoreError::NoWorld { .. }), "{none}");
    drop(open(&bucket).expect("made"));
    let other = WorldMetadata { baseline: "noise 3".to_owned(), ..metadata() };
    let error = ChunkStore::open(&moto::location(&bucket), &other, &options).expect_err("another");
    assert!(matches!(error, StoreError::Mismatch { .. }), "{error}");
    drop(open(&bucket).expect("its lease was given back"));
    let missing: WorldLocation = "s3://there-is-no-such-bucket/w".parse().expect("a location");
    let error = ChunkStore::open(&missing, &metadata(), &options).expect_err("no bucket");
    assert!(error.to_string().contains("NoSuchBucket"), "{error}");
}

#[test]
fn a_second_writer_is_refused_until_the_first_has_closed_the_world() {
    let bucket = moto::new_bucket();
    let first = open(&bucket).expect("made");
    let error = open(&bucket).expect_err("taken");
    let named = matches!(&error, StoreError::HeldByWriter { location, writer, .. }
        if location.starts_with("s3://") && writer.contains(&std::process::id().to_string()));
    assert!(named, "{error}");
    open_reader(&bucket);
    drop(first);
    open(&bucket).expect("free");
}

#[test]
fn a_lease_that_is_over_is_taken_over_and_one_that_is_not_is_kept() {
    let bucket = moto::new_bucket();
    drop(open(&bucket).expect("made"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    let put = |expires: u128| {
        let path = format!("/{bucket}/planets/earth/.writer");
        let lease = format!(
            r#"{{"owner":"x","serial":1,"host":"far","pid":12,"expires_unix_ms":{expires}}}"#
        );
        moto::request("PUT", &path, &lease);
    };
    put(now + 3_600_000);
    let error = open(&bucket).expect_err("held");
    assert!(error.to_string().contains("process 12 on far"), "{error}");
    put(now - 60_000);
    let store = open(&bucket).expect("over");
    write(&store, &[(ChunkKey::new(0, 0, IVec3::ZERO), chunk(3))]).expect("writes");
}

#[test]
fn a_reader_sees_a_replaced_shard() {
    let bucket = moto::new_bucket();
    let writer = open(&bucket).expect("made");
    let key = |x| ChunkKey::new(1, 4, ivec3(x, 8, 8));
    write(&writer, &[(key(0), chunk(4)), (key(1), chunk(5))]).expect("writes");
    let reader = open_reader(&bucket);
    for seed in 6..12 {
        assert_eq!(read(&reader, key(1)), Some(chunk(5)));
        write(&writer, &[(key(0), chunk(seed))]).expect("writes");
        assert_eq!(read(&reader, key(1)), Some(chunk(5)), "{seed}");
        assert_eq!(read(&reader, key(0)), Some(chunk(seed)));
    }
}

#[test]
fn what_is_not_there_may_be_deleted_and_a_listing_is_whole() {
    let bucket = moto::new_bucket();
    let objects = objects(&bucket);
    block_on(objects.delete(&Path::from("nothing"))).expect("as S3 has it");
    for at in 0..40 {
        block_on(objects.put(&Path::from(format!("many/{at}")), "x".into())).expect("writes");
    }
    let found: Vec<_> = block_on(objects.list(None).try_collect()).expect("lists");
    assert_eq!(found.len(), 40);
    // A listing that nobody reads to its end costs nothing.
    let first = block_on(objects.list(None).try_next()).expect("lists");
    assert!(first.is_some());
    block_on(objects.delete(&Path::from("many/7"))).expect("deletes");
    let gone = block_on(objects.get(&Path::from("many/7"))).expect_err("gone");
    assert!(matches!(gone, object_store::Error::NotFound { .. }), "{gone}");
}

#[test]
fn many_threads_without_a_runtime_read_and_write_at_once() {
    let bucket = moto::new_bucket();
    let store = open(&bucket).expect("made");
    let key = |thread: i32, at: i32| ChunkKey::new(0, 2, ivec3(at % 4, thread % 4, at));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for at in 0..8 {
                    let chunk = chunk((thread * 8 + at) as u32);
                    write(store, &[(key(thread, at), chunk.clone())]).expect("writes");
                    assert_eq!(read(store, key(thread, at)), Some(chunk));
                }
            });
        }
    });
    for thread in 0..4 {
        for at in 0..8 {
            let expected = chunk((thread * 8 + at) as u32);
            assert_eq!(read(&store, key(thread, at)), Some(expected));
        }
    }
}
