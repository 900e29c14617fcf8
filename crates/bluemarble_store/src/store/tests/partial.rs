//! Chunks of which another program stored only some cells.

use object_store::ObjectStoreExt;

use super::*;
use crate::{
    chunk_bytes::{self, Part},
    codec::CodecChain,
    layout::{ArrayLayout, ShardKey},
    shard::{self, IndexLocation},
};

/// Puts single cells into the only shard of an array, as another program would.
fn store_cells(
    objects: &Arc<dyn ObjectStore>,
    storage: StorageOptions,
    cells: &[(ChunkKey, IVec3, u16)],
) {
    let (shard, _) = ShardKey::locate(&EARTH, cells[0].0).expect("inside");
    let layout = ArrayLayout::new(&EARTH, shard.lod, storage.chunk_edge);
    let mut raw: HashMap<usize, Vec<u8>> = HashMap::new();
    for &(key, cell, material) in cells {
        let (_, within) = ShardKey::locate(&EARTH, key).expect("inside");
        let holds = |part: &Part| {
            let at = cell - part.in_chunk;
            at.cmpge(IVec3::ZERO).all() && at.cmplt(IVec3::splat(part.edge_cells)).all()
        };
        let part = layout.parts(within).find(holds).expect("one part holds it");
        let raw = raw.entry(part.slot).or_insert_with(|| chunk_bytes::unstored(layout.chunk_cells));
        let at = part.in_stored + cell - part.in_chunk;
        let byte = ((at.y * layout.chunk_cells + at.z) * layout.chunk_cells + at.x) as usize * 2;
        raw[byte..byte + 2].copy_from_slice(&material.to_le_bytes());
    }
    let chain = CodecChain::new(storage.codec);
    let mut slots = vec![None; layout.slots()];
    for (slot, raw) in raw {
        slots[slot] = Some(chain.encode(&raw).expect("encodes").into());
    }
    let order = layout.slot_order();
    let (bytes, _) = shard::build(shard, 0, &slots, &order, IndexLocation::End);
    block_on(objects.put(&shard.path(), bytes.into())).expect("written");
}

/// Opens the world and accepts what the other program has stored.
fn adopted(objects: &Arc<dyn ObjectStore>, storage: StorageOptions) -> ChunkStore {
    let store = open_stored(objects, EARTH, storage);
    block_on(store.adopt()).expect("adopts");
    store
}

#[test]
fn cells_that_nobody_stored_are_unstored_and_all_others_are_as_stored() {
    for storage in all_storage() {
        let objects = in_memory();
        let at = |x, y, z| ChunkKey::new(4, 18, ivec3(x, y, z));
        let store = open_stored(&objects, EARTH, storage);
        write(&store, &[(at(0, 0, 0), chunk(1))]).expect("makes the array");
        let one = IVec3::splat(40);
        store_cells(
            &objects,
            storage,
            &[(at(1, 0, 0), one, 7), (at(1, 0, 0), IVec3::ZERO, 0), (at(3, 2, 1), one, 9)],
        );
        let store = adopted(&objects, storage);
        let mut expected = Chunk::uniform(MaterialId::UNSTORED);
        expected.set(one, MaterialId(7));
        expected.set(IVec3::ZERO, MaterialId::AIR);
        assert_eq!(read(&store, at(1, 0, 0)).expect("reads"), Some(expected), "{storage:?}");
        // Beside it, in the same stored chunk where that is large.
        assert_eq!(read(&store, at(0, 0, 0)).expect("reads"), None, "{storage:?}");
        assert_eq!(read(&store, at(1, 1, 1)).expect("reads"), None, "{storage:?}");
        let keys: HashSet<_> = store.keys_blocking().expect("lists").into_iter().collect();
        assert_eq!(keys, HashSet::from([at(1, 0, 0), at(3, 2, 1)]), "{storage:?}");
    }
}

#[test]
fn a_write_beside_cells_that_others_stored_loses_none_of_them() {
    for storage in all_storage() {
        let objects = in_memory();
        let at = |x| ChunkKey::new(4, 18, ivec3(x, 3, 3));
        let store = open_stored(&objects, EARTH, storage);
        write(&store, &[(at(0), chunk(1))]).expect("makes the array");
        let cell = ivec3(63, 0, 31);
        let cells = [0, 1, 2, 3].map(|x| (at(x), cell, 500 + x as u16));
        store_cells(&objects, storage, &cells);
        let store = adopted(&objects, storage);
        write(&store, &[(at(1), chunk(6))]).expect("writes");
        for store in [store, open_stored(&objects, EARTH, storage)] {
            assert_eq!(read(&store, at(1)).expect("reads"), Some(chunk(6)));
            for x in [0, 2, 3] {
                let mut expected = Chunk::uniform(MaterialId::UNSTORED);
                expected.set(cell, MaterialId(500 + x as u16));
                assert_eq!(read(&store, at(x)).expect("reads"), Some(expected), "{storage:?} {x}");
            }
            assert_eq!(store.keys_blocking().expect("lists").len(), 4);
        }
    }
}

#[test]
fn what_is_listed_is_read_even_if_every_cell_is_explicitly_unstored() {
    for storage in all_storage() {
        let objects = in_memory();
        let key = ChunkKey::new(0, 20, IVec3::ZERO);
        write(&open_stored(&objects, EARTH, storage), &[(key, chunk(1))]).expect("makes the array");
        store_cells(&objects, storage, &[(key, IVec3::ZERO, u16::MAX)]);
        let store = adopted(&objects, storage);
        let is_listed = store.keys_blocking().expect("lists") == [key];
        let found = read(&store, key).expect("reads");
        assert_eq!(found, is_listed.then_some(Chunk::uniform(MaterialId::UNSTORED)), "{storage:?}");
    }
}

#[test]
fn an_incomplete_chunk_is_not_written_at_any_edge() {
    for storage in all_storage() {
        let objects = in_memory();
        let store = open_stored(&objects, EARTH, storage);
        let key = ChunkKey::new(0, 17, IVec3::ONE);
        let mut incomplete = chunk(3);
        incomplete.set_index(77, MaterialId::UNSTORED);
        let error = write(&store, &[(key, incomplete)]).expect_err("incomplete");
        assert!(matches!(error, StoreError::Incomplete { cell: 77, .. }), "{error}");
        assert_eq!(store.keys_blocking().expect("lists"), []);
    }
}
