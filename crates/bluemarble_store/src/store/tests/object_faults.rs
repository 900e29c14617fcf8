//! Object stores as they fail in the world: right voxels or a clear error, never wrong voxels.

use std::time::Duration;

use super::{
    scripted::{Fault, Request, Scripted},
    *,
};
use crate::StoreOptions;

const KEY: ChunkKey = ChunkKey { region: 1, lod: 19, pos: IVec3::ZERO };
const BESIDE: ChunkKey = ChunkKey { region: 1, lod: 19, pos: IVec3::X };
const SHARD: &str = "region1/lod19/c/0/0/0";

fn share(scripted: &Arc<Scripted>) -> ChunkStore {
    let objects: Arc<dyn ObjectStore> = scripted.clone();
    let options = StoreOptions { lease: Duration::from_secs(20), ..StoreOptions::default() };
    ChunkStore::with_shared_objects(objects, &metadata(EARTH), &options).expect("opens")
}

/// What others find.
fn look(scripted: &Arc<Scripted>, key: ChunkKey) -> Result<Option<Chunk>, StoreError> {
    let objects: Arc<dyn ObjectStore> = scripted.clone();
    let reader = ChunkStore::with_read_only_objects(objects, &StoreOptions::default())?;
    read(&reader, key)
}

#[test]
fn an_error_before_or_after_the_effect_leaves_the_old_or_the_new_chunk() {
    for (fault, left) in [(Fault::Before, 6), (Fault::After, 7)] {
        let scripted = Scripted::over(in_memory());
        let store = share(&scripted);
        write(&store, &[(KEY, chunk(6)), (BESIDE, chunk(13))]).expect("writes");
        scripted.next_put(SHARD, fault);
        let error = write(&store, &[(KEY, chunk(7))]).expect_err("fails");
        assert!(matches!(&error, StoreError::Object { path, .. } if path == SHARD), "{error}");
        assert_eq!(read(&store, KEY).expect("reads"), Some(chunk(left)), "{fault:?}");
        assert_eq!(look(&scripted, KEY).expect("reads"), Some(chunk(left)), "{fault:?}");
        write(&store, &[(KEY, chunk(8))]).expect("writes");
        assert_eq!(read(&store, KEY).expect("reads"), Some(chunk(8)));
        assert_eq!(read(&store, BESIDE).expect("reads"), Some(chunk(13)));
    }
}

#[test]
fn a_write_that_is_refused_because_it_was_already_done_is_done() {
    let scripted = Scripted::over(in_memory());
    let store = share(&scripted);
    // Once where nothing was, once in place of something.
    for seed in [6, 7] {
        scripted.next_put(SHARD, Fault::Twice);
        write(&store, &[(KEY, chunk(seed))]).expect("done");
        assert_eq!(look(&scripted, KEY).expect("reads"), Some(chunk(seed)));
    }
}

#[test]
fn a_shard_that_another_writer_replaced_meanwhile_is_not_written_over() {
    let inner = in_memory();
    let scripted = Scripted::over(Arc::clone(&inner));
    let store = share(&scripted);
    write(&store, &[(KEY, chunk(6))]).expect("writes");
    // Somebody without a lease, between our reading the shard and our replacing it.
    let other = open(&inner, EARTH);
    scripted.script(move |request| {
        if *request == Request::Put(SHARD.to_owned()) {
            write(&other, &[(BESIDE, chunk(9))]).expect("writes");
        }
        Fault::None
    });
    let error = write(&store, &[(KEY, chunk(7))]).expect_err("conflict");
    assert!(matches!(&error, StoreError::Conflict { path } if path == SHARD), "{error}");
    scripted.heal();
    drop(store);
    let store = share(&scripted);
    assert_eq!(read(&store, BESIDE).expect("reads"), Some(chunk(9)));
    assert_eq!(read(&store, KEY).expect("reads"), Some(chunk(6)));
    write(&store, &[(KEY, chunk(7))]).expect("writes");
    assert_eq!(look(&scripted, BESIDE).expect("reads"), Some(chunk(9)));
    assert_eq!(look(&scripted, KEY).expect("reads"), Some(chunk(7)));
}

