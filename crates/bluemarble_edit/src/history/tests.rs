use std::sync::Arc;

use bluemarble_core::{
    EditOp, LatticeBox, LatticePos, MaterialId, MaterialTable, VoxelBox, VoxelPos,
};
use bluemarble_terrain::Superflat;
use futures::executor::block_on;
use glam::{DVec3, IVec3, ivec3};
use proptest::prelude::*;

use super::*;
use crate::tests::*;

fn apply(history: &mut History, world: &HybridWorld, batch: &EditBatch) -> EditReport {
    block_on(history.apply(world, batch)).expect("edits")
}

fn undo(history: &mut History, world: &HybridWorld) -> Option<EditReport> {
    block_on(history.undo(world)).expect("undoes")
}

fn redo(history: &mut History, world: &HybridWorld) -> Option<EditReport> {
    block_on(history.redo(world)).expect("redoes")
}

fn set(at: IVec3, material: MaterialId) -> EditBatch {
    EditBatch::new().set(VoxelPos::new(0, at), material).clone()
}

/// Batches of boxes, spheres and voxels around the origin.
fn any_batch() -> impl Strategy<Value = Vec<EditOp>> {
    let near = || (-6..=6, -6..=6, -6..=6).prop_map(|(x, y, z)| ivec3(x, y, z));
    let op = (0..4, near(), near(), 0.5..6.0, any_material());
    let op = op.prop_map(|(kind, one, two, radius, material)| match kind {
        0 => EditOp::Set(bluemarble_core::Edit { pos: VoxelPos::new(0, one), material }),
        1 => {
            let voxels = LatticeBox::new(one.min(two), one.max(two) + 1);
            EditOp::Box { region: 0, voxels, material }
        }
        2 => {
            let height = radius as u32 + 1;
            EditOp::Column { base: VoxelPos::new(0, one), height, material }
        }
        _ => {
            let centre = LatticePos::new(0, one.as_dvec3());
            EditOp::Sphere { centre, radius, material }
        }
    });
    prop::collection::vec(op, 1..5)
}

fn moved(ops: Vec<EditOp>, (region, by): Place) -> EditBatch {
    let mut batch = EditBatch::new();
    for op in ops {
        batch.push(match op {
            EditOp::Set(edit) => EditOp::Set(bluemarble_core::Edit {
                pos: VoxelPos::new(region, edit.pos.voxel + by),
                ..edit
            }),
            EditOp::Column { base, height, material } => {
                let base = VoxelPos::new(region, base.voxel + by);
                EditOp::Column { base, height, material }
            }
            EditOp::Box { voxels, material, .. } => {
                let voxels = LatticeBox::new(voxels.min + by, voxels.max + by);
                EditOp::Box { region, voxels, material }
            }
            EditOp::Sphere { centre, radius, material, .. } => {
                let centre = LatticePos::new(region, centre.lattice + by.as_dvec3());
                EditOp::Sphere { centre, radius, material }
            }
        });
    }
    batch
}

/// What somebody does.
#[derive(Clone, Debug)]
enum Act {
    Apply(Vec<EditOp>),
    Undo,
    Redo,
    Begin,
    End,
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => any_batch().prop_map(Act::Apply),
        3 => Just(Act::Undo),
        2 => Just(Act::Redo),
        2 => Just(Act::Begin),
        1 => Just(Act::End),
    ]
}

