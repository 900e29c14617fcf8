//! A network between us and the store that fails in every way it can.

use std::time::Duration;

use bluemarble_core::ChunkKey;
use bluemarble_store::{ChunkStore, StoreError, StoreOptions};
use glam::{IVec3, ivec3};

use crate::{
    moto,
    proxy::{Fate, Proxy},
    s3::{chunk, metadata, open, read, write},
};

const KEY: ChunkKey = ChunkKey { region: 3, lod: 2, pos: ivec3(1, 1, 1) };
const SHARD: &str = "region3/lod2/c/0/0/0";

struct Failing {
    proxy: Proxy,
    bucket: String,
    options: StoreOptions,
}

impl Failing {
    fn new() -> Self {
        let proxy = Proxy::start();
        let mut options = moto::options(proxy.port);
        options.retry_for = Duration::from_secs(10);
        Self { proxy, bucket: moto::new_bucket(), options }
    }

    fn open(&self) -> Result<ChunkStore, StoreError> {
        ChunkStore::open(&moto::location(&self.bucket), &metadata(), &self.options)
    }

    /// What others find.
    fn look(&self) -> Option<bluemarble_core::Chunk> {
        let options = moto::options(moto::port());
        let location = moto::location(&self.bucket);
        read(&ChunkStore::open_read_only(&location, &options).expect("opens"), KEY)
    }
}

#[test]
fn a_busy_server_is_asked_again() {
    let failing = Failing::new();
    let mut count = 0;
    failing.proxy.script(move |_, _| {
        count += 1;
        if count % 3 == 0 { Fate::Busy } else { Fate::Pass }
    });
    let store = failing.open().expect("made");
    for seed in [6, 7, 8] {
        write(&store, &[(KEY, chunk(seed))]).expect("writes");
        assert_eq!(read(&store, KEY), Some(chunk(seed)));
    }
    assert_eq!(store.keys_blocking().expect("lists"), [KEY]);
}

#[test]
fn a_write_that_was_done_before_it_was_sent_again_is_done() {
    let failing = Failing::new();
    let store = failing.open().expect("made");
    for seed in [6, 7] {
        failing.proxy.once("PUT", SHARD, Fate::DoneButBusy);
        write(&store, &[(KEY, chunk(seed))]).expect("its own write");
        assert_eq!(failing.look(), Some(chunk(seed)));
        assert_eq!(read(&store, KEY), Some(chunk(seed)));
    }
}

#[test]
fn a_lease_that_was_written_before_it_was_sent_again_is_ours() {
    for fate in [Fate::DoneButBusy, Fate::Unanswered] {
        let failing = Failing::new();
        failing.proxy.once("PUT", ".writer", fate);
        let store = failing.open().expect("ours");
        write(&store, &[(KEY, chunk(6))]).expect("writes");
        let error = open(&failing.bucket).expect_err("taken");
        assert!(matches!(error, StoreError::HeldByWriter { .. }), "{error}");
    }
}

#[test]
fn a_write_without_an_answer_is_old_or_new_and_can_be_done_again() {
    for (fate, done) in [(Fate::Unheard, false), (Fate::Unanswered, true)] {
        let failing = Failing::new();
        let store = failing.open().expect("made");
        write(&store, &[(KEY, chunk(6))]).expect("writes");
        failing.proxy.once("PUT", SHARD, fate);
        let outcome = write(&store, &[(KEY, chunk(7))]);
        let expected = if done || outcome.is_ok() { chunk(7) } else { chunk(6) };
        assert_eq!(failing.look(), Some(expected.clone()), "{fate:?}");
        assert_eq!(read(&store, KEY), Some(expected), "{fate:?}");
        write(&store, &[(KEY, chunk(8))]).expect("writes");
        assert_eq!(failing.look(), Some(chunk(8)));
    }
}

#[test]
fn half_a_body_is_fetched_again_or_reported() {
    let failing = Failing::new();
    let store = failing.open().expect("made");
    write(&store, &[(KEY, chunk(8))]).expect("writes");
    for nth in 0..3 {
        let mut count = -1;
        failing.proxy.script(move |method, path| {
            count += i32::from(method == "GET" && path.contains(SHARD));
            if count == nth { Fate::Half } else { Fate::Pass }
        });
        let location = moto::location(&failing.bucket);
        let reader = ChunkStore::open_read_only(&location, &failing.options).expect("opens");
        match futures::executor::block_on(reader.read(KEY)) {
            Ok(found) => assert_eq!(found, Some(chunk(8))),
            Err(error) => assert!(matches!(error, StoreError::Object { .. }), "{error}"),
        }
    }
    failing.proxy.script(|method, _| if method == "GET" { Fate::Half } else { Fate::Pass });
    let error = write(&store, &[(ChunkKey { pos: IVec3::ZERO, ..KEY }, chunk(1))]);
    let error = error.expect_err("nothing comes whole");
    assert!(matches!(error, StoreError::Object { .. }), "{error}");
    failing.proxy.script(|_, _| Fate::Pass);
    assert_eq!(read(&store, KEY), Some(chunk(8)));
}

#[test]
fn a_server_that_is_gone_is_an_error_that_names_the_object() {
    let failing = Failing::new();
    let mut options = failing.options.clone();
    options.retry_for = Duration::from_secs(1);
    let location = moto::location(&failing.bucket);
    let store = ChunkStore::open(&location, &metadata(), &options).expect("made");
    write(&store, &[(KEY, chunk(6))]).expect("writes");
    failing.proxy.script(|_, _| Fate::Unheard);
    let error = futures::executor::block_on(store.read(KEY)).expect_err("nobody is there");
    assert!(matches!(&error, StoreError::Object { path, .. } if path == SHARD), "{error}");
    let error = write(&store, &[(KEY, chunk(7))]).expect_err("nobody is there");
    assert!(matches!(&error, StoreError::Object { path, .. } if path == SHARD), "{error}");
    failing.proxy.script(|_, _| Fate::Pass);
    assert_eq!(read(&store, KEY), Some(chunk(6)));
}
