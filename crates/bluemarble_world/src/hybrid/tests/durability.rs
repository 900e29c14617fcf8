//! What is still there after a flush, a failed flush and a reopening.

use std::path::Path;

use bluemarble_store::StoreOptions;

use super::*;

fn open_dir(dir: &Path, baseline: &Arc<dyn Baseline>) -> Result<HybridWorld, WorldError> {
    HybridWorld::open(dir, Arc::clone(baseline), MaterialTable::standard())
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory for temporary files")
}

/// Digs a hole into hills; where its middle is.
fn dig(world: &HybridWorld) -> IVec3 {
    let centre = DVec3::new(700.3, world.ground_y_estimate(0, 700.3, -400.0), -400.0);
    edit(world, EditBatch::new().fill_sphere(LatticePos::new(0, centre), 25.0, AIR));
    centre.floor().as_ivec3()
}

#[test]
fn a_hole_that_was_flushed_is_there_at_every_lod_after_reopening() {
    let (dir, baseline) = (directory(), hills());
    let (before, hole) = {
        let world = open_dir(dir.path(), &baseline).expect("made");
        assert!(world.is_durable());
        let hole = dig(&world);
        let report = block_on(world.checkpoint()).expect("flushes");
        let keys = sorted(all_edited(&world));
        assert_eq!(report.chunks, keys.len());
        assert_eq!(
            sorted(report.updated_parents),
            keys.iter().copied().filter(|key| key.lod > 0).collect::<Vec<_>>()
        );
        (keys.into_iter().map(|key| (key, read(&world, key))).collect::<Vec<_>>(), hole)
    };
    let world = open_dir(dir.path(), &baseline).expect("opened");
    assert_eq!(sorted(all_edited(&world)), before.iter().map(|(key, _)| *key).collect::<Vec<_>>());
    for (key, chunk) in &before {
        assert!(same(&read(&world, *key), chunk), "{key}");
    }
    for lod in 0..=3 {
        let deep = VoxelPos::new(0, hole - ivec3(0, 8, 0));
        let key = deep.chunk(lod);
        let cell = key.cell_of(deep).expect("inside");
        assert_eq!(read(&world, key).get(cell), AIR, "no hole at lod {lod}");
        assert_ne!(filled(&baseline, key).get(cell), AIR);
    }
    assert!(parents::check(&world) > 2);
    assert_eq!(update_parents(&world), []);
    assert_eq!(flush(&world), 0);
}

#[test]
fn edits_that_were_not_folded_are_replayed_from_the_log() {
    let (dir, baseline) = (directory(), plain());
    {
        let world = open_dir(dir.path(), &baseline).expect("made");
        set(&world, 0, ivec3(1, 1, 1), BRICK);
        flush(&world);
        set(&world, 0, ivec3(2, 1, 1), BRICK);
        update_parents(&world);
    }
    let world = open_dir(dir.path(), &baseline).expect("opened");
    assert_eq!(material(&world, 0, ivec3(1, 1, 1)), BRICK);
    assert_eq!(material(&world, 0, ivec3(2, 1, 1)), BRICK);
    assert_eq!(all_edited(&world), [ChunkKey::new(0, 0, IVec3::ZERO)]);
    assert_eq!(flush(&world), 1);
    drop(world);
    let world = open_dir(dir.path(), &baseline).expect("opened");
    assert_eq!(world.statistics().overlay_chunks, 0, "the log is done with it");
    assert_eq!(material(&world, 0, ivec3(2, 1, 1)), BRICK);
}

#[test]
fn many_voxels_of_a_batch_take_few_bytes_each_and_are_replayed_in_their_order() {
    let (dir, baseline) = (directory(), plain());
    // Each of 3,000 voxels around a corner of chunks twice: the later step counts.
    let voxel = |number: i32| ivec3(number % 30, number / 30 % 10, number / 300) - 7;
    let kind = |number: i32| if number % 3 == 0 { GRANITE } else { BRICK };
    let mut batch = EditBatch::new();
    (0..6_000).for_each(|number| {
        _ = batch.set(VoxelPos::new(0, voxel(number % 3_000)), kind(number / 7))
    });
    {
        let world = open_dir(dir.path(), &baseline).expect("made");
        edit(&world, &batch);
        let log = world.statistics().log.expect("a log");
        assert!(log.bytes_written < 6_000 * 6, "{log:?}");
    }
    let world = open_dir(dir.path(), &baseline).expect("opened");
    for number in 3_000..6_000 {
        let found = material(&world, 0, voxel(number % 3_000));
        assert_eq!(found, kind(number / 7), "voxel {number}");
    }
}