type Model = FxHashMap<Place, MaterialId>;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// The model keeps every voxel of every step.
    #[test]
    fn undoing_and_redoing_give_every_voxel_back_also_over_borders(
        acts in prop::collection::vec(any_act(), 1..25), border in prop::option::of(any_place()),
    ) {
        // Where eight chunks meet, or regions.
        let (world, middle) = match border {
            None => (plain(), (0, ivec3(64, 0, -64))),
            Some(place) => (planet(), place),
        };
        let known = places(&world.shape(), middle.0, cube(middle.1, 13));
        let mut history = History::default();
        let (mut done, mut undone): (Vec<Model>, Vec<Model>) = (vec![held(&world, &known)], vec![]);
        let (mut is_grouped, mut is_begun) = (false, false);
        for act in acts {
            match act {
                Act::Apply(ops) => {
                    // Refused where a step lies beyond the border altogether.
                    let applied = block_on(history.apply(&world, &moved(ops, middle)));
                    prop_assert!(applied.is_ok() || border.is_some(), "{applied:?}");
                    let now = held(&world, &known);
                    if Some(&now) != done.last() {
                        if is_begun {
                            done.pop();
                        }
                        is_begun = is_grouped;
                        done.push(now);
                        undone.clear();
                    }
                }
                Act::Undo => {
                    (is_grouped, is_begun) = (false, false);
                    let report = undo(&mut history, &world);
                    prop_assert_eq!(report.is_some(), done.len() > 1);
                    if report.is_some() {
                        undone.extend(done.pop());
                    }
                }
                Act::Redo => {
                    (is_grouped, is_begun) = (false, false);
                    let report = redo(&mut history, &world);
                    prop_assert_eq!(report.is_some(), !undone.is_empty());
                    done.extend(undone.pop());
                }
                Act::Begin => {
                    history.begin_group();
                    (is_grouped, is_begun) = (true, false);
                }
                Act::End => {
                    history.end_group();
                    (is_grouped, is_begun) = (false, false);
                }
            }
            let now = held(&world, &known);
            let expected = done.last().expect("the beginning");
            prop_assert!(now == *expected);
            let statistics = history.statistics();
            prop_assert_eq!(statistics.undo_steps, done.len() - 1);
            prop_assert_eq!(statistics.redo_steps, undone.len());
            let steps = history.undo.iter().chain(&history.redo);
            prop_assert_eq!(statistics.bytes, steps.map(Step::size_bytes).sum::<usize>());
        }
        while undo(&mut history, &world).is_some() {}
        let now = held(&world, &known);
        prop_assert!(now == done[0]);
    }
}

#[test]
fn the_ground_of_hills_comes_back_in_few_bytes() {
    let world = hills();
    let y = world.ground_y_estimate(0, 0.0, 0.0);
    let middle = ivec3(0, y as i32, 0);
    let known = places(&world.shape(), 0, cube(middle, 40));
    let before = held(&world, &known);
    let mut history = History::default();
    let mut dig = EditBatch::new();
    dig.fill_sphere(LatticePos::new(0, DVec3::new(0.0, y, 0.0)), 38.0, AIR);
    apply(&mut history, &world, &dig);
    let after = held(&world, &known);
    let changed = known.iter().filter(|at| before[at] != after[at]).count();
    assert!(changed > 50_000);
    assert!(history.statistics().bytes < changed * 2, "{:?}", history.statistics());
    undo(&mut history, &world);
    assert!(held(&world, &known) == before);
    redo(&mut history, &world);
    assert!(held(&world, &known) == after);
}

#[test]
fn a_huge_box_costs_a_few_bytes_a_chunk_and_comes_back() {
    let world = plain();
    let mut history = History::default();
    // 200 layers of granite: part of it changes.
    let voxels = LatticeBox::new(ivec3(-300, -100, -300), ivec3(300, 100, 300));
    apply(&mut history, &world, EditBatch::new().fill_box(VoxelBox::new(0, voxels), BRICK));
    let chunks = 10 * 4 * 10;
    assert!(history.statistics().bytes < chunks * 120, "{:?}", history.statistics());
    let report = undo(&mut history, &world).expect("a step");
    assert_eq!(report.chunks.len(), chunks);
    for (at, expected) in [
        (ivec3(-300, -100, -300), GRANITE),
        (ivec3(0, -1, 0), GRANITE),
        (ivec3(0, 0, 0), AIR),
        (ivec3(299, 99, 299), AIR),
    ] {
        assert_eq!(material(&world, 0, at), expected, "{at}");
    }
}

