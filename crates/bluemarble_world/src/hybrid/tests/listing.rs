//! What is stored is found out where it is asked for: no answer depends on how far that has come.

use bluemarble_core::{CancelToken, Face, FacePlane};
use bluemarble_store::{ChunkEdge, ShardKey, StorageOptions};

use futures::FutureExt;

use super::*;
use crate::{Exactness, hybrid::Known};

/// Holes, hills and lone voxels, near and far.
fn batch(random: &mut impl FnMut(i32) -> i32) -> EditBatch {
    let mut batch = EditBatch::new();
    for _ in 0..6 {
        let far = 1 << (6 + random(19));
        let centre = ivec3(random(far) - far / 2, random(40) - 30, random(far) - far / 2);
        let material = if random(2) == 0 { AIR } else { BRICK };
        match random(3) {
            0 => batch.set(VoxelPos::new(0, centre), material),
            _ => {
                let radius = f64::from(2 + random(40));
                batch.fill_sphere(LatticePos::new(0, centre.as_dvec3()), radius, material)
            }
        };
    }
    batch
}

fn random(mut seed: u64) -> impl FnMut(i32) -> i32 {
    move |end| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as i32 % end
    }
}

#[test]
fn a_world_that_lists_on_the_way_answers_as_one_that_has_listed_everything() {
    for seed in 0..5u64 {
        let mut random = random(seed * 7919 + 1);
        let (objects, baseline) = (objects(), plain());
        let world = open(&objects, &baseline);
        for _ in 0..3 {
            edit(&world, &batch(&mut random));
        }
        flush(&world);
        drop(world);
        let (lazy, whole) = (open(&objects, &baseline), open(&objects, &baseline));
        let mut stored = all_edited(&whole);
        block_on(whole.rebuild_index(usize::MAX)).expect("indexes");
        stored.sort_unstable_by_key(|key| (key.lod, key.pos.to_array()));
        let mut reader = lazy.reader();
        let mut sure = whole.reader();
        for step in 0..200usize {
            let near = stored[random(stored.len() as i32) as usize];
            let beside = near.pos + ivec3(random(3) - 1, random(3) - 1, random(3) - 1);
            let key = ChunkKey::new(0, near.lod, beside);
            if !lazy.has_chunk(key) {
                continue;
            }
            // Before it is read: in doubt the answer is that something may be there.
            for node in std::iter::once(key).chain(ancestors(key)) {
                let (found, expected) = (lazy.classify(node), whole.classify(node));
                assert!(found == expected || found == Classification::Mixed, "{node}");
                let is_untouched = matches!(lazy.known(node), Known::Untouched);
                assert!(!is_untouched || matches!(whole.known(node), Known::Untouched), "{node}");
                if let Known::Uniform(material) = lazy.known(node) {
                    assert!(
                        matches!(whole.known(node), Known::Uniform(known) if known == material),
                        "{node}"
                    );
                }
            }
            let survey = lazy.survey(key);
            assert!(survey == Survey::Mixed || survey == whole.survey(key), "{key}");
            if let Some(plane) = lazy.quick_plane(key, Face::NegY) {
                assert!(plane == FacePlane::of_chunk(&read(&whole, key), Face::NegY), "{key}");
            }
            let voxels = VoxelBox::new(0, key.lattice_box());
            if let Some(material) = lazy.box_material(&voxels, 0) {
                assert_eq!(whole.box_material(&voxels, 0), Some(material), "{key}");
            }
            match step % 4 {
                0 => assert!(read(&lazy, key) == read(&whole, key), "{key}"),
                1 => {
                    let pos = VoxelPos::new(0, key.min_voxel());
                    let ask = |reader: &mut crate::WorldReader| {
                        reader.query_material(pos, key.lod, Exactness::Exact).expect("answers")
                    };
                    assert_eq!(ask(&mut reader), ask(&mut sure), "{key}");
                }
                2 => {
                    block_on(lazy.prepare(key, &CancelToken::never())).expect("prepares");
                    assert_eq!(lazy.survey(key), whole.survey(key), "{key}");
                }
                _ => {
                    block_on(lazy.rebuild_index(3)).expect("indexes");
                }
            }
        }
        assert!(lazy.state().octree.len() <= stored.len());
        let mut found = all_edited(&lazy);
        found.sort_unstable_by_key(|key| (key.lod, key.pos.to_array()));
        assert_eq!(found, stored);
        for &key in &stored {
            assert_eq!(lazy.classify(key), whole.classify(key), "{key}");
        }
    }
}

#[test]
fn edits_of_places_that_nobody_has_asked_for_are_laid_over_what_is_stored_there() {
    // Where stored chunks are larger, whole ones are decoded to see what they hold.
    for (edge, sessions) in
        [(ChunkEdge::default(), 8), (ChunkEdge::ALL[ChunkEdge::ALL.len() - 1], 2)]
    {
        let (objects, baseline) = (objects(), plain());
        let metadata = |storage| {
            WorldMetadata::new(baseline.shape(), baseline.fingerprint(), &MaterialTable::standard())
                .with_storage(storage)
        };
        let storage = StorageOptions { chunk_edge: edge, ..StorageOptions::default() };
        block_on(ChunkStore::with_objects(Arc::clone(&objects), &metadata(storage))).expect("made");
        let mut random = random(77);
        let mut expected: HashMap<ChunkKey, Chunk> = HashMap::new();
        let oracle =
            HybridWorld::builder(Arc::clone(&baseline), MaterialTable::standard()).in_memory();
        for _ in 0..sessions {
            let world = open(&objects, &baseline);
            let batch = batch(&mut random);
            edit(&world, &batch);
            edit(&oracle, &batch);
            flush(&world);
            flush(&oracle);
        }
        for key in all_edited(&oracle) {
            expected.insert(key, read(&oracle, key));
        }
        let world = open(&objects, &baseline);
        for (key, chunk) in &expected {
            if key.lod == 0 {
                assert!(read(&world, *key) == *chunk, "{key}");
            }
        }
        assert!(expected.len() > 8 * sessions, "{} chunks are too few", expected.len());
    }
}

