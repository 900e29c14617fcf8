//! What reading costs in requests, and what is remembered.

use super::{
    scripted::{Request, Scripted},
    *,
};
use crate::{StoreOptions, WorldLocation};

fn shared(objects: &Arc<dyn ObjectStore>) -> ChunkStore {
    ChunkStore::with_shared_objects(Arc::clone(objects), &metadata(EARTH), &StoreOptions::default())
        .expect("opens")
}

fn reader(objects: &Arc<dyn ObjectStore>, options: &StoreOptions) -> ChunkStore {
    ChunkStore::with_read_only_objects(Arc::clone(objects), options).expect("opens")
}

#[test]
fn a_cold_chunk_costs_two_gets_and_each_further_one_of_its_shard_costs_one() {
    let scripted = Scripted::over(in_memory());
    let objects: Arc<dyn ObjectStore> = scripted.clone();
    let key = |x| ChunkKey::new(2, 1, ivec3(x, 3, 5));
    let chunks: Vec<_> = (0..4).map(|x| (key(x), chunk(x as u64 + 6))).collect();
    write(&shared(&objects), &chunks).expect("writes");
    let store = reader(&objects, &StoreOptions::default());
    // What an array is made of is asked once, with the first chunk of any of its shards.
    write(&shared(&objects), &[(key(99), chunk(1))]).expect("writes");
    read(&store, key(99)).expect("reads");
    scripted.take_requests();
    let get = Request::Get("region2/lod1/c/0/1/0".to_owned());
    for (at, (key, chunk)) in chunks.iter().enumerate() {
        assert_eq!(read(&store, *key).expect("reads").as_ref(), Some(chunk));
        let expected = if at == 0 { vec![get.clone(), get.clone()] } else { vec![get.clone()] };
        assert_eq!(scripted.take_requests(), expected, "{key}");
    }
    // What an index said was not there may be there now.
    let beside = ChunkKey::new(2, 1, ivec3(0, 0, 5));
    assert_eq!(read(&store, beside).expect("reads"), None);
    assert_eq!(scripted.take_requests(), [get]);
    write(&shared(&objects), &[(beside, chunk(9))]).expect("writes");
    assert_eq!(read(&store, beside).expect("reads"), Some(chunk(9)));
}

#[test]
fn remembered_indices_take_no_more_bytes_than_they_may() {
    let objects = in_memory();
    let key = |x| ChunkKey::new(0, 0, ivec3(x * 4, 0, 0));
    let chunks: Vec<_> = (0..60).map(|x| (key(x), chunk(x as u64))).collect();
    write(&shared(&objects), &chunks).expect("writes");
    for (bytes, most) in [(1 << 20, 60), (16 << 10, 15), (0, 0)] {
        let options = StoreOptions { index_cache_bytes: bytes, ..StoreOptions::default() };
        let store = reader(&objects, &options);
        for (key, chunk) in &chunks {
            assert_eq!(read(&store, *key).expect("reads").as_ref(), Some(chunk));
        }
        assert!(store.indices.weight() <= bytes, "{} of {bytes}", store.indices.weight());
        assert!(store.indices.len() <= most, "{} of {most}", store.indices.len());
        assert!(most < 60 || store.indices.len() == 60);
    }
}

#[test]
fn a_reader_sees_what_a_writer_put_in_place_of_what_it_remembers() {
    let scripted = Scripted::over(in_memory());
    let objects: Arc<dyn ObjectStore> = scripted.clone();
    let writer = shared(&objects);
    let key = |x| ChunkKey::new(4, 3, ivec3(x, 0, 0));
    write(&writer, &[(key(0), chunk(7)), (key(1), chunk(3))]).expect("writes");
    let store = reader(&objects, &StoreOptions::default());
    assert_eq!(read(&store, key(1)).expect("reads"), Some(chunk(3)));
    // A larger chunk in front moves the other one.
    write(&writer, &[(key(0), chunk(6))]).expect("writes");
    scripted.take_requests();
    assert_eq!(read(&store, key(1)).expect("reads"), Some(chunk(3)));
    let requests = "refused, index, root, last intent, new intent, no other, chunk";
    assert_eq!(scripted.take_requests().len(), 7, "{requests}");
    assert_eq!(read(&store, key(0)).expect("reads"), Some(chunk(6)));
    block_on(writer.commit()).expect("commits");
    // The whole shard is gone: somebody has restored an older copy of the world.
    let path = object_store::path::Path::from("region4/lod3/c/0/0/0");
    block_on(object_store::ObjectStoreExt::delete(&*objects, &path)).expect("deletes");
    let error = read(&store, key(0)).expect_err("gone");
    assert!(matches!(error, StoreError::MissingShard { .. }), "{error}");
}