#[test]
fn what_somebody_else_changed_is_left_alone() {
    let (world, mut history) = (plain(), History::default());
    let voxels = LatticeBox::new(ivec3(0, 0, 0), ivec3(4, 1, 1));
    apply(&mut history, &world, EditBatch::new().fill_box(VoxelBox::new(0, voxels), BRICK));
    let row = |world: &HybridWorld| [0, 1, 2, 3].map(|x| material(world, 0, ivec3(x, 0, 0)));
    // One voxel becomes something else; another one what it was; and one beside it is none of ours.
    let mut other = EditBatch::new().caused_by(Cause::Tool);
    other
        .set(VoxelPos::new(0, ivec3(1, 0, 0)), WATER)
        .set(VoxelPos::new(0, ivec3(2, 0, 0)), AIR)
        .set(VoxelPos::new(0, ivec3(4, 0, 0)), ROCK);
    edit(&world, &other);
    undo(&mut history, &world);
    assert_eq!(row(&world), [AIR, WATER, AIR, AIR]);
    assert_eq!(material(&world, 0, ivec3(4, 0, 0)), ROCK);
    redo(&mut history, &world);
    assert_eq!(row(&world), [BRICK, WATER, BRICK, BRICK]);
    // It holds again what the step made of it.
    edit(&world, &set(ivec3(1, 0, 0), BRICK));
    undo(&mut history, &world);
    assert_eq!(row(&world), [AIR; 4]);
    // Nothing is left to do: it is a step all the same.
    edit(&world, EditBatch::new().fill_box(VoxelBox::new(0, voxels), WATER));
    assert_eq!(redo(&mut history, &world), Some(EditReport::default()));
    assert_eq!(row(&world), [WATER; 4]);
}

#[test]
fn a_group_is_one_step_and_a_new_edit_clears_what_could_be_redone() {
    let (world, mut history) = (plain(), History::default());
    history.begin_group();
    for x in 0..10 {
        apply(&mut history, &world, &set(ivec3(x, 0, 0), BRICK));
        apply(&mut history, &world, &set(ivec3(x / 2, 0, 0), ROCK));
    }
    history.end_group();
    apply(&mut history, &world, &set(ivec3(50, 0, 0), BRICK));
    // Nothing changes: no step.
    apply(&mut history, &world, &set(ivec3(50, 0, 0), BRICK));
    assert_eq!(history.statistics().undo_steps, 2);
    undo(&mut history, &world);
    assert_eq!(material(&world, 0, ivec3(9, 0, 0)), BRICK);
    undo(&mut history, &world);
    assert!((0..51).all(|x| material(&world, 0, ivec3(x, 0, 0)) == AIR));
    redo(&mut history, &world);
    assert_eq!(material(&world, 0, ivec3(4, 0, 0)), ROCK);
    assert_eq!(history.statistics().redo_steps, 1);
    apply(&mut history, &world, &set(ivec3(51, 0, 0), BRICK));
    assert_eq!(history.statistics().redo_steps, 0);
    assert_eq!(redo(&mut history, &world), None);
}

#[test]
fn the_oldest_steps_are_forgotten_beyond_the_limits() {
    let world = plain();
    let mut history = History::new(HistoryLimits { steps: 3, ..HistoryLimits::default() });
    for x in 0..5 {
        apply(&mut history, &world, &set(ivec3(x, 0, 0), BRICK));
    }
    let statistics = history.statistics();
    assert_eq!((statistics.undo_steps, statistics.forgotten_steps), (3, 2));
    while undo(&mut history, &world).is_some() {}
    let row = [0, 1, 2, 3, 4].map(|x| material(&world, 0, ivec3(x, 0, 0)));
    assert_eq!(row, [BRICK, BRICK, AIR, AIR, AIR]);

    let bytes = 1000;
    let mut history = History::new(HistoryLimits { bytes, ..HistoryLimits::default() });
    for x in 0..50 {
        apply(&mut history, &world, &set(ivec3(x, 5, 0), BRICK));
        assert!(history.statistics().bytes <= bytes);
    }
    let statistics = history.statistics();
    assert!((5..30).contains(&statistics.undo_steps), "{statistics:?}");
    assert_eq!(statistics.undo_steps as u64 + statistics.forgotten_steps, 50);
    history.clear();
    assert_eq!((history.statistics().bytes, history.statistics().undo_steps), (0, 0));
}