#[test]
fn a_put_that_comes_a_second_time_and_late_changes_nothing() {
    let inner = in_memory();
    let scripted = Scripted::over(Arc::clone(&inner));
    let store = share(&scripted);
    write(&store, &[(KEY, chunk(6))]).expect("writes");
    let path = object_store::path::Path::from(SHARD);
    let get = || {
        block_on(async {
            let found = object_store::ObjectStoreExt::get(&*inner, &path).await?;
            let meta = found.meta.clone();
            Ok::<_, object_store::Error>((meta, found.bytes().await?))
        })
        .expect("reads")
    };
    let (before, _) = get();
    write(&store, &[(KEY, chunk(7))]).expect("writes");
    let (_, second) = get();
    write(&store, &[(KEY, chunk(8))]).expect("writes");
    // As the second write was sent: in place of the first version.
    let version = object_store::UpdateVersion { e_tag: before.e_tag, version: before.version };
    let mode = object_store::PutMode::Update(version);
    let late = block_on(inner.put_opts(&path, second.into(), mode.into()));
    assert!(matches!(late, Err(object_store::Error::Precondition { .. })), "{late:?}");
    assert_eq!(read(&store, KEY).expect("reads"), Some(chunk(8)));
}

#[test]
fn a_body_that_ends_early_is_an_error_and_not_damage() {
    let scripted = Scripted::over(in_memory());
    let store = share(&scripted);
    write(&store, &[(KEY, chunk(6))]).expect("writes");
    for skip in 0..2 {
        let mut gets = 0;
        scripted.script(move |request| {
            gets += i32::from(*request == Request::Get(SHARD.to_owned()));
            if gets == skip + 1 { Fault::Half } else { Fault::None }
        });
        let error = look(&scripted, KEY).expect_err("half");
        assert!(matches!(&error, StoreError::Object { path, .. } if path == SHARD), "{error}");
        assert!(error.to_string().contains("bytes came"), "{error}");
    }
    scripted.script(|_| Fault::Half);
    let error = write(&store, &[(BESIDE, chunk(7))]).expect_err("half a shard");
    assert!(matches!(&error, StoreError::Object { .. }), "{error}");
    scripted.heal();
    assert_eq!(read(&store, KEY).expect("reads"), Some(chunk(6)));
    assert_eq!(read(&store, BESIDE).expect("reads"), None);
}

#[test]
fn an_emptied_shard_is_reported_whole_or_in_parts() {
    let scripted = Scripted::over(in_memory());
    let store = share(&scripted);
    write(&store, &[(KEY, chunk(6))]).expect("writes");
    block_on(store.commit()).expect("commits");
    let path = object_store::path::Path::from(SHARD);
    block_on(object_store::ObjectStoreExt::put(&*scripted, &path, Vec::new().into())).expect("put");
    for error in [
        look(&scripted, KEY).expect_err("empty"),
        write(&store, &[(BESIDE, chunk(7))]).expect_err("empty"),
    ] {
        let is_named = matches!(&error, StoreError::OtherShard { path, reason }
            if path == SHARD && reason == "it is empty");
        assert!(is_named, "{error}");
    }
}