#[test]
fn a_flush_without_a_store_only_updates_parents() {
    let world = in_memory(&hills());
    dig(&world);
    let report = block_on(world.checkpoint()).expect("flushes");
    assert!(report.chunks == 0 && !report.updated_parents.is_empty() && !world.is_durable());
    assert_eq!(world.statistics().overlay_chunks, all_edited(&world).len());
}

#[test]
fn a_failed_flush_keeps_everything_in_memory_and_the_next_one_writes_it() {
    let baseline = hills();
    // However many puts succeed, and whether or not the one that fails was done.
    for (puts, lost) in [(0, false), (1, false), (3, false), (6, false), (0, true)] {
        let faulty = faulty::Faulty::over(objects());
        let objects: Arc<dyn ObjectStore> = faulty.clone();
        let world = open(&objects, &baseline);
        world.set_cache_budget_bytes(0);
        let hole = dig(&world);
        update_parents(&world);
        let edited: Vec<_> =
            all_edited(&world).into_iter().map(|key| (key, read(&world, key))).collect();
        if lost {
            faulty.lose_answers()
        } else {
            faulty.fail_puts_after(puts)
        }
        let error = block_on(world.checkpoint()).expect_err("no space");
        assert!(matches!(error, WorldError::Store(StoreError::Object { .. })), "{error}");
        assert_eq!(world.statistics().overlay_chunks, edited.len(), "after {puts} puts");
        let more = hole + ivec3(0, 40, 0);
        set(&world, 0, more, BRICK);
        faulty.heal();
        let written = flush(&world);
        assert!(written >= edited.len());
        assert_eq!(world.statistics().overlay_chunks, 0);
        for world in [&world, &open(&objects, &baseline)] {
            for (key, chunk) in &edited {
                if *key != VoxelPos::new(0, more).chunk(0) {
                    assert!(same(&read(world, *key), chunk), "{key} after {puts} puts");
                }
            }
            assert_eq!(material(world, 0, more), BRICK);
            assert_eq!(material(world, 0, hole), AIR);
        }
    }
}

#[test]
fn parents_that_a_failed_flush_updated_are_told_of_by_the_next_call() {
    let baseline = hills();
    let updated = {
        let world = open(&objects(), &baseline);
        dig(&world);
        block_on(world.update_parents()).expect("updates")
    };
    assert!(!updated.is_empty());
    for flushes_again in [false, true] {
        let faulty = faulty::Faulty::over(objects());
        let objects: Arc<dyn ObjectStore> = faulty.clone();
        let world = open(&objects, &baseline);
        dig(&world);
        faulty.fail_puts_after(0);
        block_on(world.checkpoint()).expect_err("no space");
        faulty.heal();
        let told = if flushes_again {
            block_on(world.checkpoint()).expect("writes").updated_parents
        } else {
            block_on(world.update_parents()).expect("updates")
        };
        assert_eq!(told, updated);
        assert_eq!(block_on(world.update_parents()).expect("updates"), [], "told once");
    }
}

fn trench(x: i32) -> EditBatch {
    let trench = LatticeBox::new(ivec3(x, -30, 0), ivec3(x + 16, 0, 16));
    EditBatch::new().fill_box(VoxelBox::new(0, trench), AIR).clone()
}

#[test]
fn what_is_edited_while_a_flush_updates_parents_is_stored_with_its_parents() {
    let baseline = Interrupted::new(plain());
    let (objects, dynamic): (_, Arc<dyn Baseline>) = (objects(), baseline.clone());
    let world = open(&objects, &dynamic);
    let key = edit(&world, &trench(0)).chunks[0];
    let again = world.clone();
    baseline.at(key, move || drop(edit(&again, &trench(40))));
    flush(&world);
    let reopened = open(&objects, &dynamic);
    assert_eq!(material(&reopened, 0, ivec3(45, -1, 5)), AIR);
    assert!(parents::check(&reopened) > 2);
    assert_eq!(flush(&world), 0);
}

#[test]
fn what_is_edited_while_a_flush_writes_is_kept_for_the_next_one() {
    let faulty = faulty::Faulty::over(objects());
    let (objects, baseline): (Arc<dyn ObjectStore>, _) = (faulty.clone(), plain());
    let disk = SimDisk::new();
    let world = with_log(open(&objects, &baseline), &disk);
    edit(&world, &trench(0));
    let again = world.clone();
    faulty.interrupt(faulty::Moment::AfterPut, move || drop(edit(&again, &trench(40))));
    flush(&world);
    world.set_cache_budget_bytes(0);
    assert_eq!(material(&world, 0, ivec3(45, -1, 5)), AIR);
    assert_eq!(world.statistics().overlay_chunks, 1);
    // The first flush has not put the second trench into the store: the log still has it.
    let reopened = with_log(open(&objects, &baseline), &disk.copy());
    assert_eq!(material(&open(&objects, &baseline), 0, ivec3(45, -1, 5)), GRASS);
    assert_eq!(material(&reopened, 0, ivec3(5, -1, 5)), AIR);
    assert_eq!(material(&reopened, 0, ivec3(45, -1, 5)), AIR);
    update_parents(&reopened);
    parents::check(&reopened);
    assert!(flush(&world) > 0);
    parents::check(&open(&objects, &baseline));
}

