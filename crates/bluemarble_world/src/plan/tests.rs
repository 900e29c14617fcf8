use std::collections::HashMap;

use bluemarble_core::{
    CHUNK_VOLUME, CellPos, Chunk, ChunkKey, Edit, EditBatch, EditOp, Flat, LatticeBox, LatticePos,
    MaterialId, MaterialTable, REGION_EDGE, Shape, VoxelBox, VoxelPos, cell_position,
};
use glam::{DVec3, IVec3, ivec3};
use proptest::prelude::*;

use super::*;
use crate::WorldError;

const FLAT: Shape = Shape::Flat(Flat { voxel_m: 1.0 });
const REACH: i32 = 9;
/// No step makes anything of this.
const BEFORE: MaterialId = MaterialId(15);

/// Where eight chunks meet, where regions meet, where three of them do, and where the lattice ends.
fn any_middle(shape: Shape) -> impl Strategy<Value = IVec3> {
    let low = shape.region_box().min.x;
    let axis = move || prop_oneof![Just(low), Just(low + 128), Just(REGION_EDGE)];
    (axis(), axis(), axis()).prop_map(|(x, y, z)| ivec3(x, y, z))
}

fn any_op(regions: u8) -> impl Strategy<Value = EditOp> {
    let near = || (-REACH..=REACH, -REACH..=REACH, -REACH..=REACH);
    (0..4, 0..regions, near(), near(), 0.1..f64::from(REACH), 0u16..4).prop_map(
        |(op, region, one, two, radius, material)| {
            let (one, two, material) = (IVec3::from(one), IVec3::from(two), MaterialId(material));
            match op {
                0 => EditOp::Set(Edit { pos: VoxelPos::new(region, one), material }),
                2 => {
                    let height = radius as u32 + 1;
                    EditOp::Column { base: VoxelPos::new(region, one), height, material }
                }
                1 => {
                    let voxels = LatticeBox::new(one.min(two), one.max(two) + 1);
                    EditOp::Box { region, voxels, material }
                }
                _ => {
                    let centre = one.as_dvec3() + two.as_dvec3() / 7.0;
                    let centre = LatticePos::new(region, centre);
                    EditOp::Sphere { centre, radius, material }
                }
            }
        },
    )
}

fn moved(op: EditOp, by: IVec3) -> EditOp {
    match op {
        EditOp::Set(edit) => {
            EditOp::Set(Edit { pos: VoxelPos::new(edit.pos.region, edit.pos.voxel + by), ..edit })
        }
        EditOp::Column { base, height, material } => {
            let base = VoxelPos::new(base.region, base.voxel + by);
            EditOp::Column { base, height, material }
        }
        EditOp::Box { region, voxels, material } => {
            let voxels = LatticeBox::new(voxels.min + by, voxels.max + by);
            EditOp::Box { region, voxels, material }
        }
        EditOp::Sphere { centre: LatticePos { region, lattice }, radius, material } => {
            let centre = LatticePos::new(region, lattice + by.as_dvec3());
            EditOp::Sphere { centre, radius, material }
        }
    }
}

/// What a batch changes, voxel by voxel.
struct Oracle {
    voxels: HashMap<(u8, IVec3), MaterialId>,
    /// A voxel or box has no place in its region.
    is_outside: bool,
    /// A sphere holds no voxel of its region.
    is_sphere_outside: bool,
}

fn oracle(shape: &Shape, middle: IVec3, ops: &[EditOp]) -> Oracle {
    let mut voxels = HashMap::new();
    let (mut is_outside, mut is_sphere_outside) = (false, false);
    for op in ops {
        let mut is_inside = false;
        let around = REACH * 2 + 2;
        for index in 0..(2 * around + 1).pow(3) {
            let edge = 2 * around + 1;
            let offset = ivec3(index % edge, index / edge % edge, index / edge / edge) - around;
            let voxel = middle + offset;
            let is_reached = match *op {
                EditOp::Set(edit) => edit.pos.voxel == voxel,
                EditOp::Column { base, height, .. } => {
                    let up = voxel - base.voxel;
                    up.x == 0 && up.z == 0 && (0..height as i32).contains(&up.y)
                }
                EditOp::Box { voxels, .. } => voxels.contains(voxel),
                EditOp::Sphere { centre, radius, .. } => {
                    (voxel.as_dvec3() + 0.5).distance(centre.lattice) <= radius
                }
            };
            if is_reached && let Some(place) = shape.fold(CellPos::new(op.region(), 0, voxel)) {
                is_inside |= shape.region_box().contains(voxel)
                    || matches!(op, EditOp::Set(_) | EditOp::Column { .. });
                voxels.insert((place.region, place.cell), op.material());
            }
        }
        let outside = match op {
            EditOp::Sphere { .. } => &mut is_sphere_outside,
            _ => &mut is_outside,
        };
        *outside |= !is_inside;
    }
    Oracle { voxels, is_outside, is_sphere_outside }
}

