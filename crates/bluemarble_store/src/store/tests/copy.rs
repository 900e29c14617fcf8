//! Copies of worlds: whole, resumable, of one moment.

use std::time::UNIX_EPOCH;

use super::{
    faulty::{Faulty, Moment},
    *,
};
use crate::{CopiedWorld, SnapshotPolicy, StoreOptions};

const SHARDS: u64 = 30;

fn key(number: u64) -> ChunkKey {
    ChunkKey::new((number % 6) as u8, (number % 3) as u8, ivec3(number as i32 * 5, 1, 2))
}

fn world(objects: &Arc<dyn ObjectStore>) -> ChunkStore {
    let store = open(objects, EARTH);
    let chunks: Vec<_> = (0..SHARDS).map(|number| (key(number), chunk(number + 1))).collect();
    write(&store, &chunks).expect("writes");
    block_on(store.commit()).expect("commits");
    store
}

fn reader(objects: &Arc<dyn ObjectStore>) -> ChunkStore {
    ChunkStore::with_read_only_objects(objects.clone(), &StoreOptions::default()).expect("opens")
}

/// Chunks of materials that the world has; never twice the same.
fn chunk(seed: u64) -> Chunk {
    let mut chunk = Chunk::uniform(MaterialId(seed as u16 % 40));
    for cell in 0..seed * 7 {
        chunk.set_index((cell * seed * 31) as usize % CHUNK_VOLUME, MaterialId((cell % 70) as u16));
    }
    chunk
}

/// Opens the target of a copy, or makes it.
fn target(objects: &Arc<dyn ObjectStore>) -> ChunkStore {
    let options = StoreOptions { resume_copy: true, ..StoreOptions::default() };
    ChunkStore::with_shared_objects(objects.clone(), &metadata(EARTH), &options).expect("opens")
}

fn copy(from: &ChunkStore, to: &Arc<dyn ObjectStore>) -> Result<CopiedWorld, StoreError> {
    block_on(target(to).copy_from(from, None, &["materials.ron"], |_| ()))
}

/// Every chunk and every check of a store.
fn check(store: &ChunkStore, expected: impl Fn(u64) -> Option<Chunk>) {
    for number in 0..SHARDS {
        let found = read(store, key(number)).expect("reads");
        assert!(found == expected(number), "chunk {number} is another one");
    }
    let listing = block_on(store.list_shards()).expect("lists");
    let mut damages = block_on(store.check_documents(&listing.arrays)).expect("reads");
    damages.extend(block_on(store.check_manifest(&listing)).expect("reads"));
    for shard in &listing.shards {
        damages.extend(block_on(store.check_shard(shard, |_| ())).expect("reads"));
    }
    assert_eq!(damages, []);
}

#[test]
fn a_copy_is_the_same_world_and_the_next_one_copies_only_what_has_changed() {
    let (ours, theirs) = (in_memory(), in_memory());
    let store = world(&ours);
    block_on(ours.put_opts(&"materials.ron".into(), "x".into(), Default::default())).expect("puts");
    let first = copy(&reader(&ours), &theirs).expect("copies");
    // But for the world's own document, which the copy has made.
    assert_eq!(first.copied, first.files - 1);
    check(&reader(&theirs), |number| Some(chunk(number + 1)));
    let beside = block_on(theirs.get_opts(&"materials.ron".into(), Default::default()));
    assert_eq!(block_on(beside.expect("is there").bytes()).expect("reads"), "x");

    write(&store, &[(key(3), chunk(77))]).expect("writes");
    block_on(store.commit()).expect("commits");
    let second = copy(&reader(&ours), &theirs).expect("copies");
    assert_eq!((second.copied, second.removed), (1, 0));
    let now = |number| Some(chunk(if number == 3 { 77 } else { number + 1 }));
    check(&reader(&theirs), now);
    assert_eq!(copy(&reader(&ours), &theirs).expect("copies").copied, 0);

    block_on(
        store.rewrite_shard(crate::ShardKey::locate(&EARTH, key(4)).expect("is one").0, &[key(4)]),
    )
    .expect("removes");
    block_on(store.commit()).expect("commits");
    assert_eq!(copy(&reader(&ours), &theirs).expect("copies").removed, 1);
    check(&reader(&theirs), |number| now(number).filter(|_| number != 4));
}

#[test]
fn a_copy_that_fails_at_any_write_opens_for_nobody_and_goes_on() {
    let ours = in_memory();
    drop(world(&ours));
    let mut puts = 0;
    loop {
        let theirs = in_memory();
        drop(target(&theirs));
        let faulty = Faulty::over(theirs.clone());
        faulty.fail_puts_after(puts);
        let options = StoreOptions { resume_copy: true, ..StoreOptions::default() };
        let opened =
            block_on(ChunkStore::with_objects_and_options(faulty, &metadata(EARTH), &options));
        let copied =
            opened.and_then(|to| block_on(to.copy_from(&reader(&ours), None, &[], |_| ())));
        if copied.is_ok() {
            assert!(puts > 10, "{puts} writes are too few to tell");
            check(&reader(&theirs), |number| Some(chunk(number + 1)));
            return;
        }
        // Nothing was copied yet, or it says that the copy is not finished.
        let half = ChunkStore::with_read_only_objects(theirs.clone(), &StoreOptions::default());
        match half {
            Ok(half) => assert_eq!(block_on(half.keys()).expect("lists"), []),
            Err(StoreError::UnfinishedJob { .. }) => {}
            Err(error) => panic!("after {puts} writes: {error}"),
        }
        copy(&reader(&ours), &theirs).expect("goes on");
        check(&reader(&theirs), |number| Some(chunk(number + 1)));
        puts += 3;
    }
}

