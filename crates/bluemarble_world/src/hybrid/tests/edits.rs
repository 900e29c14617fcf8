//! Edits against a plain map of voxels.

use super::*;
use crate::plan;

/// Where eight chunks of lod 0 meet at the surface.
const CORNER: IVec3 = ivec3(320, 0, -128);
const REACH: i32 = 12;

/// Plain cells of the chunks around [`CORNER`].
#[derive(Clone)]
struct Oracle(HashMap<ChunkKey, Vec<MaterialId>>);

impl Oracle {
    fn new(baseline: &Arc<dyn Baseline>) -> Self {
        let keys = (0..8).map(|octant| {
            let offset = ivec3(octant & 1, octant >> 1 & 1, octant >> 2);
            VoxelPos::new(0, CORNER - offset).chunk(0)
        });
        Self(keys.map(|key| (key, filled(baseline, key).to_cells())).collect())
    }

    /// Makes the steps one by one and voxel by voxel; which chunks that touches.
    fn edit(&mut self, ops: &[EditOp]) -> Vec<ChunkKey> {
        let mut touched = HashSet::new();
        let (low, high) = (CORNER - REACH * 2 - 2, CORNER + REACH * 2 + 3);
        for op in ops {
            for y in low.y..high.y {
                for z in low.z..high.z {
                    for x in low.x..high.x {
                        if reaches(op, ivec3(x, y, z)) {
                            self.set(ivec3(x, y, z), op.material());
                            touched.insert(VoxelPos::new(0, ivec3(x, y, z)).chunk(0));
                        }
                    }
                }
            }
        }
        sorted(touched.into_iter().collect())
    }

    fn set(&mut self, voxel: IVec3, material: MaterialId) {
        let cell = voxel & 63;
        let cells = self.0.get_mut(&VoxelPos::new(0, voxel).chunk(0)).expect("near the corner");
        cells[cell_index(cell.x as usize, cell.y as usize, cell.z as usize)] = material;
    }

    fn check(&self, world: &HybridWorld) -> Result<(), TestCaseError> {
        for (&key, cells) in &self.0 {
            // Before anything is read, and few cells: enough to hit every kind of stroke.
            for index in (0..CHUNK_VOLUME).step_by(37) {
                let voxel = key.min_voxel() + cell_position(index);
                if let Some(known) = world.known_material(VoxelPos::new(0, voxel)) {
                    prop_assert!(known == cells[index], "voxel {} is known wrongly", voxel);
                }
            }
            prop_assert!(read(world, key).to_cells() == *cells, "chunk {} differs", key);
        }
        Ok(())
    }
}

#[derive(Clone, Debug)]
enum Step {
    Edit(Vec<EditOp>),
    UpdateParents,
    Checkpoint,
    /// Closed and opened again, with or without a checkpoint before.
    Reopen,
    /// Opened again after a loss of power.
    Crash(u64),
    Budget(u64),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(any_op(CORNER, REACH), 1..5).prop_map(Step::Edit),
        1 => Just(Step::UpdateParents),
        2 => Just(Step::Checkpoint),
        1 => Just(Step::Reopen),
        1 => any::<u64>().prop_map(Step::Crash),
        1 => prop_oneof![Just(0), Just(70_000), Just(1 << 30)].prop_map(Step::Budget),
    ]
}

/// The disk as a loss of power leaves it.
fn after_crash(disk: &SimDisk, seed: u64) -> SimDisk {
    let mut playback = disk.playback();
    disk.journal().iter().for_each(|event| playback.play(event));
    playback.crash(seed)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_edit_is_seen_by_the_next_read_whatever_happens_in_between(
        steps in prop::collection::vec(any_step(), 1..16),
    ) {
        let (objects, baseline) = (objects(), plain());
        let mut disk = SimDisk::new();
        let mut world = with_log(open(&objects, &baseline), &disk);
        let mut oracle = Oracle::new(&baseline);
        for step in steps {
            match &step {
                Step::Edit(ops) => {
                    let report = edit(&world, &batch(ops));
                    let touched = oracle.edit(ops);
                    // Of a sphere, boxes around its part of a chunk are told apart, not cells.
                    prop_assert!(touched.iter().all(|key| report.chunks.contains(key)));
                }
                Step::UpdateParents => {
                    update_parents(&world);
                }
                Step::Checkpoint => {
                    flush(&world);
                    prop_assert_eq!(world.statistics().overlay_chunks, 0);
                }
                Step::Reopen => {
                    drop(world);
                    world = with_log(open(&objects, &baseline), &disk);
                }
                Step::Crash(seed) => {
                    // All that is in the store was put there durably.
                    let image = after_crash(&disk, *seed);
                    drop(world);
                    disk = image;
                    world = with_log(open(&objects, &baseline), &disk);
                }
                Step::Budget(bytes) => world.set_cache_budget_bytes(*bytes),
            }
            oracle.check(&world)?;
        }
        update_parents(&world);
        parents::check(&world);
    }
}

