//! One writer of a shared world: who gets the lease, how it is lost, what a store must be able to do.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use object_store::{ObjectStoreExt, path::Path as ObjectPath};
use serde_json::{Value, json};

use super::{
    scripted::{Fault, Request, Scripted},
    *,
};
use crate::{Capabilities, StoreOptions, backend::LEASE_NAME};

const KEY: ChunkKey = ChunkKey { region: 1, lod: 2, pos: ivec3(3, 4, 5) };
const BOTH: Capabilities = Capabilities { conditional_create: true, conditional_update: true };

fn share(objects: &Arc<dyn ObjectStore>, lease: Duration) -> Result<ChunkStore, StoreError> {
    let options = StoreOptions { lease, ..StoreOptions::default() };
    ChunkStore::with_shared_objects(Arc::clone(objects), &metadata(EARTH), &options)
}

/// A lease that no test outlives.
const LONG: Duration = Duration::from_secs(3600);

fn lease(objects: &Arc<dyn ObjectStore>) -> Value {
    let path = ObjectPath::from(LEASE_NAME);
    let bytes = block_on(async { objects.get(&path).await?.bytes().await }).expect("a lease");
    serde_json::from_slice(&bytes).expect("JSON")
}

fn put_lease(objects: &Arc<dyn ObjectStore>, bytes: impl Into<Vec<u8>>) {
    let path = ObjectPath::from(LEASE_NAME);
    block_on(objects.put(&path, bytes.into().into())).expect("writes");
}

/// The lease of somebody else.
fn foreign_lease(expires_in_s: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as i64;
    let expires = now + expires_in_s * 1000;
    json!({ "owner": "x", "serial": 7, "host": "far", "pid": 12, "expires_unix_ms": expires })
        .to_string()
}

/// Waits until something has happened, for much longer than it can take.
fn wait_for<T>(mut what: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = what() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "it never happens");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A store that takes conditions and ignores them.
fn without_conditions() -> Arc<Scripted> {
    let scripted = Scripted::over(in_memory());
    scripted.ignore_conditions();
    scripted
}

#[test]
fn the_probe_says_what_a_store_does_and_leaves_nothing_behind() {
    let objects = in_memory();
    assert_eq!(share(&objects, LONG).expect("opens").capabilities(), BOTH);
    let lying: Arc<dyn ObjectStore> = without_conditions();
    let none = Capabilities::default();
    assert_eq!(share(&lying, LONG).expect("opens").capabilities(), none);
    let dir = directory();
    let local = Capabilities { conditional_create: true, conditional_update: false };
    assert_eq!(share(&on_disk(dir.path()), LONG).expect("opens").capabilities(), local);
    for objects in [objects, lying] {
        use futures::TryStreamExt;
        let names: Vec<_> =
            block_on(objects.list(None).map_ok(|o| o.location).try_collect()).expect("lists");
        let manifest = ["manifest/pages-00000000000000000000", "manifest/root.json"];
        assert_eq!(names, [".writer", manifest[0], manifest[1], "zarr.json"].map(ObjectPath::from));
    }
}

#[test]
fn the_probe_trusts_no_store_with_more_than_it_does_whatever_request_goes_wrong() {
    for fault in [Fault::Before, Fault::After, Fault::Twice, Fault::Half] {
        for nth in 0..16 {
            for honest in [true, false] {
                let scripted =
                    if honest { Scripted::over(in_memory()) } else { without_conditions() };
                let mut left = nth;
                scripted.script(move |_| {
                    left -= 1;
                    if left == -1 { fault } else { Fault::None }
                });
                let found = block_on(crate::backend::probe(&*scripted));
                let requests = scripted.take_requests().len();
                match found {
                    Ok(found) if !honest => {
                        assert_eq!(found, Capabilities::default(), "{fault:?} {nth}")
                    }
                    Ok(found) if nth >= requests as i32 => {
                        assert_eq!(found, BOTH, "{fault:?} {nth}")
                    }
                    // Underestimated, or not known: the world is safe either way.
                    _ => assert!(nth < requests as i32, "{fault:?} {nth}: {found:?}"),
                }
            }
        }
    }
}

