//! Snapshots against copies of what they should be.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{faulty::Faulty, *};
use crate::{Snapshot, SnapshotPolicy, StoreOptions};

/// All chunks of a world.
type World = HashMap<ChunkKey, Chunk>;

/// Chunks that the tests write: in many shards of two lods.
fn keys() -> Vec<ChunkKey> {
    let at = |number: i32| {
        let pos = ivec3(number % 5 * 7, number / 5 * 2, number % 3 * 9);
        ChunkKey::new(0, (number % 4 == 0).into(), pos)
    };
    (0..20).map(at).collect()
}

/// Writes a few chunks, chosen by a number, and notes them.
fn change(store: &ChunkStore, world: &mut World, step: u64) {
    store.note_lsn(step);
    let keys = keys();
    let at = |number: u64| (step * 7 + number * 5) as usize % keys.len();
    let chunks: Vec<_> =
        (0..4).map(|number| (keys[at(number)], chunk(step * 100 + number))).collect();
    write(store, &chunks).expect("writes");
    world.extend(chunks);
}

fn check(store: &ChunkStore, world: &World, what: &str) {
    for key in keys() {
        assert_eq!(read(store, key).expect("reads").as_ref(), world.get(&key), "{what}: {key}");
    }
}

/// Each moment is an hour after the one before.
fn time(step: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(step * 3600)
}

fn take(store: &ChunkStore, step: u64) -> Snapshot {
    let taken = block_on(store.take_snapshot(time(step), &SnapshotPolicy::ALL)).expect("takes");
    assert!(taken.is_new);
    taken.snapshot
}

#[test]
fn fifty_restores_in_any_order_give_every_voxel_of_their_moment() {
    let dir = directory();
    let objects = on_disk(dir.path());
    let (mut world, mut moments) = (World::new(), Vec::new());
    let mut store = open(&objects, FLAT);
    for step in 1..=25 {
        change(&store, &mut world, step);
        let snapshot = take(&store, step);
        assert_eq!((snapshot.lsn, snapshot.taken), (step, time(step)));
        moments.push((snapshot, world.clone()));
    }
    for round in 0..50_usize {
        let (snapshot, of_then) = &moments[round * 11 % moments.len()];
        block_on(store.restore_snapshot(snapshot.number, time(100))).expect("restores");
        store = open(&objects, FLAT);
        check(&store, of_then, &format!("restore {round} of batch {}", snapshot.lsn));
        world.clone_from(of_then);
        if round % 5 == 0 {
            change(&store, &mut world, 1000 + round as u64);
        }
        if round % 10 == 9 {
            block_on(store.remove_unneeded()).expect("removes");
        }
    }
}

#[test]
fn a_restore_keeps_the_world_of_before_it_as_a_snapshot() {
    let objects = in_memory();
    let store = open(&objects, FLAT);
    let mut world = World::new();
    change(&store, &mut world, 1);
    let first = take(&store, 1);
    change(&store, &mut world, 2);
    block_on(store.restore_snapshot(first.number, time(5))).expect("restores");
    let newest = *store.snapshots().expect("has them").last().expect("one");
    assert_eq!((newest.lsn, newest.taken), (2, time(5)));
    assert_eq!(store.lsn(), 1, "what is there now is older");
    assert_eq!(open(&objects, FLAT).lsn(), 1);
    block_on(store.restore_snapshot(newest.number, time(6))).expect("restores");
    check(&open(&objects, FLAT), &world, "taken back");
}

#[test]
fn a_snapshot_of_an_unchanged_world_is_the_one_before() {
    let store = open(&in_memory(), FLAT);
    change(&store, &mut World::new(), 1);
    let first = take(&store, 1);
    let again = block_on(store.take_snapshot(time(2), &SnapshotPolicy::ALL)).expect("takes");
    assert_eq!((again.snapshot, again.is_new), (first, false));
}

#[test]
fn space_comes_back_when_no_snapshot_needs_it_and_the_others_stay_whole() {
    let objects = in_memory();
    let store = open(&objects, FLAT);
    let (mut world, mut moments) = (World::new(), Vec::new());
    for step in 1..=12 {
        change(&store, &mut world, step);
        moments.push((take(&store, step), world.clone()));
    }
    let before = block_on(store.kept_files()).expect("lists");
    assert_eq!(block_on(store.remove_unneeded()).expect("removes").files, 0, "all are needed");
    change(&store, &mut world, 13);
    let policy = SnapshotPolicy { last: 3, hourly: 0, daily: 0 };
    let taken = block_on(store.take_snapshot(time(13), &policy)).expect("takes");
    assert_eq!(taken.dropped.len(), 10);
    let removed = block_on(store.remove_unneeded()).expect("removes");
    assert!(removed.files > 0 && removed.bytes < before.bytes + 1_000_000, "{removed:?}");
    for (snapshot, of_then) in &moments[10..] {
        block_on(store.restore_snapshot(snapshot.number, time(20))).expect("restores");
        check(&open(&objects, FLAT), of_then, "kept");
    }
    let gone = block_on(store.restore_snapshot(moments[0].0.number, time(21)));
    assert!(matches!(gone, Err(StoreError::NoSnapshot { .. })), "{gone:?}");
}