#[test]
fn a_batch_that_changes_nothing_is_not_stored() {
    let world = open(&objects(), &plain());
    let mut batch = EditBatch::new();
    batch
        .set(VoxelPos::new(0, ivec3(1, 5, 1)), BRICK)
        .set(VoxelPos::new(0, ivec3(1, 5, 1)), AIR)
        .set(VoxelPos::new(0, ivec3(0, -1, 0)), GRASS);
    edit(&world, &batch);
    assert_eq!(edit(&world, &EditBatch::new()), EditReport::default());
    assert_eq!(flush(&world), 0);
    assert_eq!(all_edited(&world), []);
    assert_eq!(update_parents(&world), []);
}

#[test]
fn every_clone_is_the_same_world() {
    let world = in_memory(&plain());
    set(&world.clone(), 0, ivec3(-1, -1, -1), BRICK);
    assert_eq!(material(&world, 0, ivec3(-1, -1, -1)), BRICK);
}

#[test]
fn a_batch_with_one_bad_step_changes_nothing() {
    let world = in_memory(&plain());
    set(&world, 0, ivec3(3, 3, 3), BRICK);
    let before = read(&world, ChunkKey::new(0, 0, IVec3::ZERO));
    let good = |batch: &mut EditBatch| {
        batch.set(VoxelPos::new(0, ivec3(1, 1, 1)), BRICK);
        batch.fill_box(
            VoxelBox::new(0, LatticeBox::new(IVec3::splat(-9), IVec3::splat(9))),
            GRANITE,
        );
    };
    let far = REGION_EDGE + 5;
    let unit = |min: IVec3| LatticeBox::new(min, min + 1);
    type Bad = (&'static str, fn(&WorldError) -> bool, EditOp);
    let boxed = |region, voxels, material| EditOp::Box { region, voxels, material };
    let ball = |centre, radius| {
        let centre = LatticePos::new(0, centre);
        EditOp::Sphere { centre, radius, material: BRICK }
    };
    let one = |voxel| EditOp::Set(crate::Edit { pos: VoxelPos::new(0, voxel), material: BRICK });
    let everything = LatticeBox::new(IVec3::MIN, IVec3::MAX);
    let is_empty: fn(&WorldError) -> bool = |e| matches!(e, WorldError::EmptyShape { .. });
    let is_outside: fn(&WorldError) -> bool =
        |e| matches!(e, WorldError::BoxOutside { region: 0, .. });
    let is_large: fn(&WorldError) -> bool = |e| matches!(e, WorldError::TooLarge { chunks, max: plan::MAX_CHUNKS } if *chunks > plan::MAX_CHUNKS);
    let cases: Vec<Bad> = vec![
        (
            "region",
            |e| matches!(e, WorldError::UnknownRegion { region: 1, regions: 1 }),
            boxed(1, unit(IVec3::ZERO), BRICK),
        ),
        (
            "unknown",
            |e| matches!(e, WorldError::UnknownMaterial { material, known } if usize::from(material.0) == *known),
            boxed(0, unit(IVec3::ZERO), MaterialId(world.materials().ids().end)),
        ),
        (
            "reserved",
            |e| matches!(e, WorldError::ReservedMaterial),
            boxed(0, unit(IVec3::ZERO), MaterialId::UNSTORED),
        ),
        (
            "voxel",
            |e| matches!(e, WorldError::VoxelOutside { pos, .. } if pos.voxel.x == REGION_EDGE + 5),
            one(ivec3(far, 0, 0)),
        ),
        ("far voxel", |e| matches!(e, WorldError::VoxelOutside { .. }), one(IVec3::MIN)),
        ("box beyond", is_outside, boxed(0, unit(ivec3(0, far, 0)), BRICK)),
        ("box at the end of numbers", is_outside, boxed(0, unit(IVec3::MAX - 1), BRICK)),
        ("empty box", is_empty, boxed(0, LatticeBox::new(IVec3::ONE, ivec3(2, 1, 2)), BRICK)),
        ("inverted box", is_empty, boxed(0, LatticeBox::new(IVec3::ONE, ivec3(2, 0, 2)), BRICK)),
        ("widely inverted box", is_empty, boxed(0, LatticeBox::new(IVec3::MAX, IVec3::MIN), BRICK)),
        ("no radius", is_empty, ball(DVec3::ZERO, 0.0)),
        ("negative radius", is_empty, ball(DVec3::ZERO, -1.0)),
        ("radius without value", is_empty, ball(DVec3::ZERO, f64::NAN)),
        ("endless radius", is_empty, ball(DVec3::ZERO, f64::INFINITY)),
        ("centre without value", is_empty, ball(DVec3::NAN, 1.0)),
        ("ball beyond", is_outside, ball(DVec3::splat(1e8), 4.0)),
        ("ball at the end of numbers", is_outside, ball(DVec3::splat(-1e15), 4.0)),
        (
            "large box",
            is_large,
            boxed(0, LatticeBox::new(IVec3::ZERO, IVec3::splat(64 * 102)), BRICK),
        ),
        ("the whole lattice", is_large, boxed(0, everything, BRICK)),
        ("large ball", is_large, ball(DVec3::ZERO, 1e5)),
        ("ball around everything", is_large, ball(DVec3::ZERO, 1e15)),
    ];
    for (name, is_right, bad) in cases {
        for place in 0..2 {
            let mut batch = EditBatch::new();
            if place == 0 {
                batch.push(bad);
            }
            good(&mut batch);
            batch.push(bad);
            let error = block_on(world.edit(&batch)).expect_err(name);
            assert!(is_right(&error), "{name}: {error}");
        }
    }
    assert_eq!(all_edited(&world), [ChunkKey::new(0, 0, IVec3::ZERO)]);
    assert_eq!(read(&world, ChunkKey::new(0, 0, IVec3::ZERO)), before);
    assert_eq!(world.statistics().overlay_chunks, 1);
}

#[test]
fn an_edit_is_taken_though_its_chunk_cannot_be_read_and_is_seen_once_it_can() {
    let faulty = faulty::Faulty::over(objects());
    let (objects, baseline): (Arc<dyn ObjectStore>, _) = (faulty.clone(), plain());
    let world = open(&objects, &baseline);
    set(&world, 0, ivec3(64, 9, 0), BRICK);
    flush(&world);
    world.set_cache_budget_bytes(0);
    faulty.fail_gets();
    set(&world, 0, ivec3(65, 9, 0), GRANITE);
    let error =
        block_on(world.material(VoxelPos::new(0, ivec3(65, 9, 0)))).expect_err("cannot be read");
    assert!(matches!(error, WorldError::Store(StoreError::Object { .. })), "{error}");
    faulty.heal();
    assert_eq!(material(&world, 0, ivec3(64, 9, 0)), BRICK);
    assert_eq!(material(&world, 0, ivec3(65, 9, 0)), GRANITE);
}

#[test]
fn many_voxels_are_read_in_the_order_asked_for_whatever_chunks_they_lie_in() {
    let world = in_memory(&hills());
    let mut seed = 1u64;
    let mut next = move |range: i32| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 40) as i32 % range - range / 2
    };
    let mut batch = EditBatch::new();
    let voxels: Vec<_> =
        (0..3000).map(|_| VoxelPos::new(0, ivec3(next(300), next(200), next(300)))).collect();
    for (index, &pos) in voxels.iter().enumerate().step_by(3) {
        batch.set(pos, MaterialId(1 + index as u16 % 15));
    }
    edit(&world, &batch);
    let expected: Vec<_> =
        voxels.iter().map(|pos| material(&world, pos.region, pos.voxel)).collect();
    assert_eq!(world.read_many(&voxels).expect("reads"), expected);
    assert_eq!(world.read_many(&[]).expect("reads"), []);
    let outside = world.read_many(&[0, 3].map(|region| VoxelPos::new(region, IVec3::ZERO)));
    assert!(matches!(outside, Err(WorldError::OutsideLattice { key }) if key.region == 3));
}

#[test]
fn keys_and_voxels_outside_of_the_lattice_are_refused() {
    let world = in_memory(&plain());
    let end = 1 << 20;
    for key in [
        ChunkKey::new(1, 0, IVec3::ZERO),
        ChunkKey::new(0, 21, IVec3::ZERO),
        ChunkKey::new(0, 255, IVec3::ZERO),
        ChunkKey::new(0, 0, ivec3(end, 0, 0)),
        ChunkKey::new(0, 0, ivec3(0, -end - 1, 0)),
        ChunkKey::new(0, 20, ivec3(0, 0, 1)),
        ChunkKey::new(0, 0, IVec3::MIN),
    ] {
        let error = block_on(world.read(key)).expect_err("outside");
        assert!(
            matches!(error, WorldError::OutsideLattice { key: named } if named == key),
            "{error}"
        );
    }
    for key in [ChunkKey::new(0, 0, ivec3(end - 1, -end, 0)), ChunkKey::new(0, 20, IVec3::NEG_ONE)]
    {
        read(&world, key);
    }
    assert!(block_on(world.material(VoxelPos::new(0, IVec3::MAX))).is_err());
    assert!(block_on(world.material(VoxelPos::new(3, IVec3::ZERO))).is_err());
}