#[test]
fn a_second_writer_is_refused_and_a_reader_is_not() {
    for objects in [in_memory(), without_conditions()] {
        let store = share(&objects, LONG).expect("opens");
        write(&store, &[(KEY, chunk(1))]).expect("writes");
        let before = lease(&objects);
        assert_eq!(before["pid"], std::process::id());
        let error = share(&objects, LONG).expect_err("taken");
        let host = before["host"].as_str().expect("a name");
        let named = matches!(&error, StoreError::HeldByWriter { writer, free_in_s, .. }
            if writer.contains(host) && *free_in_s > 3600);
        assert!(named, "{error}");
        assert_eq!(lease(&objects), before, "nothing was touched");
        let options = StoreOptions::default();
        let reader = ChunkStore::with_read_only_objects(Arc::clone(&objects), &options);
        assert_eq!(read(&reader.expect("opens"), KEY).expect("reads"), Some(chunk(1)));
        drop(store);
        assert_eq!(lease(&objects)["expires_unix_ms"], 0);
        let store = share(&objects, LONG).expect("was given back");
        assert_eq!(read(&store, KEY).expect("reads"), Some(chunk(1)));
    }
}

#[test]
fn a_lease_is_taken_over_when_it_is_over_and_not_before() {
    for objects in [in_memory(), without_conditions()] {
        put_lease(&objects, foreign_lease(5));
        let error = share(&objects, Duration::from_secs(60)).expect_err("held");
        assert!(error.to_string().contains("process 12 on far"), "{error}");
        // Its writer's clock may be late: not before the margin has passed too.
        put_lease(&objects, foreign_lease(-5));
        let error = share(&objects, Duration::from_secs(60)).expect_err("held");
        assert!(matches!(error, StoreError::HeldByWriter { .. }), "{error}");
        put_lease(&objects, foreign_lease(-11));
        let store = share(&objects, Duration::from_secs(60)).expect("over");
        write(&store, &[(KEY, chunk(2))]).expect("writes");
        assert_ne!(lease(&objects)["owner"], "x");
    }
}

#[test]
fn a_writer_whose_lease_is_taken_writes_no_more() {
    for objects in [in_memory(), without_conditions()] {
        let store = share(&objects, Duration::from_millis(1200)).expect("opens");
        wait_for(|| write(&store, &[(KEY, chunk(1))]).ok());
        put_lease(&objects, foreign_lease(1000));
        let error = wait_for(|| write(&store, &[(KEY, chunk(2))]).err());
        assert!(matches!(error, StoreError::LeaseLost { .. }), "{error}");
        let found = read(&store, KEY).expect("reads");
        let again = write(&store, &[(KEY, chunk(3))]).expect_err("for good");
        assert!(matches!(again, StoreError::LeaseLost { .. }), "{again}");
        assert_eq!(read(&store, KEY).expect("still reads"), found);
        drop(store);
        assert_eq!(lease(&objects)["owner"], "x", "what is not ours is not given back");
    }
}

#[test]
fn a_lease_that_cannot_be_renewed_stops_the_writer_until_it_can() {
    let scripted = Scripted::over(in_memory());
    let objects: Arc<dyn ObjectStore> = scripted.clone();
    let store = share(&objects, Duration::from_millis(1200)).expect("opens");
    wait_for(|| write(&store, &[(KEY, chunk(1))]).ok());
    scripted.script(|request| match request {
        Request::Put(path) if path == LEASE_NAME => Fault::Before,
        _ => Fault::None,
    });
    let error = wait_for(|| write(&store, &[(KEY, chunk(1))]).err());
    assert!(matches!(&error, StoreError::LeaseLost { .. }), "{error}");
    assert!(error.to_string().contains("connection reset"), "{error}");
    scripted.heal();
    wait_for(|| write(&store, &[(KEY, chunk(2))]).ok());
    assert_eq!(read(&store, KEY).expect("reads"), Some(chunk(2)));
}