#[test]
fn a_listing_that_is_late_changes_no_voxel_and_hides_no_key() {
    let scripted = Scripted::over(in_memory());
    let store = share(&scripted);
    scripted.freeze_list();
    write(&store, &[(KEY, chunk(6))]).expect("writes");
    for _ in 0..2 {
        assert_eq!(store.keys_blocking().expect("lists"), [KEY]);
        assert_eq!(read(&store, KEY).expect("reads"), Some(chunk(6)));
        assert_eq!(look(&scripted, KEY).expect("reads"), Some(chunk(6)));
        scripted.heal();
    }
    block_on(store.commit()).expect("commits");
    // A listing may also name what is gone.
    scripted.freeze_list();
    let path = object_store::path::Path::from(SHARD);
    block_on(object_store::ObjectStoreExt::delete(&*scripted, &path)).expect("deletes");
    let objects: Arc<dyn ObjectStore> = scripted.clone();
    let reader = ChunkStore::with_read_only_objects(objects, &StoreOptions::default());
    let reader = reader.expect("opens");
    for error in [reader.keys_blocking().expect_err("gone"), read(&reader, KEY).expect_err("gone")]
    {
        let is_named = matches!(&error, StoreError::MissingShard { path, .. } if path == SHARD);
        assert!(is_named, "{error}");
    }
}

#[test]
fn nothing_is_made_where_a_late_listing_hides_a_world() {
    let scripted = Scripted::over(in_memory());
    scripted.freeze_list();
    let store = share(&scripted);
    write(&store, &[(KEY, chunk(6))]).expect("writes");
    drop(store);
    let store = share(&scripted);
    assert_eq!(read(&store, KEY).expect("reads"), Some(chunk(6)));
}

#[derive(Clone, Debug)]
enum Step {
    Write(ChunkKey, u64, Fault),
    Read(ChunkKey, Fault),
    Reopen,
}

fn any_step() -> impl Strategy<Value = Step> {
    let key =
        (0..2u8, 0..2, 0..2).prop_map(|(region, x, z)| ChunkKey::new(region, 19, ivec3(x, 0, z)));
    let fault = prop_oneof![
        Just(Fault::None),
        Just(Fault::Before),
        Just(Fault::After),
        Just(Fault::Twice),
        Just(Fault::Half),
    ];
    prop_oneof![
        6 => (key.clone(), any::<u64>(), fault.clone()).prop_map(|(k, s, f)| Step::Write(k, s, f)),
        3 => (key, fault).prop_map(|(k, f)| Step::Read(k, f)),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever fails, with conditions and without: a chunk is the last one that was acknowledged, or
    /// one whose writing failed after it.
    #[test]
    fn no_fault_ever_makes_wrong_voxels(
        steps in prop::collection::vec(any_step(), 1..30),
        every in 1usize..4,
        lies in prop::bool::weighted(0.25),
    ) {
        let inner = in_memory();
        let scripted = Scripted::over(inner);
        if lies {
            scripted.ignore_conditions();
        }
        let mut store = share(&scripted);
        let mut possible: HashMap<ChunkKey, Vec<Option<u64>>> = HashMap::new();
        for step in steps {
            let arm = |fault: Fault| {
                let mut count = 0;
                scripted.script(move |request| {
                    let data = matches!(request, Request::Put(p) | Request::Get(p) if p.contains("region"));
                    count += usize::from(data);
                    if data && fault != Fault::None && count.is_multiple_of(every) { fault } else { Fault::None }
                });
            };
            match step {
                Step::Write(key, seed, fault) => {
                    arm(fault);
                    let outcome = write(&store, &[(key, chunk(seed))]);
                    let possible = possible.entry(key).or_insert_with(|| vec![None]);
                    if outcome.is_ok() {
                        possible.clear();
                    }
                    possible.push(Some(seed));
                }
                Step::Read(key, fault) => {
                    arm(fault);
                    if let Ok(found) = read(&store, key) {
                        let possible = possible.get(&key).cloned().unwrap_or_else(|| vec![None]);
                        prop_assert!(possible.iter().any(|seed| seed.map(chunk) == found), "{key}");
                    }
                }
                Step::Reopen => {
                    scripted.heal();
                    drop(store);
                    store = share(&scripted);
                }
            }
        }
        scripted.heal();
        for (key, possible) in possible {
            for found in [read(&store, key), look(&scripted, key)] {
                let found = found.expect("reads");
                prop_assert!(possible.iter().any(|seed| seed.map(chunk) == found), "{key}");
            }
        }
    }
}
