//! Worlds copied between directories, a bucket and a web server, and taken back in time in a bucket.

use std::time::{Duration, UNIX_EPOCH};

use bluemarble_core::{Chunk, ChunkKey};
use bluemarble_store::{ChunkStore, CopiedWorld, SnapshotPolicy, StoreOptions, WorldLocation};
use futures::executor::block_on;
use glam::ivec3;

use crate::{
    moto,
    s3::{chunk, metadata, read, write},
};

const SHARDS: i32 = 40;

fn key(number: i32) -> ChunkKey {
    ChunkKey::new((number % 6) as u8, (number % 2) as u8, ivec3(number * 4, 3, 8))
}

fn chunks(first_seed: u32) -> Vec<(ChunkKey, Chunk)> {
    (0..SHARDS).map(|number| (key(number), chunk(first_seed + number as u32))).collect()
}

fn check(location: &WorldLocation, options: &StoreOptions, first_seed: u32) {
    let store = ChunkStore::open_read_only(location, options).expect("opens");
    for (key, chunk) in chunks(first_seed) {
        assert_eq!(read(&store, key), Some(chunk), "{location}: {key}");
    }
    let listing = block_on(store.list_by_manifest()).expect("lists");
    assert_eq!(listing.shards.len() as i32, SHARDS);
    assert_eq!(block_on(store.check_manifest(&listing)).expect("reads"), []);
}

fn copy(
    (from, from_options): (&WorldLocation, &StoreOptions),
    (to, to_options): (&WorldLocation, &StoreOptions),
) -> CopiedWorld {
    let source = ChunkStore::open_read_only(from, from_options).expect("opens");
    let mut options = to_options.clone();
    options.resume_copy = true;
    let target = ChunkStore::open(to, source.metadata(), &options).expect("opens");
    block_on(target.copy_from(&source, None, &[], |_| ())).expect("copies")
}

#[test]
fn a_world_goes_from_a_directory_to_a_bucket_and_over_http_back_into_a_directory() {
    let (ours, theirs) =
        (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let (ours, theirs): (WorldLocation, WorldLocation) = (ours.path().into(), theirs.path().into());
    let here = StoreOptions::default();
    let bucket = moto::new_bucket();
    let (bucket_url, cloud) = (moto::location(&bucket), moto::options(moto::port()));
    let url = format!("http://127.0.0.1:{}/{bucket}/planets/earth", moto::port());
    let url: WorldLocation = url.parse().expect("a location");

    let edit = |seed: u32, count: usize| {
        let store = ChunkStore::open(&ours, &metadata(), &here).expect("opens");
        write(&store, &chunks(seed)[..count]).expect("writes");
        block_on(store.commit()).expect("commits");
    };
    edit(1, SHARDS as usize);
    copy((&ours, &here), (&bucket_url, &cloud));
    check(&bucket_url, &cloud, 1);
    copy((&url, &here), (&theirs, &here));
    check(&theirs, &here, 1);

    edit(100, SHARDS as usize);
    edit(200, 3);
    edit(100, 3);
    let copied = copy((&ours, &here), (&bucket_url, &cloud));
    assert_eq!(copied.copied, SHARDS as u64, "shards alone");
    check(&url, &here, 100);
    copy((&bucket_url, &cloud), (&theirs, &here));
    check(&theirs, &here, 100);
    assert_eq!(copy((&url, &here), (&theirs, &here)).copied, 0);
}

#[test]
fn a_world_in_a_bucket_is_taken_back_in_time() {
    let bucket = moto::new_bucket();
    let (url, options) = (moto::location(&bucket), moto::options(moto::port()));
    let store = ChunkStore::open(&url, &metadata(), &options).expect("opens");
    let mut numbers = Vec::new();
    for step in 0..3 {
        write(&store, &chunks(step * 50)).expect("writes");
        let now = UNIX_EPOCH + Duration::from_secs(u64::from(step));
        let taken = block_on(store.take_snapshot(now, &SnapshotPolicy::ALL)).expect("takes");
        numbers.push(taken.snapshot.number);
    }
    for (number, step) in [(numbers[0], 0), (numbers[2], 2), (numbers[1], 1)] {
        let now = UNIX_EPOCH + Duration::from_secs(9);
        block_on(store.restore_snapshot(number, now)).expect("restores");
        check(&url, &options, step * 50);
    }
}