#[test]
fn a_lease_whose_answer_is_lost_is_ours_all_the_same() {
    for fault in [Fault::After, Fault::Twice] {
        let scripted = Scripted::over(in_memory());
        let objects: Arc<dyn ObjectStore> = scripted.clone();
        scripted.next_put(LEASE_NAME, fault);
        let store = share(&objects, LONG).expect("ours");
        write(&store, &[(KEY, chunk(1))]).expect("writes");
        drop(store);
        scripted.next_put(LEASE_NAME, Fault::Before);
        let error = share(&objects, LONG).expect_err("was not written");
        assert!(matches!(&error, StoreError::Object { path, .. } if path == LEASE_NAME), "{error}");
        share(&objects, LONG).expect("and is free");
    }
}

#[test]
fn of_many_writers_at_once_one_gets_the_lease() {
    let objects = in_memory();
    // Where none was, and in place of one that is over.
    for over in [false, true] {
        if over {
            put_lease(&objects, foreign_lease(-1000));
        }
        let stores: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| share(&objects, LONG))).collect();
            threads.into_iter().map(|thread| thread.join().expect("ends")).collect()
        });
        for store in &stores {
            if let Err(error) = store {
                assert!(matches!(error, StoreError::HeldByWriter { .. }), "{error}");
            }
        }
        assert_eq!(stores.iter().filter(|store| store.is_ok()).count(), 1);
    }
}

#[test]
fn of_two_writers_that_see_a_free_lease_at_once_the_store_or_the_later_one_decides() {
    // With conditions: another one comes between our look and our PUT. Without: right after our PUT.
    for (honest, over) in [(true, false), (true, true), (false, false), (false, true)] {
        let inner = in_memory();
        let scripted = Scripted::over(Arc::clone(&inner));
        if !honest {
            scripted.ignore_conditions();
        }
        if over {
            put_lease(&inner, foreign_lease(-1000));
        }
        let moment = match honest {
            true => Request::Put(LEASE_NAME.to_owned()),
            false => Request::Get(LEASE_NAME.to_owned()),
        };
        let mut left = if honest { 1 } else { 2 };
        let objects: Arc<dyn ObjectStore> = scripted.clone();
        scripted.script(move |request| {
            left -= i32::from(*request == moment);
            if *request == moment && left == 0 {
                put_lease(&inner, foreign_lease(1000));
            }
            Fault::None
        });
        let error = share(&objects, Duration::from_secs(30)).expect_err("the other one has it");
        assert!(matches!(error, StoreError::HeldByWriter { .. }), "{error}");
        assert_eq!(lease(&objects)["owner"], "x", "{honest} {over}");
    }
}

#[test]
fn what_is_no_lease_is_reported_and_not_replaced() {
    for bytes in [&b"{"[..], b"", b"{\"owner\": 3}", &[b' '; 5000]] {
        let objects = in_memory();
        put_lease(&objects, bytes);
        let error = share(&objects, LONG).expect_err("damaged");
        assert!(matches!(error, StoreError::DamagedLease { .. }), "{error}");
        assert!(error.to_string().contains("delete it if"), "{error}");
    }
}

#[test]
fn a_bucket_with_something_else_in_it_is_left_alone() {
    let objects = in_memory();
    block_on(objects.put(&ObjectPath::from("photos/1"), "mine".into())).expect("writes");
    let error = share(&objects, LONG).expect_err("not a world");
    assert!(matches!(error, StoreError::NotAWorld { .. }), "{error}");
    use futures::StreamExt;
    assert_eq!(block_on(objects.list(None).count()), 1);
}
