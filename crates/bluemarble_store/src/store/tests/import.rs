//! Imports: all of it or nothing, whenever they end.

use object_store::ObjectStoreExt;

use super::{faulty::Faulty, *};
use crate::{SnapshotPolicy, StoreOptions, layout::ShardKey};

/// What the imports here bring: some chunks of some shards of two lods, by shard.
fn brought() -> Vec<(ShardKey, Vec<(ChunkKey, Chunk)>)> {
    let mut by_shard: Vec<(ShardKey, Vec<(ChunkKey, Chunk)>)> = Vec::new();
    for number in 0..24_i32 {
        let pos = ivec3(number % 6 * 3, number / 6, number % 3 * 5);
        let key = ChunkKey::new(0, (number % 5 == 0).into(), pos);
        let (shard, _) = ShardKey::locate(&FLAT, key).expect("inside");
        let entry = (key, chunk(900 + number as u64));
        match by_shard.iter_mut().find(|(other, _)| *other == shard) {
            Some((_, chunks)) => chunks.push(entry),
            None => by_shard.push((shard, vec![entry])),
        }
    }
    by_shard
}

/// What was there before: some of it in the same shards.
fn before() -> Vec<(ChunkKey, Chunk)> {
    let at = |number: i32| ChunkKey::new(0, 0, ivec3(number * 2, 1, number));
    (0..8).map(|number| (at(number), chunk(number as u64))).collect()
}

/// A world after an import.
fn after() -> HashMap<ChunkKey, Chunk> {
    before().into_iter().chain(brought().into_iter().flat_map(|(_, chunks)| chunks)).collect()
}

fn check(store: &ChunkStore, expected: &HashMap<ChunkKey, Chunk>, what: &str) {
    let all: Vec<ChunkKey> = after().into_keys().collect();
    for key in all {
        assert_eq!(read(store, key).expect("reads").as_ref(), expected.get(&key), "{what}: {key}");
    }
}

fn import(store: &ChunkStore) -> Result<u64, StoreError> {
    block_on(async {
        let import = store.begin_import("a volume").await?;
        for (shard, chunks) in brought() {
            if !import.shards(shard.lod).contains(&shard) {
                import.make(shard, &chunks).await?;
            }
        }
        import.finish().await
    })
}

#[test]
fn an_import_is_seen_when_it_is_finished_and_not_before() {
    let objects = in_memory();
    let store = open(&objects, FLAT);
    write(&store, &before()).expect("writes");
    let import = block_on(store.begin_import("a volume")).expect("begins");
    for (shard, chunks) in brought() {
        block_on(import.make(shard, &chunks)).expect("makes");
        let made = block_on(import.read(shard)).expect("reads what it made");
        for (key, chunk) in &chunks {
            assert!(made.contains(&(*key, chunk.clone())), "{key}");
        }
    }
    let as_before = before().into_iter().collect();
    check(&store, &as_before, "while it is made");
    drop(import);
    check(&open(&objects, FLAT), &as_before, "given up");
    let store = open(&objects, FLAT);
    assert_eq!(import_again(&store), 0, "all shards are there");
    check(&store, &after(), "finished");
    check(&open(&objects, FLAT), &after(), "opened again");
    assert!(block_on(store.list_import()).expect("lists").is_empty());
}

/// How many shards the same import makes once more.
fn import_again(store: &ChunkStore) -> usize {
    let import = block_on(store.begin_import("a volume")).expect("begins");
    let is_missing = |shard: &ShardKey| !import.shards(shard.lod).contains(shard);
    let missing = brought().iter().filter(|(shard, _)| is_missing(shard)).count();
    for (shard, chunks) in brought() {
        if is_missing(&shard) {
            block_on(import.make(shard, &chunks)).expect("makes");
        }
    }
    block_on(import.finish()).expect("finishes");
    missing
}

