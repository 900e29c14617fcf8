//! A world on a cluster of three nodes, one of which dies. `scripts/test-garage.sh` runs it.

use std::process::Command;

use bluemarble_core::ChunkKey;
use bluemarble_store::{Capabilities, ChunkStore, StoreError, StoreOptions, WorldLocation};
use glam::ivec3;

use crate::s3::{chunk, metadata, read, write};

fn cluster(arguments: &[&str]) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/garage-cluster.sh");
    let status = Command::new(script).args(arguments).status().expect("a script");
    assert!(status.success(), "{arguments:?}");
}

#[test]
fn a_world_on_garage_survives_one_node_killed() {
    assert!(
        std::env::var_os("AWS_ENDPOINT_URL").is_some(),
        "run scripts/test-garage.sh, or eval \"$(scripts/garage-cluster.sh env)\" first"
    );
    let location: WorldLocation =
        format!("s3://worlds/survivor-{}", std::process::id()).parse().expect("a location");
    let options = StoreOptions::default();
    let store = ChunkStore::open(&location, &metadata(), &options).expect("made");
    assert_eq!(store.capabilities(), Capabilities::default(), "Garage keeps no conditions");
    let error = ChunkStore::open(&location, &metadata(), &options).expect_err("taken");
    assert!(matches!(error, StoreError::HeldByWriter { .. }), "{error}");
    let key = |at: i32| ChunkKey::new((at % 6) as u8, 3, ivec3(at, at % 7, at * 3));
    let put = |at: i32| write(&store, &[(key(at), chunk(at as u32))]).expect("writes");
    let check = |store: &ChunkStore, count: i32| {
        for at in 0..count {
            assert_eq!(read(store, key(at)), Some(chunk(at as u32)), "{at}");
        }
    };
    (0..40).for_each(put);
    // The node that answers us is the first one.
    cluster(&["kill", "3"]);
    check(&store, 40);
    (40..80).for_each(put);
    check(&ChunkStore::open_read_only(&location, &options).expect("opens"), 80);
    cluster(&["start"]);
    cluster(&["kill", "2"]);
    check(&ChunkStore::open_read_only(&location, &options).expect("opens"), 80);
    assert_eq!(store.keys_blocking().expect("lists").len(), 80);
    cluster(&["start"]);
}