#[test]
fn opening_reads_no_more_of_a_world_with_many_shards_than_of_one_with_few() {
    let baseline = plain();
    let [few, many] = [10, 2000].map(|shards| {
        let objects = objects();
        let metadata = WorldMetadata::new(
            baseline.shape(),
            baseline.fingerprint(),
            &MaterialTable::standard(),
        );
        let store =
            block_on(ChunkStore::with_objects(Arc::clone(&objects), &metadata)).expect("made");
        let brick = Chunk::uniform(BRICK);
        let chunks: Vec<_> =
            (0..shards).map(|at| (ChunkKey::new(0, 0, ivec3(at * 4, 0, 0)), &brick)).collect();
        block_on(store.write(&chunks)).expect("writes");
        block_on(store.commit()).expect("commits");
        drop(store);
        let counting = faulty::Faulty::over(objects);
        let objects: Arc<dyn ObjectStore> = counting.clone();
        let world = open(&objects, &baseline);
        let opened = counting.gets();
        // One place is found, and what lies around it known, by a few more reads.
        let key = ChunkKey::new(0, 0, ivec3(8, 0, 0));
        assert!(read(&world, key) == brick);
        assert_eq!(
            world.classify(ChunkKey::new(0, 3, ivec3(-1, 3, -1))),
            Classification::Uniform(AIR)
        );
        let listed = world.state().octree.len();
        assert!(listed < 10, "{listed} chunks of {shards} shards");
        (opened, counting.gets() - opened)
    });
    assert_eq!(few.0, many.0, "reads to open");
    assert!(many.1 <= few.1 + 4, "reads to find one chunk: {many:?} and {few:?}");
}

/// A world that was opened again after one voxel of a chunk was stored, and the chunk's key.
fn with_a_brick(objects: &Arc<dyn ObjectStore>) -> (HybridWorld, ChunkKey) {
    let world = open(objects, &plain());
    set(&world, 0, ivec3(5, 70, 5), BRICK);
    flush(&world);
    drop(world);
    (open(objects, &plain()), ChunkKey::new(0, 0, ivec3(0, 1, 0)))
}

#[test]
fn many_may_list_a_place_at_once_and_none_twice() {
    let (world, key) = with_a_brick(&objects());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert!(read(&world, key).get(ivec3(5, 6, 5)) == BRICK));
        }
    });
    let (shard, _) = ShardKey::locate(&world.shape(), key).expect("inside");
    assert_eq!(world.state().unlisted.lods(shard), None);
    // A second time nothing is asked of the store.
    let before = world.statistics().store;
    block_on(world.list_place(shard)).expect("lists");
    assert_eq!(world.statistics().store, before);
}

#[test]
fn what_cannot_be_listed_is_an_error_and_the_next_try_finds_it() {
    let faulty = faulty::Faulty::over(objects());
    let (world, key) = with_a_brick(&(faulty.clone() as _));
    faulty.fail_gets();
    assert!(block_on(world.read(key)).is_err());
    assert!(block_on(world.edited_unsorted()).is_err());
    assert_eq!(world.classify(key), Classification::Mixed);
    faulty.heal();
    assert_eq!(read(&world, key).get(ivec3(5, 6, 5)), BRICK);
}

#[test]
fn who_waits_for_the_store_while_listing_keeps_nobody_else_waiting() {
    let stalling = faulty::Faulty::over(objects());
    let (world, key) = with_a_brick(&(stalling.clone() as _));
    stalling.stall_one_get();
    let mut first = Box::pin(world.read(key));
    assert!((&mut first).now_or_never().is_none(), "it waits for the store");
    assert_eq!(read(&world, key).get(ivec3(5, 6, 5)), BRICK);
    assert_eq!(all_edited(&world).len(), world.statistics().edited_chunks);
}

#[test]
fn chunks_outside_of_the_world_are_refused_and_hold_anything() {
    let (world, _) = with_a_brick(&objects());
    let far = [i32::MIN, i32::MIN + 1, -1 << 26, 1 << 26, i32::MAX];
    let of_lods = far.map(|far| [0, 1, MAX_LOD].map(|lod| ChunkKey::new(0, lod, ivec3(0, far, 0))));
    let of_no_lod = [MAX_LOD + 1, u8::MAX].map(|lod| ChunkKey::new(0, lod, IVec3::ZERO));
    let of_no_region = [ChunkKey::new(1, 0, IVec3::ZERO), ChunkKey::new(u8::MAX, 0, IVec3::ZERO)];
    for key in of_lods.into_iter().flatten().chain(of_no_lod).chain(of_no_region) {
        let refusals = [
            block_on(world.look_up(key)),
            block_on(world.prepare(key, &CancelToken::never())),
            block_on(world.read(key)).map(drop),
        ];
        for refused in refusals {
            assert!(
                matches!(refused, Err(WorldError::OutsideLattice { .. })),
                "{key}: {refused:?}"
            );
        }
        assert_eq!(world.classify(key), Classification::Mixed, "{key}");
        assert_eq!(world.survey(key), Survey::Mixed, "{key}");
        assert_eq!(world.quick_plane(key, Face::PosY), None, "{key}");
    }
}
