use bluemarble_core::{CellPos, LatticeBox, MaterialTable, Phase, VoxelBox, VoxelPos};
use bluemarble_world::WorldError;
use futures::executor::block_on;
use glam::{DVec3, IVec3, dvec3, ivec3};
use proptest::prelude::*;
use rustc_hash::FxHashMap;

use super::*;
use crate::tests::*;

const REACH: i32 = 12;

fn batch(world: &HybridWorld, brush: Brush) -> EditBatch {
    block_on(brush.batch(world)).expect("a batch")
}

fn stroke(world: &HybridWorld, region: u8, shape: BrushShape, action: BrushAction) {
    let batch = batch(world, Brush { region, shape, action });
    if !batch.is_empty() {
        edit(world, &batch);
    }
}

fn any_shape() -> impl Strategy<Value = BrushShape> {
    let point = || {
        let axis = || -6.0..6.0;
        (axis(), axis(), axis()).prop_map(|(x, y, z)| dvec3(x, y, z))
    };
    prop_oneof![
        (point(), 0.1..5.0).prop_map(|(centre, radius)| BrushShape::Sphere { centre, radius }),
        (point(), point()).prop_map(|(at, half)| BrushShape::cuboid(at, half.abs() * 0.7 + 0.6)),
        (point(), point(), 0.1..4.0).prop_map(|(from, to, radius)| BrushShape::Line {
            from,
            to,
            radius
        }),
    ]
}

fn any_action() -> impl Strategy<Value = BrushAction> {
    prop_oneof![
        any_material().prop_map(BrushAction::Fill),
        Just(BrushAction::Dig),
        Just(BrushAction::Paint(BRICK)),
        (1u8..4).prop_map(|strength| BrushAction::Smooth { strength }),
    ]
}

fn moved(shape: BrushShape, by: IVec3) -> BrushShape {
    let far = by.as_dvec3();
    match shape {
        BrushShape::Sphere { centre, radius } => {
            BrushShape::Sphere { centre: centre + far, radius }
        }
        BrushShape::Box { voxels } => {
            BrushShape::Box { voxels: LatticeBox::new(voxels.min + by, voxels.max + by) }
        }
        BrushShape::Line { from, to, radius } => {
            BrushShape::Line { from: from + far, to: to + far, radius }
        }
    }
}

/// Whether a shape around the origin holds a voxel, by what its name says.
fn holds(shape: &BrushShape, voxel: IVec3) -> bool {
    let point = voxel.as_dvec3() + 0.5;
    match *shape {
        BrushShape::Sphere { centre, radius } => point.distance(centre) <= radius,
        BrushShape::Box { voxels } => voxels.contains(voxel),
        BrushShape::Line { from, to, radius } => {
            let (a, b) = (point.distance(from), point.distance(to));
            let length = from.distance(to);
            // Beside the line, by the area of the triangle with it; else near an end.
            let is_beside = (point - from).dot(to - from) >= 0.0
                && (point - to).dot(from - to) >= 0.0
                && length > 0.0;
            let height = (point - from).cross(to - from).length() / length;
            a.min(b) <= radius || (is_beside && height <= radius)
        }
    }
}

