//! Shards looked after one by one: what is damaged is named, and what is whole stays as it is.

use super::*;
use crate::{DamagedPart, StoreOptions, layout::ShardKey};

/// A chunk of materials that the table has.
fn known(seed: u16) -> Chunk {
    let mut chunk = Chunk::uniform(MaterialId(seed % 7));
    for cell in 0..600 {
        chunk.set_index(cell * 431, MaterialId((seed + cell as u16) % 9));
    }
    chunk
}

/// Chunks of one shard, and one beside it.
fn stored() -> Vec<(ChunkKey, Chunk)> {
    [ivec3(0, 0, 0), ivec3(1, 0, 0), ivec3(3, 2, 1), ivec3(-1, 0, 0)]
        .into_iter()
        .zip(1..)
        .map(|(pos, seed)| (ChunkKey::new(0, 0, pos), known(seed)))
        .collect()
}

fn check(store: &ChunkStore) -> (HashMap<ChunkKey, Chunk>, Vec<crate::Damage>) {
    let listing = block_on(store.list_shards()).expect("listed");
    let mut damages = block_on(store.check_documents(&listing.arrays)).expect("read");
    let mut found = HashMap::new();
    for shard in &listing.shards {
        let checked = store.check_shard(shard, |crate::WholeChunk { key, chunk, .. }| {
            assert!(found.insert(key, chunk).is_none(), "{key} twice");
        });
        damages.extend(block_on(checked).expect("read"));
    }
    (found, damages)
}

fn shard_of(key: ChunkKey) -> ShardKey {
    ShardKey::locate(&FLAT, key).expect("inside").0
}

#[test]
fn every_whole_chunk_is_passed_on_and_nothing_else() {
    for storage in all_storage() {
        let store = open_stored(&in_memory(), FLAT, storage);
        let chunks = stored();
        write(&store, &chunks).expect("written");
        let listing = block_on(store.list_shards()).expect("listed");
        assert_eq!((listing.shards.len(), listing.arrays.len()), (2, 1));
        let (found, damages) = check(&store);
        assert_eq!(damages, []);
        assert!(found == chunks.into_iter().collect(), "{storage:?}");
    }
}

#[test]
fn chunks_go_alone_and_a_shard_without_any_is_removed() {
    for storage in all_storage() {
        let store = open_stored(&in_memory(), FLAT, storage);
        let chunks = stored();
        write(&store, &chunks).expect("written");
        let shard = shard_of(chunks[0].0);
        let same = block_on(store.rewrite_shard(shard, &[])).expect("read");
        assert!(!same.is_rewritten && same.bytes_after == same.bytes_before, "{storage:?}");
        // One of another shard is not looked for in this one.
        let gone = [chunks[1].0, chunks[3].0];
        let less = block_on(store.rewrite_shard(shard, &gone)).expect("rewritten");
        // What is left of a larger stored chunk may compress worse.
        let is_smaller = storage.chunk_edge.cells() > 64 || less.bytes_after < less.bytes_before;
        assert!(less.is_rewritten && is_smaller, "{storage:?}");
        let mut left: HashMap<_, _> = chunks.iter().cloned().collect();
        left.remove(&chunks[1].0);
        assert!(check(&store) == (left, Vec::new()), "{storage:?}");
        assert_eq!(read(&store, chunks[1].0).expect("read"), None, "{storage:?}");
        let gone = [chunks[0].0, chunks[2].0];
        let none = block_on(store.rewrite_shard(shard, &gone)).expect("removed");
        assert_eq!((none.bytes_after, none.is_rewritten), (0, true), "{storage:?}");
        assert_eq!(block_on(store.list_shards()).expect("listed").shards.len(), 1);
        assert_eq!(read(&store, chunks[3].0).expect("read").as_ref(), Some(&chunks[3].1));
    }
}