#[test]
fn an_import_of_another_name_or_over_a_changed_world_begins_anew() {
    let store = open(&in_memory(), FLAT);
    let (shard, chunks) = brought().swap_remove(0);
    let begun = |name: &str| {
        let import = block_on(store.begin_import(name)).expect("begins");
        let there = import.shards(shard.lod).len();
        block_on(import.make(shard, &chunks)).expect("makes");
        there
    };
    assert_eq!(begun("one"), 0);
    assert_eq!(begun("one"), 1);
    assert_eq!(begun("other"), 0);
    assert_eq!(begun("other"), 1);
    write(&store, &before()).expect("writes");
    assert_eq!(begun("other"), 0, "shards were made over others");
    let import = block_on(store.begin_import("other")).expect("begins");
    block_on(import.abandon()).expect("abandons");
    assert_eq!(begun("other"), 0, "it was abandoned");
}

/// Imports over what was there before, with so many puts that succeed; perhaps those that fail are done all the same.
/// Whether the import did not fail.
fn import_failing(puts: usize, lost: bool) -> (Arc<dyn ObjectStore>, bool) {
    let inner = in_memory();
    write(&open(&inner, FLAT), &before()).expect("writes");
    let objects = Faulty::over(Arc::clone(&inner));
    let store = open(&(objects.clone() as Arc<dyn ObjectStore>), FLAT);
    objects.fail_puts_after(puts);
    if lost {
        objects.lose_answers();
    }
    let is_done = import(&store).is_ok();
    (inner, is_done)
}

#[test]
fn an_import_that_fails_at_any_write_is_all_there_or_nothing_when_it_is_opened_again() {
    let (as_before, as_after) = (before().into_iter().collect(), after());
    let (mut finished, mut nothing) = (0, 0);
    for lost in [false, true] {
        for puts in 0.. {
            let (inner, is_done) = import_failing(puts, lost);
            let reader =
                ChunkStore::with_read_only_objects(inner.clone(), &StoreOptions::default());
            let is_moving = match reader {
                Ok(reader) => {
                    let expected = if is_done { &as_after } else { &as_before };
                    check(&reader, expected, &format!("a reader after {puts} puts"));
                    false
                }
                Err(StoreError::UnfinishedJob { .. }) => true,
                Err(error) => panic!("{puts}: {error}"),
            };
            let store = open(&inner, FLAT);
            let (key, first) = brought().swap_remove(0).1.swap_remove(0);
            let is_there = read(&store, key).expect("reads") == Some(first);
            assert_eq!(is_there, is_done || is_moving, "after {puts} puts");
            check(&store, if is_there { &as_after } else { &as_before }, &format!("{puts} puts"));
            if is_there {
                finished += 1
            } else {
                nothing += 1
            }
            import(&store).expect("imports again");
            check(&store, &as_after, "run again");
            if is_done || lost {
                break;
            }
        }
    }
    assert!(finished > 5 && nothing > 5, "{finished} finished, {nothing} were not there");
}

#[test]
fn a_shard_that_is_lost_while_it_is_moved_in_is_named_and_all_others_are_there() {
    for puts in 0.. {
        let (inner, is_done) = import_failing(puts, false);
        assert!(!is_done, "no put fails when all shards are made and none is in its place");
        let reader = ChunkStore::with_read_only_objects(inner.clone(), &StoreOptions::default());
        if !matches!(reader, Err(StoreError::UnfinishedJob { .. })) {
            continue;
        }
        // One that was not there before, and one that is to replace another.
        let (new, old): (Vec<_>, Vec<_>) = brought()
            .into_iter()
            .partition(|(shard, _)| block_on(inner.head(&shard.path())).is_err());
        let lost = [new[0].0, old[0].0];
        for shard in lost {
            block_on(inner.delete(&super::super::import::import_path(shard))).expect("removes");
        }
        let store = open(&inner, FLAT);
        for (shard, chunks) in brought() {
            for (key, chunk) in chunks {
                match read(&store, key) {
                    Ok(found) => assert_eq!(found, Some(chunk), "{key}"),
                    Err(StoreError::MissingShard { path, .. }) => {
                        assert_eq!((path, shard), (lost[0].path().to_string(), lost[0]));
                    }
                    Err(StoreError::OtherShard { path, .. }) => {
                        assert_eq!((path, shard), (lost[1].path().to_string(), lost[1]));
                    }
                    Err(error) => panic!("{key}: {error}"),
                }
            }
        }
        let listing = block_on(store.list_shards()).expect("lists");
        let damages = block_on(store.check_manifest(&listing)).expect("checks");
        let mut named: Vec<_> = damages.into_iter().map(|damage| damage.path).collect();
        for shard in &listing.shards {
            let found = block_on(store.check_shard(shard, |_| ())).expect("reads");
            named.extend(found.into_iter().map(|damage| damage.path));
        }
        for shard in lost {
            assert!(named.contains(&shard.path().to_string()), "{shard:?} in {named:?}");
        }
        return;
    }
}