#[test]
fn a_reader_of_a_directory_sees_what_its_writer_does_and_changes_nothing() {
    let dir = directory();
    let location = WorldLocation::from(dir.path());
    let options = StoreOptions::default();
    let none = ChunkStore::open_read_only(&location, &options).expect_err("empty");
    assert!(matches!(none, StoreError::NoWorld { .. }), "{none}");
    let writer = ChunkStore::open(&location, &metadata(EARTH), &options).expect("made");
    let key = ChunkKey::new(0, 0, ivec3(5, 6, 7));
    let store = ChunkStore::open_read_only(&location, &options).expect("opens");
    assert_eq!(store.metadata(), &metadata(EARTH));
    assert_eq!(read(&store, key).expect("reads"), None);
    for seed in [6, 7, 8] {
        write(&writer, &[(key, chunk(seed))]).expect("writes");
        assert_eq!(read(&store, key).expect("reads"), Some(chunk(seed)));
    }
    let before = files(dir.path());
    for key in [key, ChunkKey::new(1, 2, IVec3::ONE)] {
        let error = write(&store, &[(key, chunk(9))]).expect_err("read only");
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
    }
    drop(store);
    assert_eq!(files(dir.path()), before);
}

#[test]
fn nothing_is_read_where_no_world_is() {
    let dir = directory();
    let location = WorldLocation::from(dir.path().join("not there"));
    for location in [location, WorldLocation::Memory] {
        let error = ChunkStore::open_read_only(&location, &StoreOptions::default());
        let error = error.expect_err("nothing");
        let named =
            matches!(&error, StoreError::NoWorld { location: at } if *at == location.to_string());
        assert!(named, "{error}");
    }
    assert_eq!(files(dir.path()).len(), 0);
}

#[test]
fn a_world_in_memory_needs_nothing() {
    let options = StoreOptions::default();
    let store = ChunkStore::open(&WorldLocation::Memory, &metadata(FLAT), &options).expect("made");
    let key = ChunkKey::new(0, 0, IVec3::NEG_ONE);
    write(&store, &[(key, chunk(4))]).expect("writes");
    assert_eq!(read(&store, key).expect("reads"), Some(chunk(4)));
}

#[test]
#[cfg(not(feature = "cloud"))]
fn without_the_feature_a_url_is_refused_by_its_name() {
    for url in ["s3://bucket/world", "https://example.com/world"] {
        let location: WorldLocation = url.parse().expect("a location");
        let options = StoreOptions::default();
        for error in [
            ChunkStore::open(&location, &metadata(FLAT), &options).expect_err("no clouds"),
            ChunkStore::open_read_only(&location, &options).expect_err("no clouds"),
        ] {
            let text = error.to_string();
            assert!(text.starts_with(url) && text.contains("feature `cloud`"), "{text}");
        }
    }
}

#[test]
#[cfg(feature = "cloud")]
fn what_cannot_be_a_store_is_refused_before_any_request() {
    let open = |url: &str, settings: &[(&str, &str)]| {
        let location: WorldLocation = url.parse().expect("a location");
        let settings = settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let options = StoreOptions { settings, ..StoreOptions::default() };
        ChunkStore::open(&location, &metadata(FLAT), &options).expect_err(url).to_string()
    };
    let error = open("s3://b/w", &[("regoin", "x"), ("secret_access_key", "hidden")]);
    assert!(error.starts_with("s3://b/w: setting regoin:"), "{error}");
    let error = open("s3://b/w", &[("allow_http", "perhaps")]);
    assert!(error.contains("perhaps"), "{error}");
    let error = open("http://127.0.0.1:9/w", &[]);
    assert!(error.contains("reading only"), "{error}");
}