#[test]
fn a_version_that_is_lost_or_damaged_is_named_before_anything_is_changed() {
    let dir = directory();
    let store = open(&on_disk(dir.path()), FLAT);
    let mut world = World::new();
    change(&store, &mut world, 1);
    let snapshot = take(&store, 1);
    change(&store, &mut world, 21);
    let kept = files(&dir.path().join("snapshots"));
    assert!(!kept.is_empty());
    for (path, bytes) in kept {
        let mut damaged = bytes.clone();
        damaged[bytes.len() / 3] ^= 1;
        for harm in [None, Some(damaged)] {
            match harm {
                None => std::fs::remove_file(&path).expect("removes"),
                Some(harm) => std::fs::write(&path, harm).expect("writes"),
            }
            let refused = block_on(store.restore_snapshot(snapshot.number, time(2)));
            let Err(StoreError::LostVersion { kept_at, .. }) = refused else {
                panic!("{}: {refused:?}", path.display());
            };
            assert!(path.ends_with(&kept_at), "{kept_at}");
            check(&store, &world, "as it was");
        }
        std::fs::write(&path, bytes).expect("writes");
    }
    block_on(store.restore_snapshot(snapshot.number, time(3))).expect("restores");
}

#[test]
fn a_restore_that_fails_at_any_write_is_all_or_nothing_for_readers_and_finished_by_the_next_writer()
{
    for puts in 0.. {
        let objects = in_memory();
        let faulty = Faulty::over(Arc::clone(&objects));
        let shared: Arc<dyn ObjectStore> = faulty.clone();
        let store = open(&shared, FLAT);
        let mut world = World::new();
        change(&store, &mut world, 1);
        let (snapshot, before) = (take(&store, 1), world.clone());
        for step in 2..6 {
            change(&store, &mut world, step);
        }
        faulty.fail_puts_after(puts);
        let restored = block_on(store.restore_snapshot(snapshot.number, time(9)));
        drop(store);
        let what = format!("after {puts} writes");
        let is_begun =
            match ChunkStore::with_read_only_objects(objects.clone(), &StoreOptions::default()) {
                Err(StoreError::UnfinishedJob { .. }) => true,
                reader => {
                    let reader = reader.expect("opens");
                    check(&reader, if restored.is_ok() { &before } else { &world }, &what);
                    restored.is_ok()
                }
            };
        let store = open(&objects, FLAT);
        check(&store, if is_begun { &before } else { &world }, &what);
        let reader = ChunkStore::with_read_only_objects(objects, &StoreOptions::default());
        check(&reader.expect("opens"), if is_begun { &before } else { &world }, &what);
        if restored.is_ok() {
            assert!(puts > 5, "{puts} writes are too few to tell");
            return;
        }
    }
}

#[test]
fn a_reader_that_was_there_before_a_restore_sees_one_moment_or_an_error() {
    let objects = in_memory();
    let faulty = Faulty::over(Arc::clone(&objects));
    let shared: Arc<dyn ObjectStore> = faulty.clone();
    let store = open(&shared, FLAT);
    let mut world = World::new();
    change(&store, &mut world, 1);
    let snapshot = take(&store, 1);
    change(&store, &mut world, 2);
    block_on(store.commit()).expect("commits");
    let reader = ChunkStore::with_read_only_objects(objects, &StoreOptions::default());
    let reader = reader.expect("opens");
    // The last root, which would take the job away, cannot be written.
    faulty.fail_puts_after(4);
    block_on(store.restore_snapshot(snapshot.number, time(9))).expect_err("the disk is full");
    for key in keys() {
        match read(&reader, key) {
            Ok(found) => assert_eq!(found.as_ref(), world.get(&key), "{key}"),
            Err(StoreError::UnfinishedJob { .. }) => {}
            Err(error) => panic!("{key}: {error}"),
        }
    }
    // Nor does the store itself go on with a mixture.
    faulty.heal();
    let found = read(&store, keys()[1]);
    assert!(matches!(found, Err(StoreError::UnfinishedJob { .. })), "{found:?}");
    let written = write(&store, &[(keys()[1], chunk(5))]);
    assert!(matches!(written, Err(StoreError::UnfinishedJob { .. })), "{written:?}");
}
