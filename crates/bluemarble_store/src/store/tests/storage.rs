//! Stored chunks of every edge, compressed in every way that a document may name.

use object_store::{ObjectStoreExt, path::Path as ObjectPath};
use serde_json::{Value, json};

use super::*;

fn any_codec() -> impl Strategy<Value = ChunkCodec> {
    prop::sample::select(&ChunkCodec::ALL[..])
}

/// Changes a document of a world.
fn change(objects: &Arc<dyn ObjectStore>, path: &str, change: impl FnOnce(&mut Value)) {
    let path = ObjectPath::from(path);
    block_on(async {
        let bytes = objects.get(&path).await.expect("there").bytes().await.expect("read");
        let mut document = serde_json::from_slice(&bytes).expect("JSON");
        change(&mut document);
        objects.put(&path, document.to_string().into_bytes().into()).await.expect("written");
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn what_is_written_in_small_stored_chunks_comes_back_and_nothing_else(
        batches in any_writes(FLAT), codec in any_codec(),
    ) {
        let storage = StorageOptions { chunk_edge: ChunkEdge::Cells32, codec };
        check_round_trip(&in_memory(), FLAT, storage, batches)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn what_is_written_in_large_stored_chunks_comes_back_and_nothing_else(
        batches in any_writes(EARTH), codec in any_codec(),
    ) {
        let storage = StorageOptions { chunk_edge: ChunkEdge::Cells128, codec };
        check_round_trip(&in_memory(), EARTH, storage, batches)?;
    }
}

#[test]
fn every_edge_and_codec_stores_chunks_beside_each_other_at_every_kind_of_lod() {
    for storage in all_storage() {
        let objects = in_memory();
        let key = |lod, x, y, z| ChunkKey::new(0, lod, ivec3(x, y, z));
        let keys = [
            key(0, 0, 0, 0),
            key(0, 1, 0, 0),
            key(0, -1, 3, -2),
            key(18, -4, 3, 0),
            key(19, 1, 1, 1),
            key(20, -1, 0, -1),
        ];
        let batches: Vec<Vec<_>> =
            vec![keys.into_iter().zip(1..).collect(), keys.into_iter().zip(50..).take(1).collect()];
        check_round_trip(&objects, FLAT, storage, batches)
            .unwrap_or_else(|error| panic!("{storage:?}: {error}"));
    }
}

#[test]
fn a_world_is_opened_with_what_it_was_made_with() {
    for storage in all_storage() {
        let objects = in_memory();
        let key = ChunkKey::new(0, 18, ivec3(1, 2, 3));
        write(&open_stored(&objects, EARTH, storage), &[(key, chunk(1))]).expect("writes");
        for other in [StorageOptions::default(), storage] {
            let store = open_stored(&objects, EARTH, other);
            assert_eq!(store.storage(), storage);
            assert_eq!(read(&store, key).expect("reads"), Some(chunk(1)));
        }
    }
}

#[test]
fn an_array_is_read_and_written_with_the_codecs_that_its_document_names() {
    let bytes = json!({ "name": "bytes", "configuration": { "endian": "little" } });
    let inner = [
        json!([bytes]),
        json!([bytes, "crc32c"]),
        json!([bytes, "lz4"]),
        json!([bytes, { "name": "numcodecs.lz4" }, { "name": "crc32c" }]),
        json!([bytes, { "name": "zstd", "configuration": { "level": 1, "checksum": true } }]),
        json!([bytes, { "name": "numcodecs.zstd" }, "crc32c"]),
    ];
    let key = ChunkKey::new(0, 19, IVec3::ZERO);
    let beside = ChunkKey { pos: IVec3::Z, ..key };
    for (inner, location) in inner.iter().flat_map(|inner| [(inner, "start"), (inner, "end")]) {
        let objects = in_memory();
        // The array as another program made it: only its document.
        write(&open(&objects, EARTH), &[(key, chunk(1))]).expect("writes");
        let shard = ObjectPath::from("region0/lod19/c/0/0/0");
        block_on(objects.delete(&shard)).expect("deleted");
        change(&objects, "region0/lod19/zarr.json", |document| {
            let configuration = &mut document["codecs"][0]["configuration"];
            configuration["codecs"] = inner.clone();
            configuration["index_location"] = json!(location);
        });
        let store = open(&objects, EARTH);
        write(&store, &[(key, chunk(6))]).expect("writes");
        write(&store, &[(beside, chunk(13))]).expect("writes");
        for store in [store, open(&objects, EARTH)] {
            assert_eq!(read(&store, key).expect("reads"), Some(chunk(6)), "{inner} {location}");
            assert_eq!(read(&store, beside).expect("reads"), Some(chunk(13)), "{inner} {location}");
            assert_eq!(store.keys_blocking().expect("lists").len(), 2);
        }
    }
}

#[test]
fn an_array_with_chunks_of_another_edge_is_refused() {
    let objects = in_memory();
    let key = ChunkKey::new(0, 3, IVec3::ZERO);
    write(&open(&objects, EARTH), &[(key, chunk(1))]).expect("writes");
    change(&objects, "region0/lod3/zarr.json", |document| {
        document["codecs"][0]["configuration"]["chunk_shape"] = json!([64, 64, 32]);
    });
    let error = read(&open(&objects, EARTH), key).expect_err("another edge");
    let is_named = matches!(&error, StoreError::Mismatch { field, .. }
        if field == "codecs[0].configuration.chunk_shape[2]");
    assert!(is_named, "{error}");
}

#[test]
fn the_eight_stored_chunks_of_a_chunk_are_read_with_one_request() {
    let storage = StorageOptions { chunk_edge: ChunkEdge::Cells32, ..StorageOptions::default() };
    let objects = in_memory();
    let keys = [0, 1, 2, 3].map(|x| ChunkKey::new(0, 0, ivec3(x, 1, 2)));
    let chunks: Vec<_> = keys.into_iter().zip((6..).map(chunk)).collect();
    write(&open_stored(&objects, EARTH, storage), &chunks).expect("writes");
    let counting = faulty::Faulty::over(objects);
    let objects: Arc<dyn ObjectStore> = counting.clone();
    let store = open_stored(&objects, EARTH, storage);
    read(&store, keys[0]).expect("reads");
    for (key, chunk) in &chunks {
        let before = counting.gets();
        assert_eq!(read(&store, *key).expect("reads").as_ref(), Some(chunk));
        assert_eq!(counting.gets() - before, 1, "{key}");
    }
}

#[test]
fn every_damage_to_a_large_or_small_stored_chunk_is_reported_with_the_chunk() {
    for chunk_edge in [ChunkEdge::Cells32, ChunkEdge::Cells128] {
        for codec in ChunkCodec::ALL {
            let storage = StorageOptions { chunk_edge, codec };
            let objects = in_memory();
            let keys = [IVec3::ZERO, IVec3::X].map(|pos| ChunkKey::new(2, 19, pos));
            let chunks = [(keys[0], chunk(6)), (keys[1], chunk(13))];
            write(&open_stored(&objects, EARTH, storage), &chunks).expect("writes");
            let path = ObjectPath::from("region2/lod19/c/0/0/0");
            let whole =
                block_on(async { objects.get(&path).await?.bytes().await }).expect("a shard");
            for at in (0..whole.len()).step_by(whole.len() / 25) {
                // In place of what the last round has written.
                block_on(objects.put(&path, whole.clone().into())).expect("restored");
                block_on(open_stored(&objects, EARTH, storage).adopt()).expect("adopted");
                let mut bytes = whole.to_vec();
                bytes[at] ^= 0x10;
                block_on(objects.put(&path, bytes.clone().into())).expect("damaged");
                let store = open_stored(&objects, EARTH, storage);
                let mut reported = 0;
                for (key, chunk) in &chunks {
                    match read(&store, *key) {
                        Ok(found) => assert_eq!(found.as_ref(), Some(chunk), "byte {at}"),
                        Err(StoreError::DamagedChunk { key: named, .. }) => {
                            assert_eq!(named, *key);
                            reported += 1;
                        }
                        Err(StoreError::DamagedShard { .. } | StoreError::OtherShard { .. }) => {
                            reported += 1;
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
                assert!(reported > 0, "byte {at} of {} goes unnoticed", whole.len());
                // What cannot be read is not written over where it would be lost.
                let beside = ChunkKey::new(2, 19, IVec3::ONE);
                if write(&store, &[(beside, chunk(1))]).is_err() {
                    let after = block_on(async { objects.get(&path).await?.bytes().await });
                    assert_eq!(after.expect("a shard"), bytes);
                } else {
                    assert_eq!(chunk_edge, ChunkEdge::Cells32, "byte {at}");
                }
            }
        }
    }
}

#[test]
fn the_parts_of_a_large_stored_chunk_are_read_with_one_request_until_it_is_replaced() {
    let storage = StorageOptions { chunk_edge: ChunkEdge::Cells256, ..StorageOptions::default() };
    let counting = faulty::Faulty::over(in_memory());
    let objects: Arc<dyn ObjectStore> = counting.clone();
    let keys = [0, 1, 2, 3].map(|x| ChunkKey::new(0, 0, ivec3(x, 1, 2)));
    let chunks: Vec<_> = keys.into_iter().zip((6..).map(chunk)).collect();
    let store = open_stored(&objects, EARTH, storage);
    write(&store, &chunks).expect("writes");
    let before = counting.gets();
    for (key, chunk) in &chunks {
        assert_eq!(read(&store, *key).expect("reads").as_ref(), Some(chunk));
    }
    assert_eq!(counting.gets() - before, 2, "the index and the stored chunk");
    write(&store, &[(keys[2], chunk(60))]).expect("writes");
    assert_eq!(read(&store, keys[2]).expect("reads"), Some(chunk(60)));
    assert_eq!(read(&store, keys[1]).expect("reads").as_ref(), Some(&chunks[1].1));
}
