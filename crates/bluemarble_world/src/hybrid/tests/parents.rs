//! Parents against the rule that makes them, applied slowly to everything.

use bluemarble_core::{LatticePos, VoxelBox, VoxelPos, downsample::downsample};

use super::*;

/// Compares every chunk above an edited one with what its eight children make of it, lod by lod. Each lod
/// is compared with what the lod below must be, not with what it is. Counts the chunks that are not the
/// baseline's.
pub fn check(world: &HybridWorld) -> usize {
    let baseline = world.baseline();
    let mut touched: HashSet<_> =
        all_edited(world).into_iter().filter(|key| key.lod == 0).collect();
    // What differs from the baseline. Everything else is the baseline's.
    let mut now: HashMap<ChunkKey, Chunk> = (touched.iter())
        .map(|&key| (key, read(world, key)))
        .filter(|(key, chunk)| !same(chunk, &filled(baseline, *key)))
        .collect();
    let mut differing = 0;
    for _ in 0..MAX_LOD {
        touched = touched.into_iter().filter_map(|key| key.parent()).collect();
        let mut parents = HashMap::new();
        for &key in &touched {
            let by_baseline = filled(baseline, key);
            let expected = made_of_children(baseline, key, &now);
            let found = read(world, key);
            let is_right = same(&found, expected.as_ref().unwrap_or(&by_baseline));
            assert!(is_right, "{key} is not what its children make of it");
            parents.extend(
                expected.filter(|chunk| !same(chunk, &by_baseline)).map(|chunk| (key, chunk)),
            );
        }
        differing += parents.len();
        now = parents;
    }
    differing
}

/// What a chunk must be, given what differs from the baseline in the lod below; `None` if nothing does.
fn made_of_children(
    baseline: &Arc<dyn Baseline>,
    key: ChunkKey,
    below: &HashMap<ChunkKey, Chunk>,
) -> Option<Chunk> {
    let children = key.children().expect("not of lod 0");
    if !children.iter().any(|child| below.contains_key(child)) {
        return None;
    }
    let by_baseline = children.map(|child| filled(baseline, child));
    let as_it_is =
        std::array::from_fn(|octant| below.get(&children[octant]).unwrap_or(&by_baseline[octant]));
    let shown = downsample(as_it_is).to_cells();
    let shown_by_baseline = downsample(by_baseline.each_ref()).to_cells();
    let mut cells = filled(baseline, key).to_cells();
    for ((cell, shown), before) in cells.iter_mut().zip(shown).zip(shown_by_baseline) {
        if shown != before {
            *cell = shown;
        }
    }
    Some(Chunk::from_cells(&cells))
}

/// Chunks meet here, and above and below lie different roots.
const AROUND: IVec3 = ivec3(128, 2, -64);