#[test]
fn gaps_are_closed() {
    for storage in all_storage() {
        let objects = in_memory();
        let chunks = stored();
        let store = open_stored(&objects, FLAT, storage);
        write(&store, &chunks).expect("written");
        let shard = shard_of(chunks[0].0);
        let format = block_on(store.check_array(0, 0)).expect("there");
        let (slots, _) = block_on(store.read_shard(shard, &format)).expect("read");
        // All chunks once more behind garbage, 100 bytes that no entry of the index names, and without a stamp.
        let (compact, _) = crate::shard::build(
            shard,
            0,
            &slots,
            &format.layout.slot_order(),
            crate::shard::IndexLocation::End,
        );
        let index = compact.len() - format.form.index_bytes();
        let mut entries = compact[index..compact.len() - 4].to_vec();
        for entry in entries.chunks_exact_mut(16).filter(|entry| entry[8..] != [255; 8]) {
            let offset = u64::from_le_bytes(entry[..8].try_into().expect("8 bytes")) + 100;
            entry[..8].copy_from_slice(&offset.to_le_bytes());
        }
        let crc = crc32c::crc32c(&entries).to_le_bytes();
        let chunks_end = index - crate::shard::STAMP_BYTES;
        let gappy = [&[7; 100], &compact[..chunks_end], &entries, &crc].concat();
        block_on(objects.put_opts(&shard.path(), gappy.clone().into(), Default::default()))
            .expect("put");
        let store = open_stored(&objects, FLAT, storage);
        block_on(store.adopt()).expect("adopted");
        let done = block_on(store.rewrite_shard(shard, &[])).expect("rewritten");
        assert!(done.is_rewritten && done.bytes_before == gappy.len() as u64, "{storage:?}");
        assert_eq!(done.bytes_after, compact.len() as u64, "{storage:?}");
        assert!(check(&store).0 == chunks.into_iter().collect(), "{storage:?}");
    }
}

#[test]
fn damage_is_named_and_set_aside_without_what_is_whole() {
    for storage in all_storage() {
        let dir = directory();
        let objects = on_disk(dir.path());
        let chunks = stored();
        write(&open_stored(&objects, FLAT, storage), &chunks).expect("written");
        let shard = shard_of(chunks[0].0);
        let file = dir.path().join(shard.path().as_ref());
        let mut bytes = std::fs::read(&file).expect("a shard");
        bytes[10] ^= 1;
        std::fs::write(&file, &bytes).expect("damaged");
        let store = open_stored(&objects, FLAT, storage);
        let (found, damages) = check(&store);
        let [damage] = damages.as_slice() else { panic!("{storage:?}: {damages:?}") };
        assert_eq!((damage.part, &*damage.path), (DamagedPart::Chunk, shard.path().as_ref()));
        let named: HashSet<_> = damage.chunks.iter().copied().collect();
        let lost = chunks.iter().filter(|(key, _)| named.contains(key)).count();
        assert!(lost >= 1 && found.len() == chunks.len() - lost, "{storage:?}: {damage}");
        assert!(chunks.iter().all(|(key, chunk)| named.contains(key) || found[key] == *chunk));

        let listing = block_on(store.list_shards()).expect("listed");
        let stored = listing.shards.iter().find(|stored| stored.key == shard).expect("listed");
        for expected in [format!("damaged/{}", stored.path), format!("damaged/{}.1", stored.path)] {
            std::fs::write(&file, &bytes).expect("damaged");
            let options = StoreOptions { rebuild_manifest: true, ..StoreOptions::default() };
            let metadata = metadata(FLAT).with_storage(storage);
            let opened =
                ChunkStore::with_objects_and_options(Arc::clone(&objects), &metadata, &options);
            let store = block_on(opened).expect("takes it for what belongs there");
            let aside = block_on(store.set_chunks_aside(stored, &damage.chunks)).expect("kept");
            assert_eq!(aside, expected);
            assert_eq!(std::fs::read(dir.path().join(aside)).expect("kept"), bytes);
            assert!(check(&store) == (found.clone(), Vec::new()), "{storage:?}");
        }
    }
}