#[test]
fn a_shard_that_is_not_what_was_made_is_refused_and_made_again() {
    let objects = in_memory();
    let store = open(&objects, FLAT);
    let (shard, chunks) = brought().swap_remove(0);
    let import = block_on(store.begin_import("a volume")).expect("begins");
    block_on(import.make(shard, &chunks)).expect("makes");
    drop(import);
    let (path, _) = block_on(store.list_import()).expect("lists").swap_remove(0);
    let bytes = block_on(async { objects.get(&path).await?.bytes().await }).expect("reads");
    let mut turned = bytes.to_vec();
    turned[3] ^= 1;
    block_on(objects.put(&path, turned.into())).expect("writes");
    let import = block_on(store.begin_import("a volume")).expect("begins");
    assert_eq!(import.shards(shard.lod), [shard], "its head is whole");
    let refused = block_on(import.read(shard)).expect_err("a bit turned");
    assert!(matches!(&refused, StoreError::DamagedShard { path: of, .. } if of == path.as_ref()));
    assert_eq!(import.shards(shard.lod), []);
    block_on(import.make(shard, &chunks)).expect("makes");
    block_on(import.finish()).expect("finishes");
    assert_eq!(read(&store, chunks[0].0).expect("reads").as_ref(), Some(&chunks[0].1));
}

#[test]
fn an_interrupted_import_is_told_of_and_can_be_abandoned() {
    let objects = in_memory();
    let store = open(&objects, FLAT);
    assert_eq!(block_on(store.unfinished_import()).expect("looks"), None);
    let (shard, chunks) = brought().swap_remove(0);
    let import = block_on(store.begin_import("a volume")).expect("begins");
    block_on(import.make(shard, &chunks)).expect("makes");
    drop(import);
    let reader = ChunkStore::with_read_only_objects(objects.clone(), &StoreOptions::default());
    let told = block_on(reader.expect("opens").unfinished_import()).expect("looks");
    let told = told.expect("one was interrupted");
    assert_eq!((told.name.as_str(), told.shards), ("a volume", 1));
    assert_eq!(block_on(store.abandon_import()).expect("abandons"), Some(told));
    assert_eq!(block_on(store.unfinished_import()).expect("looks"), None);
    assert!(block_on(store.list_import()).expect("lists").is_empty());
}

#[test]
fn a_snapshot_from_before_an_import_keeps_its_shards() {
    let objects = in_memory();
    let store = open(&objects, FLAT);
    write(&store, &before()).expect("writes");
    let now = std::time::SystemTime::now();
    let taken = block_on(store.take_snapshot(now, &SnapshotPolicy::ALL)).expect("takes");
    import(&store).expect("imports");
    block_on(store.remove_unneeded()).expect("removes");
    block_on(store.restore_snapshot(taken.snapshot.number, now)).expect("restores");
    check(&open(&objects, FLAT), &before().into_iter().collect(), "restored");
}
