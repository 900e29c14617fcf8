//! An object store that fails: what was there stays, and what was refused can be done again.

use super::{faulty::Faulty, *};

fn names(error: &StoreError, path: &str) -> bool {
    matches!(error, StoreError::Object { path: named, .. } if named == path)
}

#[test]
fn a_failed_write_leaves_the_old_chunk_and_the_next_one_works() {
    let faulty = Faulty::over(in_memory());
    let objects: Arc<dyn ObjectStore> = faulty.clone();
    let store = open(&objects, FLAT);
    let key = ChunkKey::new(0, 0, ivec3(-1, -1, -1));
    write(&store, &[(key, chunk(1))]).expect("writes");
    read(&store, key).expect("reads");
    for (puts, path) in
        [(0, "manifest/intent-00000000000000000004"), (1, "region0/lod0/c/262143/262143/262143")]
    {
        faulty.fail_puts_after(puts);
        let error = write(&store, &[(key, chunk(2))]).expect_err("no space");
        assert!(names(&error, path), "{error}");
        assert!(
            error.to_string().contains("writing failed: Generic faulty error: no space"),
            "{error}"
        );
        assert_eq!(read(&store, key).expect("reads"), Some(chunk(1)));
    }
    faulty.heal();
    assert_eq!(read(&open(&objects, FLAT), key).expect("reads"), Some(chunk(1)));
    let store = open(&objects, FLAT);
    write(&store, &[(key, chunk(1))]).expect("writes");
    write(&store, &[(key, chunk(2))]).expect("writes");
    for store in [&store, &open(&objects, FLAT)] {
        assert_eq!(read(store, key).expect("reads"), Some(chunk(2)));
    }
    assert_eq!(store.statistics().chunks_written, 2);
}

#[test]
fn wherever_a_write_of_many_shards_fails_every_shard_is_old_or_new() {
    let keys =
        [(0, 0), (0, 9), (2, 0), (5, 3)].map(|(lod, x)| ChunkKey::new(1, lod, ivec3(x, 0, 0)));
    let all = |salt: u64| -> Vec<_> { keys.into_iter().zip((salt..).map(chunk)).collect() };
    let (old, new) = (all(10), all(20));
    // A document for the region, one for each of its three arrays, which it names then, each behind an intent; an intent
    // and four shards.
    for (before, least) in [(false, 19), (true, 5)] {
        for puts in 0..=least {
            let faulty = Faulty::over(in_memory());
            let objects: Arc<dyn ObjectStore> = faulty.clone();
            let store = open(&objects, EARTH);
            if before {
                write(&store, &old).expect("writes");
            }
            faulty.fail_puts_after(puts);
            let outcome = write(&store, &new);
            assert_eq!(outcome.is_ok(), puts == least, "{puts}: {outcome:?}");
            faulty.heal();
            let mut written = 0;
            let mut all_found = Vec::new();
            for ((key, old), (_, new)) in old.iter().zip(&new) {
                let found = read(&store, *key).expect("reads");
                assert!(
                    found.as_ref() == Some(new) || found.as_ref() == before.then_some(old),
                    "{key}"
                );
                written += usize::from(found.as_ref() == Some(new));
                all_found.push(found);
            }
            let again = open(&objects, EARTH);
            for (key, found) in keys.iter().zip(all_found) {
                assert_eq!(read(&again, *key).expect("reads"), found, "{key}");
            }
            let replaced = store.statistics().shards_replaced as usize;
            assert_eq!(replaced, written + if before { 4 } else { 0 });
            let listed = again.keys_blocking().expect("lists").len();
            assert_eq!(listed, if before { 4 } else { written });
            write(&again, &new).expect("writes");
        }
    }
}

#[test]
fn a_write_whose_answer_is_lost_is_reported_and_never_read_torn() {
    let faulty = Faulty::over(in_memory());
    let objects: Arc<dyn ObjectStore> = faulty.clone();
    let store = open(&objects, EARTH);
    let (key, beside) = (ChunkKey::new(0, 0, IVec3::ZERO), ChunkKey::new(0, 0, IVec3::X));
    write(&store, &[(key, chunk(7)), (beside, chunk(3))]).expect("writes");
    read(&store, beside).expect("remembers the index");
    faulty.lose_answers();
    // A larger chunk in front moves the other one.
    write(&store, &[(key, chunk(6))]).expect_err("no answer");
    assert_eq!(read(&store, beside).expect("reads"), Some(chunk(3)));
    assert_eq!(read(&store, key).expect("reads"), Some(chunk(6)));
}

#[test]
fn a_failed_read_is_an_error_and_not_an_unedited_chunk() {
    let faulty = Faulty::over(in_memory());
    let objects: Arc<dyn ObjectStore> = faulty.clone();
    let store = open(&objects, EARTH);
    let (key, beside) = (ChunkKey::new(0, 19, IVec3::ZERO), ChunkKey::new(0, 19, IVec3::X));
    write(&store, &[(key, chunk(1))]).expect("writes");
    faulty.fail_gets();
    let path = "region0/lod19/c/0/0/0";
    assert!(names(&read(&store, key).expect_err("no index"), path));
    assert!(names(&write(&store, &[(beside, chunk(2))]).expect_err("no shard"), path));
    assert!(names(&store.keys_blocking().expect_err("no index"), path));
    let refused = block_on(ChunkStore::with_objects(objects, &metadata(EARTH)));
    assert!(names(&refused.expect_err("no document"), "zarr.json"));
    faulty.heal();
    assert_eq!(read(&store, key).expect("reads"), Some(chunk(1)));
    assert_eq!(read(&store, beside).expect("reads"), None);
    faulty.fail_gets();
    assert!(names(&read(&store, key).expect_err("no chunk"), path));
}