#[test]
fn reopening_makes_the_octree_that_edits_made() {
    let (objects, baseline) = (objects(), plain());
    let world = open(&objects, &baseline);
    let mut seed = 5u64;
    let mut next = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 40) as i32
    };
    let mut batch = EditBatch::new();
    for _ in 0..12 {
        let reach = 6 + next() % 25;
        let far = 1 << (7 + next() % 19);
        let centre = ivec3(next() % far, -reach / 2, -(next() % far)).as_dvec3();
        batch.fill_sphere(LatticePos::new(0, centre), f64::from(reach), AIR);
    }
    edit(&world, &batch);
    flush(&world);
    set(&world, 0, ivec3(-5, 90, 5), BRICK);
    flush(&world);
    let reopened = open(&objects, &baseline);
    all_edited(&reopened);
    let (live, reopened) = (&world.state().octree, &reopened.state().octree);
    assert_eq!((live.len(), live.node_count()), (reopened.len(), reopened.node_count()));
    for key in live.edited_unsorted() {
        for node in std::iter::once(key).chain(ancestors(key)) {
            assert_eq!(live.edited_in(node), reopened.edited_in(node), "{node}");
            assert!(reopened.is_stale(node), "nobody has looked at {node}");
        }
    }
    assert!(live.len() > 40, "{} chunks are too few to tell", live.len());
}

#[test]
fn a_world_is_not_opened_over_another_ground() {
    let (dir, baseline) = (directory(), plain());
    {
        let world = open_dir(dir.path(), &baseline).expect("made");
        let second = open_dir(dir.path(), &baseline).expect_err("open already");
        assert!(matches!(second, WorldError::Store(StoreError::Locked { .. })), "{second}");
        // Another clone keeps the world locked.
        let clone = world.clone();
        drop(world);
        assert!(open_dir(dir.path(), &baseline).is_err());
        drop(clone);
    }
    for other in [hills(), Arc::new(Planet)] {
        let error = open_dir(dir.path(), &other).expect_err("another ground");
        let is_right = matches!(&error, WorldError::Store(StoreError::Mismatch { field, .. })
            if field.starts_with("attributes.bluemarble."));
        assert!(is_right, "{error}");
    }
    open_dir(dir.path(), &baseline).expect("the same ground");
}

#[test]
fn an_edited_chunk_that_the_store_has_lost_is_not_replaced_by_the_baseline() {
    let (dir, baseline) = (directory(), plain());
    let world = open_dir(dir.path(), &baseline).expect("made");
    world.set_cache_budget_bytes(0);
    let voxel = ivec3(-1, -1, -1);
    set(&world, 0, voxel, BRICK);
    flush(&world);
    let shards = dir.path().join("region0/lod0/c");
    std::fs::remove_dir_all(&shards).expect("removed");
    for _ in 0..2 {
        let error = block_on(world.material(VoxelPos::new(0, voxel))).expect_err("lost");
        let key = VoxelPos::new(0, voxel).chunk(0);
        let is_named = match &error {
            WorldError::Lost { key: named } => *named == key,
            WorldError::Store(StoreError::MissingShard { path, .. }) => {
                path.starts_with("region0/lod0/c")
            }
            _ => false,
        };
        assert!(is_named, "{error}");
    }
    set(&world, 0, ivec3(-2, -1, -1), BRICK);
    assert!(block_on(world.checkpoint()).is_err(), "the edit would be laid over the baseline");
}

/// Stores a single cell of a chunk, as another program would.
fn store_one_cell(objects: &Arc<dyn ObjectStore>, world: &HybridWorld, key: ChunkKey, cell: IVec3) {
    use bluemarble_store::{ArrayLayout, CodecChain, ShardKey, StorageOptions, chunk_bytes, shard};
    let storage = StorageOptions::default();
    let layout = ArrayLayout::new(&world.shape(), key.lod, storage.chunk_edge);
    let (place, within) = ShardKey::locate(&world.shape(), key).expect("inside");
    let part = layout.parts(within).next().expect("one part");
    let mut cells = vec![MaterialId::UNSTORED; CHUNK_VOLUME];
    cells[cell_index(cell.x as usize, cell.y as usize, cell.z as usize)] = MaterialId(9);
    let mut raw = chunk_bytes::unstored(layout.chunk_cells);
    part.put(&cells, &mut raw);
    let mut slots = vec![None; layout.slots()];
    let bytes = CodecChain::new(storage.codec).encode(&raw).expect("encodes");
    slots[part.slot] = Some(bytes.into());
    let order = layout.slot_order();
    let (bytes, _) = shard::build(place, 0, &slots, &order, shard::IndexLocation::End);
    block_on(objects.put(&place.path(), bytes.into())).expect("written");
}