/// What a smoothed cell becomes, counted out.
fn smoothed(
    shape: &bluemarble_core::Shape,
    now: &FxHashMap<Place, MaterialId>,
    place: Place,
) -> MaterialId {
    let table = MaterialTable::standard();
    let is_solid = |id| {
        let phase = table.get(id).expect("of the table").phase;
        phase != Phase::Empty && phase != Phase::Liquid
    };
    let (region, at) = place;
    let around = crate::batch::voxels_of(cube(at, 1))
        .filter_map(|at| shape.fold(CellPos::new(region, 0, at)))
        .map(|place| now[&(place.region, place.cell)]);
    let around: Vec<MaterialId> = around.collect();
    let (solid, other): (Vec<_>, Vec<_>) = around.iter().copied().partition(|&id| is_solid(id));
    let was_solid = is_solid(now[&place]);
    let winners = match solid.len().cmp(&other.len()) {
        std::cmp::Ordering::Greater if !was_solid => solid,
        std::cmp::Ordering::Less if was_solid => other,
        _ => return now[&place],
    };
    let mut best = (0, AIR);
    for id in (0..30).map(MaterialId) {
        let votes = winners.iter().filter(|&&vote| vote == id).count();
        if votes > best.0 {
            best = (votes, id);
        }
    }
    best.1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn a_brush_does_to_each_voxel_what_it_says_also_over_borders(
        (region, middle) in any_place(), parts in any_clutter(7),
        shape in any_shape(), action in any_action(),
    ) {
        let world = planet();
        clutter(&world, (region, middle), &parts);
        let lattice = world.shape();
        let known = places(&lattice, region, cube(middle, REACH + 4));
        let mut expected = held(&world, &known);
        let reached: Vec<Place> = crate::batch::voxels_of(cube(IVec3::ZERO, REACH))
            .filter(|&at| holds(&shape, at))
            .filter_map(|at| lattice.fold(CellPos::new(region, 0, middle + at)))
            .map(|place| (place.region, place.cell))
            .collect();
        let before = expected.clone();
        match action {
            BrushAction::Fill(material) => {
                reached.iter().for_each(|&at| _ = expected.insert(at, material));
            }
            BrushAction::Dig => reached.iter().for_each(|&at| _ = expected.insert(at, AIR)),
            BrushAction::Paint(material) => {
                for &at in &reached {
                    if before[&at] != AIR && before[&at] != WATER {
                        expected.insert(at, material);
                    }
                }
            }
            BrushAction::Smooth { strength } => {
                for _ in 0..strength {
                    let now = expected.clone();
                    for &at in &reached {
                        expected.insert(at, smoothed(&lattice, &now, at));
                    }
                }
            }
        }
        let brush = Brush { region, shape: moved(shape, middle), action };
        let made = match block_on(brush.batch(&world)) {
            Ok(made) => made,
            // Only a shape that lies beyond the side altogether.
            Err(EditError::World(WorldError::BoxOutside { .. })) => {
                prop_assert!(!moved(shape, middle).bounds().intersects(&lattice.region_box()));
                return Ok(());
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        if !made.is_empty() {
            match block_on(world.edit(&made)) {
                Ok(_) => {}
                Err(WorldError::BoxOutside { .. }) => return Ok(()),
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            }
        }
        let found = held(&world, &known);
        let wrong: Vec<_> =
            known.iter().filter(|at| found[at] != expected[at]).map(|at| (at, found[at], expected[at])).collect();
        prop_assert!(wrong.is_empty(), "{} of {}: {:?}", wrong.len(), reached.len(), &wrong[..wrong.len().min(5)]);
    }
}

fn smooth(world: &HybridWorld, at: IVec3) {
    let shape = BrushShape::Sphere { centre: at.as_dvec3() + 0.5, radius: 6.0 };
    stroke(world, 0, shape, BrushAction::Smooth { strength: 2 });
}

#[test]
fn smoothing_leaves_a_plane_and_takes_a_spike_and_fills_a_hole() {
    // Also where eight chunks meet.
    for at in [ivec3(20, 0, 20), ivec3(64, 0, -64)] {
        let world = plain();
        let brush = Brush {
            region: 0,
            shape: BrushShape::Sphere { centre: at.as_dvec3(), radius: 9.0 },
            action: BrushAction::Smooth { strength: 5 },
        };
        assert!(batch(&world, brush).is_empty(), "a plane changes");
        edit(&world, EditBatch::new().set(VoxelPos::new(0, at), BRICK));
        smooth(&world, at);
        assert_eq!(material(&world, 0, at), AIR, "the spike");
        edit(&world, EditBatch::new().set(VoxelPos::new(0, at - IVec3::Y), AIR));
        smooth(&world, at);
        assert_eq!(material(&world, 0, at - IVec3::Y), GRANITE, "the hole");
        assert!(batch(&world, brush).is_empty(), "there is a trace left");
    }
}

#[test]
fn what_smoothing_takes_away_under_water_is_water_and_what_it_adds_is_of_the_ground() {
    let world = plain();
    let middle = ivec3(10, 0, 10);
    let mut sea = EditBatch::new();
    sea.fill_box(
        VoxelBox::new(0, LatticeBox::new(middle - ivec3(20, 0, 20), middle + ivec3(20, 9, 20))),
        WATER,
    )
    .fill_box(
        VoxelBox::new(0, LatticeBox::new(middle - ivec3(20, 3, 20), middle + ivec3(20, 0, 20))),
        ROCK,
    )
    .set(VoxelPos::new(0, middle), BRICK)
    .set(VoxelPos::new(0, middle + ivec3(3, -1, 0)), AIR);
    edit(&world, &sea);
    smooth(&world, middle);
    assert_eq!(material(&world, 0, middle), WATER);
    assert_eq!(material(&world, 0, middle + ivec3(3, -1, 0)), ROCK);
}

#[test]
fn filling_and_digging_are_one_step_whatever_the_size() {
    let world = plain();
    let sphere = BrushShape::Sphere { centre: dvec3(0.0, 0.0, 0.0), radius: 1000.0 };
    let cuboid = BrushShape::cuboid(dvec3(0.5, 0.5, 0.5), dvec3(1000.0, 10.0, 1000.0));
    assert_eq!(cuboid.bounds().size(), ivec3(2001, 21, 2001));
    for shape in [sphere, cuboid] {
        for action in [BrushAction::Fill(ROCK), BrushAction::Dig] {
            assert_eq!(batch(&world, Brush { region: 0, shape, action }).ops().len(), 1);
        }
    }
    assert_eq!(world.statistics().baseline_reads, 0);
}

#[test]
fn painting_a_mountain_takes_few_steps() {
    let world = plain();
    let voxels = LatticeBox::new(ivec3(-64, -64, -64), ivec3(64, 64, 64));
    let brush = |shape| Brush { region: 0, shape, action: BrushAction::Paint(ROCK) };
    assert_eq!(batch(&world, brush(BrushShape::Box { voxels })).ops().len(), 4);
}

#[test]
fn what_is_too_large_or_nothing_or_nowhere_is_refused() {
    let world = plain();
    let error = |region, shape, action| {
        block_on(Brush { region, shape, action }.batch(&world)).expect_err("refused").to_string()
    };
    let sphere = |radius| BrushShape::Sphere { centre: DVec3::ZERO, radius };
    let line = |to: DVec3, radius| BrushShape::Line { from: DVec3::ZERO, to, radius };
    let paint = BrushAction::Paint(ROCK);
    let far = DVec3::splat(1e9);
    for (shape, action, said) in [
        (sphere(253.0), paint, "67108864 cells"),
        (sphere(1e300), paint, "67108864 cells"),
        (line(far, 0.05), BrushAction::Dig, "4096 chunks"),
        (line(DVec3::X * 300_000.0, 0.5), paint, "4096 chunks"),
        (line(DVec3::X * 1e5, 30.0), paint, "67108864 cells"),
        (sphere(0.0), paint, "no voxel"),
        (sphere(f64::NAN), BrushAction::Dig, "no voxel"),
        (line(DVec3::INFINITY, 1.0), paint, "no voxel"),
        (BrushShape::Box { voxels: cube(IVec3::ZERO, -1) }, paint, "no voxel"),
        (BrushShape::Sphere { centre: far, radius: 1.0 }, paint, "outside"),
        (sphere(2.0), BrushAction::Smooth { strength: 0 }, "1 to 16"),
        (sphere(2.0), BrushAction::Smooth { strength: 17 }, "1 to 16"),
    ] {
        let error = error(0, shape, action);
        assert!(error.contains(said), "{shape:?} {action:?}: {error}");
    }
    assert!(error(1, sphere(1.0), paint).contains("region 1 does not exist"));
}

#[test]
fn a_line_may_be_as_long_as_4096_chunks_in_any_direction() {
    let world = plain();
    let to = DVec3::splat(60_000.0) * dvec3(1.0, 0.3, -1.0);
    let shape = BrushShape::Line { from: DVec3::ZERO, to, radius: 1.5 };
    let made = batch(&world, Brush { region: 0, shape, action: BrushAction::Fill(ROCK) });
    edit(&world, &made);
    for share in [0.0, 0.31, 0.5, 0.999_9] {
        assert_eq!(material(&world, 0, (to * share).floor().as_ivec3()), ROCK, "at {share}");
    }
}