fn any_batches() -> impl Strategy<Value = Vec<(Vec<EditOp>, bool)>> {
    let ops = prop::collection::vec(any_op(AROUND, 28), 1..5);
    prop::collection::vec((ops, any::<bool>()), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn parents_are_what_their_children_make_of_them(batches in any_batches()) {
        let world = in_memory(&plain());
        for (ops, update_now) in batches {
            edit(&world, &batch(&ops));
            if update_now {
                update_parents(&world);
            }
        }
        update_parents(&world);
        check(&world);
        let before = all_edited(&world);
        prop_assert_eq!(update_parents(&world), []);
        prop_assert_eq!(sorted(all_edited(&world)), sorted(before));
        for lod in 0..=MAX_LOD {
            prop_assert_eq!(world.state().awaiting_parents(lod).count(), 0);
        }
    }
}

#[test]
fn a_hole_is_seen_from_afar_and_a_single_voxel_is_not() {
    let world = in_memory(&plain());
    set(&world, 0, ivec3(10, 0, 10), BRICK);
    assert_eq!(update_parents(&world), [], "one voxel of eight is overlooked");
    assert_eq!(check(&world), 0);
    edit(
        &world,
        EditBatch::new().fill_sphere(LatticePos::new(0, DVec3::new(500.0, 0.0, 500.0)), 40.0, AIR),
    );
    let changed = update_parents(&world);
    let top = changed.iter().map(|key| key.lod).max().expect("changed");
    assert!((4..=7).contains(&top), "a hole 80 voxels wide is seen up to lod {top}");
    assert_eq!(check(&world), changed.len());
    for lod in 0..=4 {
        let deep = VoxelPos::new(0, ivec3(500, -24, 500));
        let key = deep.chunk(lod);
        let cell = key.cell_of(deep).expect("inside");
        assert_eq!(read(&world, key).get(cell), AIR, "the hole is filled at lod {lod}");
    }
}

#[test]
fn where_an_edit_changes_nothing_to_be_seen_a_parent_stays_what_the_baseline_says() {
    let baseline: Arc<dyn Baseline> = Arc::new(Planet);
    let world = in_memory(&baseline);
    let ground = ivec3(1000, SEA - 1, 1000);
    let box_of = |size: i32| LatticeBox::new(ground - size, ground + ivec3(size, 1, size));
    edit(&world, EditBatch::new().fill_box(VoxelBox::new(5, box_of(8)), AIR));
    update_parents(&world);
    assert!(check(&world) > 3);
    let key = VoxelPos::new(5, ground).chunk(1);
    let (now, before) = (read(&world, key), filled(&baseline, key));
    let hole = |cell: IVec3| box_of(10).contains((key.pos * 64 + cell) * 2);
    let cells = || (0..CHUNK_VOLUME).map(cell_position);
    assert!(cells().any(|cell| now.get(cell) != before.get(cell)));
    assert!(cells().filter(|&cell| !hole(cell)).all(|cell| now.get(cell) == before.get(cell)));
}

#[test]
fn undoing_an_edit_gives_every_lod_back_to_the_baseline() {
    let baseline = hills();
    let world = in_memory(&baseline);
    let surface = world.ground_y_estimate(0, 7.0, -9.0) as i32;
    let hole = LatticeBox::new(ivec3(-20, surface - 15, -30), ivec3(25, surface + 6, 12));
    let mut undo = EditBatch::new();
    for y in hole.min.y..hole.max.y {
        for z in hole.min.z..hole.max.z {
            for x in hole.min.x..hole.max.x {
                undo.set(VoxelPos::new(0, ivec3(x, y, z)), material(&world, 0, ivec3(x, y, z)));
            }
        }
    }
    let done = edit(&world, EditBatch::new().fill_box(VoxelBox::new(0, hole), AIR));
    let changed = update_parents(&world);
    assert!(changed.iter().any(|key| key.lod > 2));
    let undone = edit(&world, &undo);
    assert_eq!(undone.chunks, done.chunks);
    assert_eq!(sorted(update_parents(&world)), sorted(changed));
    for key in all_edited(&world) {
        assert!(same(&read(&world, key), &filled(&baseline, key)), "{key} is not as it was");
    }
}

#[test]
fn a_chunk_that_is_edited_while_it_is_carried_up_is_carried_up_again() {
    let baseline = Interrupted::new(plain());
    let world = HybridWorld::in_memory(baseline.clone(), MaterialTable::standard());
    let key = VoxelPos::new(0, ivec3(0, -1, 0)).chunk(0);
    let dig = |x: i32| {
        let hole = LatticeBox::new(ivec3(x, -9, 0), ivec3(x + 8, 0, 8));
        EditBatch::new().fill_box(VoxelBox::new(0, hole), AIR).clone()
    };
    edit(&world, &dig(0));
    let (again, late) = (world.clone(), dig(32));
    // The last thing an update asks for before it carries a chunk up is the baseline of its parent.
    let parent = key.parent().expect("no root");
    baseline.at(parent, move || drop(edit(&again, &late)));
    update_parents(&world);
    assert_eq!(world.state().awaiting_parents(0).collect::<Vec<_>>(), [key]);
    update_parents(&world);
    assert!(check(&world) > 2);
}

#[test]
fn an_update_that_cannot_read_a_chunk_is_done_by_the_next_one() {
    let faulty = faulty::Faulty::over(objects());
    let (objects, baseline): (Arc<dyn ObjectStore>, _) = (faulty.clone(), plain());
    let world = open(&objects, &baseline);
    let dig = |x: i32| {
        let hole = LatticeBox::new(ivec3(x, -20, 0), ivec3(x + 20, 0, 20));
        EditBatch::new().fill_box(VoxelBox::new(0, hole), AIR).clone()
    };
    edit(&world, &dig(0));
    flush(&world);
    // The lods above are in the store only.
    world.set_cache_budget_bytes(0);
    edit(&world, &dig(64));
    faulty.fail_gets();
    let error = block_on(world.update_parents()).expect_err("cannot read the parent");
    assert!(matches!(error, WorldError::Store(StoreError::Object { .. })), "{error}");
    faulty.heal();
    assert!(!update_parents(&world).is_empty());
    check(&world);
}
