//! Which shards there are in a part of a world, against a list of all of them.

use super::*;
use crate::ShardKey;

fn any_key(shape: Shape) -> impl Strategy<Value = ChunkKey> {
    let regions = shape.regions();
    (0..regions, 0u8..=20).prop_flat_map(move |(region, lod)| {
        let (min, max) = (shape.region_box().min.x >> lod >> 6i32, shape.region_box().max.x);
        let end = (max >> lod >> 6i32).max(1);
        let axis = move || prop_oneof![min..end, min..(min + 6).min(end), (end - 6).max(min)..end];
        (axis(), axis(), axis())
            .prop_map(move |(x, y, z)| ChunkKey::new(region, lod, ivec3(x, y, z)))
    })
}

fn check(shape: Shape, keys: &[ChunkKey]) -> Result<(), TestCaseError> {
    let objects: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let mut store = open(&objects, shape);
    let chunk = Chunk::uniform(MaterialId(3));
    let (before, after) = keys.split_at(keys.len() / 2);
    let written = |keys: &[ChunkKey]| {
        let chunks: Vec<_> = keys.iter().map(|&key| (key, &chunk)).collect();
        block_on(store.write(&chunks)).expect("writes");
    };
    written(before);
    block_on(store.commit()).expect("commits");
    // Known from the tree, and what is newer.
    written(after);
    for has_manifest in [true, false] {
        if !has_manifest {
            store.manifest = None;
        }
        let shards: Vec<_> = block_on(store.list_known_shards())
            .expect("lists")
            .into_iter()
            .map(|shard| shard.key)
            .collect();
        for &key in keys {
            let (shard, _) = ShardKey::locate(&shape, key).expect("inside");
            let known = block_on(store.known_shard(shard)).expect("known");
            prop_assert_eq!(known.map(|shard| shard.key), Some(shard));
            for place in (shard.lod..=20).map(|lod| shard.above(lod)) {
                for place in place.below().chain([place]) {
                    let holds = |shard: &&ShardKey| {
                        shard.lod <= place.lod && shard.above(place.lod) == place
                    };
                    let lods =
                        shards.iter().filter(holds).fold(0, |lods, shard| lods | 1 << shard.lod);
                    let found = block_on(store.lods_below(place, u32::MAX)).expect("known");
                    prop_assert_eq!(found, lods, "{:?}", place);
                    let some = block_on(store.lods_below(place, 0b1010_1010)).expect("known");
                    prop_assert_eq!(some, lods & 0b1010_1010, "{:?}", place);
                    let known = block_on(store.known_shard(place)).expect("known");
                    prop_assert_eq!(known.is_some(), shards.contains(&place), "{:?}", place);
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn places_tell_of_the_shards_that_a_list_of_all_has(
        on_a_planet in prop::collection::vec(any_key(EARTH), 1..20),
        on_a_plain in prop::collection::vec(any_key(FLAT), 1..20),
    ) {
        check(EARTH, &on_a_planet)?;
        check(FLAT, &on_a_plain)?;
    }
}

#[test]
fn while_it_is_not_known_whether_a_shard_was_replaced_no_version_is_named() {
    let faulty = faulty::Faulty::over(Arc::new(InMemory::new()));
    let objects: Arc<dyn ObjectStore> = faulty.clone();
    let store = open(&objects, FLAT);
    let key = ChunkKey::new(0, 0, IVec3::ZERO);
    let (shard, _) = ShardKey::locate(&FLAT, key).expect("inside");
    let write = |material| block_on(store.write(&[(key, &Chunk::uniform(MaterialId(material)))]));
    let version = || block_on(store.known_shard(shard)).expect("known").map(|shard| shard.version);
    assert_eq!(version(), None);
    write(3).expect("writes");
    let before = version();
    assert!(matches!(before, Some(Some(_))), "{before:?}");
    // What is to be written is put down, and then the shard cannot be.
    faulty.fail_puts_after(1);
    write(4).expect_err("the shard is not written");
    assert_eq!(version(), Some(None));
    faulty.heal();
    write(5).expect("writes");
    assert!(matches!(version(), Some(Some(_))) && version() != before);
}