fn check(shape: &Shape, middle: IVec3, ops: Vec<EditOp>) -> Result<(), TestCaseError> {
    let ops: Vec<_> = ops.into_iter().map(|op| moved(op, middle)).collect();
    let mut batch = EditBatch::new();
    ops.iter().for_each(|&op| _ = batch.push(op));
    let found = plan(shape, &MaterialTable::standard(), &batch);
    let expected = oracle(shape, middle, &ops);
    let found = match found {
        Ok(found) => found,
        Err(WorldError::VoxelOutside { .. } | WorldError::BoxOutside { .. }) => {
            prop_assert!(expected.is_outside || expected.is_sphere_outside);
            return Ok(());
        }
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    };
    // A sphere may miss all voxels of its region though the box around it does not.
    prop_assert!(!expected.is_outside);
    let expected = expected.voxels;
    let mut changed = HashMap::new();
    for (key, strokes) in found {
        let after = apply(Chunk::uniform(BEFORE), &strokes);
        for (index, &material) in after.to_cells().iter().enumerate() {
            if material != BEFORE {
                let voxel = key.min_voxel() + cell_position(index);
                changed.insert((key.region, voxel), material);
            }
        }
    }
    prop_assert!(changed == expected, "{} voxels, expected {}", changed.len(), expected.len());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_plan_for_a_planet_holds_exactly_the_voxels_of_its_steps(
        middle in any_middle(Shape::earth()), ops in prop::collection::vec(any_op(6), 1..5),
    ) {
        check(&Shape::earth(), middle, ops)?;
    }

    #[test]
    fn a_plan_for_a_plane_holds_exactly_the_voxels_of_its_steps(
        middle in any_middle(FLAT), ops in prop::collection::vec(any_op(1), 1..5),
    ) {
        check(&FLAT, middle, ops)?;
    }
}

#[test]
fn as_many_chunks_as_are_allowed_are_planned() {
    let table = MaterialTable::standard();
    let cuboid = |x: i32| {
        let voxels = LatticeBox::new(IVec3::splat(-32), ivec3(x, 127 * 64 - 33, 63 * 64 - 33));
        EditBatch::new().fill_box(VoxelBox::new(0, voxels), BEFORE).clone()
    };
    let fits = plan(&FLAT, &table, &cuboid(127 * 64)).expect("fits");
    assert_eq!(fits.len() as u64, MAX_CHUNKS);
    let error = plan(&FLAT, &table, &cuboid(127 * 64 + 1)).expect_err("one layer more");
    assert!(
        matches!(error, WorldError::TooLarge { chunks: 1_056_768, max: MAX_CHUNKS }),
        "{error}"
    );
}

#[test]
fn a_whole_chunk_is_made_uniform_whatever_was_done_to_it_before() {
    let table = MaterialTable::standard();
    let whole = LatticeBox::new(IVec3::ZERO, IVec3::splat(64));
    let mut batch = EditBatch::new();
    batch
        .set(VoxelPos::new(0, ivec3(5, 5, 5)), MaterialId(3))
        .fill_box(VoxelBox::new(0, whole), MaterialId(2));
    let strokes =
        plan(&FLAT, &table, &batch).expect("fits").remove(&ChunkKey::new(0, 0, IVec3::ZERO));
    let strokes = strokes.expect("touched");
    assert_eq!(apply(Chunk::default(), &strokes).as_uniform(), Some(MaterialId(2)));
}

#[test]
fn a_cell_is_asked_for_in_strokes_of_columns_without_applying_them() {
    let mut batch = EditBatch::new();
    for number in 0..600 {
        let base = ivec3(number % 7, number * 31 % 50, number * 13 % 5);
        let height = number as u32 * 17 % 40 + 1;
        batch.fill_column(VoxelPos::new(0, base), height, MaterialId(number as u16 % 14));
    }
    let plan = plan(&FLAT, &MaterialTable::standard(), &batch).expect("fits");
    assert_eq!(plan.len(), 2, "some reach into the chunk above");
    for strokes in plan.values() {
        let [stroke] = &strokes[..] else { panic!("one stroke a chunk") };
        let after = apply(Chunk::uniform(BEFORE), strokes);
        for (index, &material) in after.to_cells().iter().enumerate() {
            let found = stroke.material_at(cell_position(index));
            assert_eq!(found.unwrap_or(BEFORE), material);
        }
    }
}

#[test]
fn a_sphere_too_small_for_a_voxel_is_nothing_and_one_on_a_centre_is_one() {
    let table = MaterialTable::standard();
    let ball = |centre, radius| {
        EditBatch::new().fill_sphere(LatticePos::new(0, centre), radius, BEFORE).clone()
    };
    let air = |chunk: &Chunk| {
        chunk.to_cells().iter().filter(|&&material| material == MaterialId::AIR).count()
    };
    let count = |batch: &EditBatch| {
        let plan = plan(&FLAT, &table, batch).expect("fits");
        let chunks = plan.values().map(|strokes| apply(Chunk::default(), strokes));
        chunks.map(|chunk| CHUNK_VOLUME - air(&chunk)).sum::<usize>()
    };
    assert_eq!(count(&ball(DVec3::ZERO, 0.5)), 0);
    assert_eq!(count(&ball(DVec3::splat(0.5), 0.01)), 1);
    assert_eq!(count(&ball(DVec3::splat(0.5), 1.0)), 7);
    assert_eq!(count(&ball(DVec3::ZERO, 0.9)), 8);
}
