//! What a world tells without reading: classifications, surveys, statistics.

use bluemarble_core::{Face, LatticePos, VoxelBox, VoxelPos};

use super::*;

fn dug(baseline: &Arc<dyn Baseline>) -> HybridWorld {
    let world = in_memory(baseline);
    let mut batch = EditBatch::new();
    // Into the sky, into the ground at a chunk's border, and deep below.
    batch.fill_sphere(LatticePos::new(0, DVec3::new(40.0, 900.0, 40.0)), 9.0, BRICK);
    batch.fill_sphere(LatticePos::new(0, DVec3::new(127.0, -3.0, -500.0)), 20.0, AIR);
    batch.set(VoxelPos::new(0, ivec3(-64, -3000, 0)), AIR);
    edit(&world, &batch);
    update_parents(&world);
    world
}

#[test]
fn nothing_that_is_edited_or_beside_an_edit_is_classified_as_nothing_to_draw() {
    for baseline in [plain(), hills()] {
        let (world, shape) = (dug(&baseline), baseline.shape());
        let mut beside_but_plain = 0;
        for key in all_edited(&world) {
            for node in std::iter::once(key).chain(ancestors(key)) {
                assert_eq!(world.classify(node), Classification::Mixed, "{node}");
                for face in Face::ALL {
                    let Some(beside) = shape.neighbour(node, face) else { continue };
                    assert_eq!(world.classify(beside), Classification::Mixed, "{beside}");
                    let plain =
                        baseline.classify(VoxelBox::new(0, beside.lattice_box()), beside.lod);
                    beside_but_plain += usize::from(plain != Classification::Mixed);
                }
            }
        }
        assert!(beside_but_plain > 10, "the baseline alone would have said so in any case");
        let mut uniform = 0;
        for key in (0..400).map(|i| ChunkKey::new(0, 0, ivec3(200 + i % 20, i / 20 - 10, 77))) {
            let expected = baseline.classify(key.voxel_box(), 0);
            assert_eq!(world.classify(key), expected, "{key} is far from any edit");
            uniform += usize::from(expected != Classification::Mixed);
        }
        assert!(uniform > 100);
    }
}

#[test]
fn a_classification_of_an_edited_world_never_lies_about_cells() {
    let world = dug(&plain());
    for y in -4..4 {
        for x in -2..5 {
            let key = ChunkKey::new(0, 0, ivec3(x, y, -8));
            if let Classification::Uniform(material) = world.classify(key) {
                assert_eq!(read(&world, key).as_uniform(), Some(material), "{key}");
            }
        }
    }
}

#[test]
fn a_survey_of_an_edited_chunk_is_mixed_and_of_any_other_the_baselines() {
    let baseline = hills();
    let world = dug(&baseline);
    let edited: HashSet<_> = all_edited(&world).into_iter().collect();
    assert!(edited.iter().any(|key| key.lod > 1));
    for &key in &edited {
        assert_eq!(world.survey(key), Survey::Mixed, "{key}");
        let beside = ChunkKey { pos: key.pos + IVec3::X * 2, ..key };
        if !edited.contains(&beside) {
            assert_eq!(world.survey(beside), baseline.survey(beside), "{beside}");
        }
    }
    let sky = ChunkKey::new(0, 0, ivec3(9, 40, 9));
    assert_eq!(world.survey(sky), Survey::Uniform(AIR));
}