#[test]
fn a_chunk_that_others_stored_in_part_lies_over_the_baseline() {
    let (objects, baseline) = (objects(), hills());
    let key = ChunkKey::new(0, 0, ivec3(20, 0, 20));
    {
        let world = open(&objects, &baseline);
        set(&world, 0, IVec3::ZERO, AIR);
        flush(&world);
        store_one_cell(&objects, &world, key, ivec3(3, 60, 5));
        let store = world.inner.store.as_ref().expect("a store");
        assert_eq!(block_on(store.adopt()).expect("adopted").new.len(), 1);
    }
    let counting = faulty::Faulty::over(Arc::clone(&objects));
    let counted: Arc<dyn ObjectStore> = counting.clone();
    let world = open(&counted, &baseline);
    let mut expected = filled(&baseline, key);
    expected.set(ivec3(3, 60, 5), MaterialId(9));
    assert!(same(&read(&world, key), &expected));
    let gets = counting.gets();
    assert!(same(&read(&world, key), &expected));
    assert_eq!(counting.gets(), gets, "what was laid over the baseline is kept so");
    // An edit completes it.
    set(&world, 0, key.min_voxel(), MaterialId(7));
    expected.set(IVec3::ZERO, MaterialId(7));
    flush(&world);
    for world in [world, open(&objects, &baseline)] {
        assert!(same(&read(&world, key), &expected));
    }
}

#[test]
fn a_world_over_another_one_shows_both_and_writes_only_its_own() {
    let (objects, baseline, dir) = (objects(), hills(), directory());
    let hole = {
        let below = open(&objects, &baseline);
        let hole = dig(&below);
        flush(&below);
        hole
    };
    let before = all_objects(&objects);
    let over = |dir: &Path| {
        let base =
            ChunkStore::with_read_only_objects(Arc::clone(&objects), &StoreOptions::default());
        let (baseline, materials) = (Arc::clone(&baseline), MaterialTable::standard());
        HybridWorld::builder(baseline, materials).over(base.expect("opens")).open(dir)
    };
    let beside = hole + ivec3(0, 0, 3);
    {
        let world = over(dir.path()).expect("opens");
        assert_eq!(material(&world, 0, hole), AIR);
        set(&world, 0, beside, BRICK);
        flush(&world);
        set(&world, 0, hole, GRANITE);
        world.set_cache_budget_bytes(0);
        assert_eq!((material(&world, 0, beside), material(&world, 0, hole)), (BRICK, GRANITE));
        update_parents(&world);
        parents::check(&world);
    }
    let world = over(dir.path()).expect("opens again");
    assert_eq!((material(&world, 0, beside), material(&world, 0, hole)), (BRICK, GRANITE));
    flush(&world);
    parents::check(&world);
    drop(world);
    assert!(all_objects(&objects) == before, "the world below was written to");
    // What is lost of its own is not replaced by what lies below.
    let world = over(dir.path()).expect("opens again");
    world.set_cache_budget_bytes(0);
    std::fs::remove_dir_all(dir.path().join("region0/lod0/c")).expect("removed");
    assert!(block_on(world.material(VoxelPos::new(0, beside))).is_err());
    let base = ChunkStore::with_read_only_objects(objects, &StoreOptions::default());
    let other = HybridWorld::builder(plain(), MaterialTable::standard())
        .over(base.expect("opens"))
        .open(directory().path());
    let error = other.expect_err("another ground").to_string();
    assert!(error.starts_with("the baseline of the world below is"), "{error}");
}

fn all_objects(objects: &Arc<dyn ObjectStore>) -> Vec<(String, Vec<u8>)> {
    use futures::TryStreamExt;
    use object_store::ObjectStoreExt;
    let listed: Vec<_> = block_on(objects.list(None).try_collect()).expect("lists");
    let mut all: Vec<_> = (listed.iter())
        .map(|object| {
            let found = block_on(objects.get(&object.location)).expect("there");
            (object.location.to_string(), block_on(found.bytes()).expect("read").to_vec())
        })
        .collect();
    all.sort_unstable();
    all
}