#[test]
fn lower_limits_forget_the_oldest_steps_at_once_and_the_others_are_undone_and_redone() {
    let world = plain();
    let mut history = History::new(HistoryLimits::default());
    for x in 0..6 {
        apply(&mut history, &world, &set(ivec3(x, 0, 0), BRICK));
    }
    for _ in 0..3 {
        undo(&mut history, &world).expect("a step");
    }
    history.set_limits(HistoryLimits { steps: 2, ..HistoryLimits::default() });
    let statistics = history.statistics();
    assert_eq!(
        (statistics.undo_steps, statistics.redo_steps, statistics.forgotten_steps),
        (2, 2, 2)
    );
    while redo(&mut history, &world).is_some() {}
    let row = || [0, 1, 2, 3, 4, 5].map(|x| material(&world, 0, ivec3(x, 0, 0)) == BRICK);
    assert_eq!(row(), [true, true, true, true, true, false]);
    while undo(&mut history, &world).is_some() {}
    assert_eq!(row(), [true, false, false, false, false, false]);
    history.set_limits(HistoryLimits { bytes: 0, ..HistoryLimits::default() });
    let statistics = history.statistics();
    assert_eq!((statistics.bytes, statistics.redo_steps), (0, 0));
}

#[test]
fn a_step_or_group_beyond_the_limits_is_made_and_nothing_before_it_is_undone() {
    let world = plain();
    let limits = HistoryLimits { bytes: 1000, ..HistoryLimits::default() };
    let mut history = History::new(limits);
    let scattered = |y: i32| -> EditBatch {
        (0..200)
            .map(|x| {
                EditOp::Set(bluemarble_core::Edit {
                    pos: VoxelPos::new(0, ivec3(x * 3, y, 0)),
                    material: BRICK,
                })
            })
            .collect()
    };
    apply(&mut history, &world, &set(ivec3(0, 1, 0), BRICK));
    apply(&mut history, &world, &scattered(2));
    assert_eq!(material(&world, 0, ivec3(3, 2, 0)), BRICK);
    assert_eq!(undo(&mut history, &world), None);
    assert_eq!(history.statistics().forgotten_steps, 2);
    // A group that grows out of it is forgotten whole.
    history.begin_group();
    for x in 0..60 {
        apply(&mut history, &world, &set(ivec3(x, 3, 0), BRICK));
    }
    assert_eq!(
        history.statistics(),
        HistoryStatistics { forgotten_steps: 3, ..Default::default() }
    );
    history.end_group();
    apply(&mut history, &world, &set(ivec3(0, 4, 0), BRICK));
    assert_eq!(history.statistics().undo_steps, 1);
}

#[test]
fn a_refused_batch_is_no_step() {
    let (world, mut history) = (plain(), History::default());
    apply(&mut history, &world, &set(ivec3(0, 0, 0), BRICK));
    undo(&mut history, &world);
    let refused = block_on(history.apply(&world, &set(ivec3(0, 0, 0), MaterialId(999))));
    assert!(refused.is_err());
    assert_eq!((history.statistics().undo_steps, history.statistics().redo_steps), (0, 1));
}

#[test]
fn what_was_undone_is_undone_after_reopening() {
    let dir = tempfile::tempdir().expect("a directory for temporary files");
    let open = || {
        let baseline = Arc::new(Superflat::new(1.0, vec![(GRANITE, 200)]).expect("layers"));
        HybridWorld::open(dir.path(), baseline, MaterialTable::standard()).expect("opens")
    };
    let at = |x| ivec3(x, -5, 0);
    {
        let (world, mut history) = (open(), History::default());
        let lsns: Vec<_> = [1, 2, 3]
            .map(|x| {
                apply(&mut history, &world, set(at(x), BRICK).set(VoxelPos::new(0, at(9)), WATER))
                    .lsn
            })
            .into_iter()
            .chain(
                [undo(&mut history, &world), undo(&mut history, &world)]
                    .map(|report| report.expect("a step").lsn),
            )
            .chain(redo(&mut history, &world).map(|report| report.lsn))
            .collect();
        assert!(lsns.windows(2).all(|pair| pair[1] > pair[0]), "{lsns:?}");
    }
    // Nothing was folded into the store: all of it is in the log.
    let world = open();
    let row = [1, 2, 3, 9].map(|x| material(&world, 0, at(x)));
    assert_eq!(row, [BRICK, BRICK, GRANITE, WATER]);
}