#[test]
fn statistics_count_where_reads_were_answered() {
    let (objects, baseline) = (objects(), plain());
    let world = open(&objects, &baseline);
    assert_eq!(world.statistics().hit_rate, 0.0);
    let (sky, ground) = (ChunkKey::new(0, 0, ivec3(0, 5, 0)), ChunkKey::new(0, 0, ivec3(0, -1, 0)));
    let sources = || {
        let now = world.statistics();
        [now.overlay_reads, now.cache_reads, now.store_reads, now.baseline_reads]
    };
    read(&world, sky);
    read(&world, ground);
    assert_eq!((sources(), world.statistics().uniform_fills), ([0, 0, 0, 2], 1));
    read(&world, sky);
    assert_eq!(sources(), [0, 1, 0, 2]);
    set(&world, 0, ground.min_voxel(), BRICK);
    assert_eq!(sources(), [0, 1, 0, 2], "an edit reads nothing");
    read(&world, ground);
    assert_eq!(sources(), [1, 1, 0, 2]);
    assert_eq!(world.statistics().hit_rate, 2.0 / 4.0);
    edit(
        &world,
        EditBatch::new()
            .fill_box(VoxelBox::new(0, LatticeBox::new(IVec3::ZERO, IVec3::splat(50))), BRICK),
    );
    flush(&world);
    let flushed = world.statistics();
    assert!(flushed.uniform_fills <= flushed.baseline_reads, "an update is not a read");
    let before = sources();
    read(&world, ground);
    assert_eq!(sources(), [before[0], before[1] + 1, before[2], before[3]]);
    world.set_cache_budget_bytes(0);
    read(&world, ground);
    assert_eq!(sources(), [before[0], before[1] + 1, before[2] + 1, before[3]]);
    assert_eq!(world.statistics().store.chunks_read, 1);
    assert_eq!(world.statistics().store.chunks_written as usize, all_edited(&world).len());
}

#[test]
fn statistics_weigh_what_is_held() {
    let world = in_memory(&plain());
    world.set_cache_budget_bytes(1 << 20);
    for x in 0..200 {
        read(&world, ChunkKey::new(0, 0, ivec3(x, -1, 0)));
        assert!(world.statistics().cached_bytes <= 1 << 20);
    }
    let full = world.statistics();
    assert!(full.cached_chunks > 5 && full.cached_bytes > 1 << 19, "{full:?}");
    world.set_cache_budget_bytes(0);
    assert_eq!((world.statistics().cached_bytes, world.statistics().cached_chunks), (0, 0));
    for i in 0..40 {
        set(&world, 0, ivec3(i * 9, i, 0), MaterialId(1 + i as u16 % 15));
    }
    update_parents(&world);
    let compact = |key| block_on(world.read_compact(key)).expect("reads");
    let held: usize = all_edited(&world).into_iter().map(|key| compact(key).size_bytes()).sum();
    let now = world.statistics();
    assert_eq!(now.overlay_chunks, now.edited_chunks);
    flush(&world);
    let entries = world.statistics().overlay_bytes - held;
    assert_eq!((entries % now.edited_chunks, entries / now.edited_chunks < 200), (0, true));
    assert_eq!(now.edited_chunks, all_edited(&world).len());
}

#[test]
fn a_world_tells_what_it_is() {
    let baseline = hills();
    let world = in_memory(&baseline);
    assert_eq!(world.shape(), baseline.shape());
    assert_eq!(world.materials().rows().len(), MaterialTable::standard().rows().len());
    for x in 0..20 {
        let (x, z) = (f64::from(x) * 31.7, -77.0);
        assert_eq!(world.ground_y_estimate(0, x, z), baseline.surface_y(0, x, z));
    }
    set(&world, 0, ivec3(0, 1000, 0), BRICK);
    assert_eq!(world.ground_y_estimate(0, 0.5, 0.5), baseline.surface_y(0, 0.5, 0.5));
}

#[test]
fn a_voxel_is_known_without_reading_once_its_chunk_was_read_or_an_edit_tells_it() {
    let world = HybridWorld::in_memory(plain(), MaterialTable::standard());
    let at = |y| VoxelPos::new(0, ivec3(3, y, 3));
    assert_eq!(world.known_material(at(-1)), None);
    let mut batch = EditBatch::new();
    batch.set(at(-1), BRICK);
    block_on(world.edit(&batch)).expect("an edit");
    // What is beside the edit is not known, and asking has read nothing.
    assert_eq!((world.known_material(at(-1)), world.known_material(at(-2))), (Some(BRICK), None));
    block_on(world.material(at(-2))).expect("a voxel");
    assert_eq!(world.known_material(at(-2)), Some(SOIL));
    batch.fill_sphere(LatticePos::new(0, DVec3::new(3.5, -1.5, 3.5)), 1.0, AIR);
    block_on(world.edit(&batch)).expect("an edit");
    assert_eq!(world.known_material(at(-2)), Some(AIR));
    assert_eq!(world.known_material(VoxelPos::new(1, IVec3::ZERO)), None, "there is no region 1");
}