#[test]
fn a_snapshot_is_copied_as_it_was_while_the_world_is_written() {
    let (ours, theirs) = (in_memory(), in_memory());
    let store = world(&ours);
    let taken = block_on(store.take_snapshot(UNIX_EPOCH, &SnapshotPolicy::ALL)).expect("takes");
    let faulty = Faulty::over(ours);
    let shared: Arc<dyn ObjectStore> = faulty.clone();
    let from = reader(&shared);
    // While the first file is fetched every chunk is written anew.
    faulty.interrupt(Moment::BeforeGet, move || {
        let chunks: Vec<_> = (0..SHARDS).map(|number| (key(number), chunk(number + 500))).collect();
        write(&store, &chunks).expect("writes");
        block_on(store.commit()).expect("commits");
    });
    let to = target(&theirs);
    block_on(to.copy_from(&from, Some(taken.snapshot.number), &[], |_| ())).expect("copies");
    check(&reader(&theirs), |number| Some(chunk(number + 1)));
}

#[test]
fn a_world_that_is_written_under_the_copy_is_copied_as_its_last_commit() {
    let (ours, theirs) = (in_memory(), in_memory());
    let store = world(&ours);
    let faulty = Faulty::over(ours);
    let shared: Arc<dyn ObjectStore> = faulty.clone();
    let from = reader(&shared);
    faulty.interrupt(Moment::AfterGet, move || {
        let chunks: Vec<_> = (0..SHARDS).map(|number| (key(number), chunk(number + 500))).collect();
        write(&store, &chunks).expect("writes");
        block_on(store.commit()).expect("commits");
    });
    copy(&from, &theirs).expect("copies");
    check(&reader(&theirs), |number| Some(chunk(number + 500)));
}

#[test]
fn a_damaged_shard_is_named_and_not_copied() {
    let dir = directory();
    let objects = on_disk(dir.path());
    drop(world(&objects));
    let shard = crate::ShardKey::locate(&EARTH, key(7)).expect("is one").0.path();
    let path = dir.path().join(shard.as_ref());
    let mut bytes = std::fs::read(&path).expect("a shard");
    bytes[3] ^= 1;
    std::fs::write(&path, bytes).expect("writes");
    let Err(StoreError::LostVersion { path, .. }) = copy(&reader(&objects), &in_memory()) else {
        panic!("copied");
    };
    assert_eq!(path, shard.to_string());
}

#[test]
fn a_copy_that_failed_is_whole_when_the_same_store_tries_again() {
    let ours = in_memory();
    drop(world(&ours));
    for puts in [3, 10, 20, 30, 45] {
        let theirs = in_memory();
        let faulty = Faulty::over(theirs.clone());
        let options = StoreOptions { resume_copy: true, ..StoreOptions::default() };
        let shared: Arc<dyn ObjectStore> = faulty.clone();
        let metadata = metadata(EARTH);
        let opened = ChunkStore::with_objects_and_options(shared, &metadata, &options);
        let to = block_on(opened).expect("made");
        faulty.fail_puts_after(puts);
        let copy = || block_on(to.copy_from(&reader(&ours), None, &[], |_| ()));
        copy().expect_err("the disk is full");
        faulty.heal();
        copy().expect("goes on");
        check(&reader(&theirs), |number| Some(chunk(number + 1)));
    }
}

#[test]
fn a_target_is_no_world_before_it_is_copied_and_a_copy_until_it_is_changed() {
    let (ours, theirs) = (in_memory(), in_memory());
    drop(world(&ours));
    drop(target(&theirs));
    let new = ChunkStore::with_read_only_objects(theirs.clone(), &StoreOptions::default());
    assert!(matches!(new, Err(StoreError::UnfinishedJob { .. })), "{new:?}");
    copy(&reader(&ours), &theirs).expect("copies");
    let store = target(&theirs);
    assert!(store.is_unchanged_copy());
    block_on(store.take_snapshot(UNIX_EPOCH, &SnapshotPolicy::ALL)).expect("takes");
    assert!(store.is_unchanged_copy(), "a snapshot changes nothing");
    write(&store, &[(key(3), chunk(77))]).expect("writes");
    block_on(store.commit()).expect("commits");
    assert!(!store.is_unchanged_copy());
    drop(store);
    assert!(!target(&theirs).is_unchanged_copy());
}