#[test]
fn documents_and_whole_shards_are_set_aside_and_made_again() {
    let dir = directory();
    let objects = on_disk(dir.path());
    let chunks = stored();
    write(&open(&objects, FLAT), &chunks).expect("written");
    let stray = "region0/lod0/c/1/2/notes.txt";
    std::fs::create_dir_all(dir.path().join("region0/lod0/c/1/2")).expect("a folder");
    let shard = shard_of(chunks[3].0).path().to_string();
    std::fs::remove_file(dir.path().join("region0/zarr.json")).expect("removed");
    for path in [stray, "region0/lod0/zarr.json", &shard] {
        std::fs::write(dir.path().join(path), "{").expect("written");
    }
    let store = open(&objects, FLAT);
    let listing = block_on(store.list_shards()).expect("listed");
    assert_eq!(listing.strays, [stray]);
    let (found, damages) = check(&store);
    let named: Vec<_> = damages.iter().map(|damage| (damage.part, &*damage.path)).collect();
    let expected = [
        (DamagedPart::MissingDocument, "region0/zarr.json"),
        (DamagedPart::Document, "region0/lod0/zarr.json"),
        (DamagedPart::OtherShard, &*shard),
    ];
    assert_eq!(named, expected);
    // As they would have been written: their document does not tell any more.
    assert_eq!(found.len(), 3);
    for path in [stray, "region0/lod0/zarr.json", &shard] {
        let aside = block_on(store.set_aside(path)).expect("set aside");
        assert_eq!(std::fs::read(dir.path().join(aside)).expect("kept"), b"{");
    }
    block_on(store.make_documents(0, 0)).expect("made");
    assert_eq!(check(&store), (found, Vec::new()));
    assert_eq!(block_on(store.keys()).expect("whole").len(), 3);
}

#[test]
fn a_material_that_the_world_does_not_have_is_damage() {
    let store = open(&in_memory(), FLAT);
    let key = ChunkKey::new(0, 0, IVec3::ZERO);
    write(&store, &[(key, Chunk::uniform(MaterialId(5000)))]).expect("written");
    let (found, damages) = check(&store);
    assert!(found.is_empty());
    assert!(damages[0].to_string().contains("chunk r0/l0/0,0,0: it holds material 5000"));
}

#[test]
fn a_damaged_shard_is_not_adopted_and_still_comes_back_from_a_copy() {
    let (dir, copy) = (directory(), directory());
    let chunks = stored();
    for dir in [&dir, &copy] {
        write(&open(&on_disk(dir.path()), FLAT), &chunks).expect("written");
    }
    let shard = shard_of(chunks[0].0).path().to_string();
    let path = dir.path().join(&shard);
    let whole = std::fs::read(&path).expect("a shard");
    let cut = &whole[..whole.len() / 2];
    let flipped: Vec<u8> =
        whole.iter().enumerate().map(|(at, &byte)| byte ^ u8::from(at == 9)).collect();
    for harm in [cut, &[], &flipped, &whole[..whole.len() - 1]] {
        std::fs::write(&path, harm).expect("damaged");
        let store = open(&on_disk(dir.path()), FLAT);
        let adopted = block_on(store.adopt()).expect("looks");
        if harm != flipped {
            assert_eq!(adopted.damaged, std::slice::from_ref(&shard));
        }
        assert!(adopted.changed.is_empty() && adopted.new.is_empty(), "{adopted:?}");
        let copy = open(&on_disk(copy.path()), FLAT);
        let restored = block_on(store.restore_file(&shard, &copy, false)).expect("restores");
        assert_eq!(restored, crate::Restored::Same);
        assert_eq!(std::fs::read(&path).expect("a shard"), whole);
    }
}
