//! Queries against what the chunks say, cell by cell.

use std::sync::Arc;

use bluemarble_core::{
    CellBox, Cells, EditBatch, Flat, LatticeBox, LatticePos, MaterialId, MaterialTable, Ray, Shape,
    VoxelBox, VoxelPos,
};
use bluemarble_terrain::{Baseline, Empty, NoiseBaseline};
use futures::executor::block_on;
use glam::{DVec3, IVec3, UVec3, ivec3, uvec3};
use proptest::prelude::*;

use super::*;
use crate::{HybridWorld, QueryPath, RayOptions, WorldError, WorldReader};

const BRICK: MaterialId = MaterialId(13);

fn hills() -> Arc<dyn Baseline> {
    Arc::new(NoiseBaseline::new(1.0, 7, &MaterialTable::standard()).expect("hills"))
}

/// Hills with a shaft, a tower and a chunk of brick, seen at every lod.
fn built(baseline: Arc<dyn Baseline>) -> HybridWorld {
    let world = HybridWorld::in_memory(baseline, MaterialTable::standard());
    let mut batch = EditBatch::new();
    batch.fill_sphere(LatticePos::new(0, DVec3::new(70.0, 0.0, 60.0)), 30.0, MaterialId::AIR);
    batch.fill_box(
        VoxelBox::new(0, LatticeBox::new(ivec3(-20, -10, -20), ivec3(-10, 150, -5))),
        BRICK,
    );
    batch
        .fill_box(VoxelBox::new(0, LatticeBox::new(ivec3(-128, 64, 0), ivec3(0, 192, 128))), BRICK);
    batch.set(VoxelPos::new(0, ivec3(-70, 100, 60)), MaterialId(7));
    block_on(world.edit(&batch)).expect("edits");
    block_on(world.update_parents()).expect("updates");
    world
}

fn index_all(world: &HybridWorld) {
    while world.unindexed() > 0 {
        block_on(world.rebuild_index(10)).expect("indexes");
    }
}

/// The cell of a lod at a voxel, from the chunk itself.
fn cell(world: &HybridWorld, voxel: IVec3, lod: u8) -> MaterialId {
    let key = VoxelPos::new(0, voxel).chunk(lod);
    block_on(world.read_compact(key)).expect("reads").get((voxel >> i32::from(lod)) & 63)
}

fn check_region(reader: &mut WorldReader, voxels: LatticeBox, lod: u8) -> Vec<HomogeneousBox> {
    let found = reader.query_region(VoxelBox::new(0, voxels), lod).expect("answers");
    let mut expected = 0;
    for found in &found {
        let LatticeBox { min, max } = found.voxels;
        assert!(!found.voxels.is_empty() && voxels.contains(min) && voxels.contains(max - 1));
        expected += i64::from(found.voxels.size().x)
            * i64::from(found.voxels.size().y)
            * i64::from(found.voxels.size().z);
        // Corners and some cells between.
        for i in 0..27 {
            let part = ivec3(i % 3, i / 3 % 3, i / 9);
            let at = min + (max - 1 - min) * part / 2;
            assert_eq!(cell(reader.world(), at, lod), found.material, "{found:?} at {at}");
        }
    }
    let size = voxels.size();
    assert_eq!(
        expected,
        i64::from(size.x) * i64::from(size.y) * i64::from(size.z),
        "gaps or overlaps"
    );
    for (i, one) in found.iter().enumerate() {
        assert!(found[..i].iter().all(|two| !one.voxels.intersects(&two.voxels)));
        let joins = |two: &HomogeneousBox| {
            let (a, b) = (one.voxels, two.voxels);
            let touching = |axis: usize| {
                let [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
                let alike = |at: usize| a.min[at] == b.min[at] && a.max[at] == b.max[at];
                alike(u) && alike(v) && (a.max[axis] == b.min[axis] || b.max[axis] == a.min[axis])
            };
            one.material == two.material && (0..3).any(touching)
        };
        assert!(!found[..i].iter().any(joins), "{one:?} and another one are one box");
    }
    found
}

#[test]
fn regions_are_boxes_that_fill_them_and_could_not_be_fewer() {
    for indexed in [false, true] {
        let world = built(hills());
        if indexed {
            index_all(&world);
        }
        let mut reader = world.reader();
        for (min, size, lod) in [
            (ivec3(-30, -20, -30), ivec3(50, 40, 45), 0),
            (ivec3(-80, -300, -60), ivec3(120, 600, 90), 2),
            (ivec3(-1001, -999, -700), ivec3(2007, 2001, 1403), 5),
        ] {
            check_region(&mut reader, LatticeBox::new(min, min + size), lod);
        }
    }
}

#[test]
fn a_region_of_one_material_is_one_box_and_reads_nothing() {
    let world = built(hills());
    let mut reader = world.reader();
    let sky = LatticeBox::new(ivec3(-60_000, 5000, -60_000), ivec3(60_000, 30_000, 60_000));
    let found = reader.query_region(VoxelBox::new(0, sky), 0).expect("answers");
    assert_eq!(found, [HomogeneousBox { voxels: sky, material: MaterialId::AIR }]);
    assert_eq!((reader.explanation().path, reader.explanation().read), (QueryPath::Node, 0));
}

#[test]
fn an_edited_chunk_of_one_material_is_read_until_the_index_knows_it() {
    let world = built(Arc::new(Empty::new(Shape::Flat(Flat { voxel_m: 1.0 })).expect("a shape")));
    let brick = LatticeBox::new(ivec3(-128, 128, 0), ivec3(0, 192, 128));
    let mut reader = world.reader();
    let read = check_region(&mut reader, brick, 0);
    assert!(reader.explanation().read > 0, "nothing was known before");
    assert_eq!(read, [HomogeneousBox { voxels: brick, material: BRICK }]);
    index_all(&world);
    let mut reader = world.reader();
    assert_eq!(check_region(&mut reader, brick, 0), read);
    assert_eq!((reader.explanation().path, reader.explanation().read), (QueryPath::Node, 0));
    // An edit is seen at once, long before the index looks.
    let at = ivec3(-64, 150, 64);
    block_on(world.edit(EditBatch::new().set(VoxelPos::new(0, at), MaterialId::AIR)))
        .expect("edits");
    assert_eq!(reader.material(VoxelPos::new(0, at)).expect("reads"), MaterialId::AIR);
    assert!(check_region(&mut reader, brick, 0).len() > 1);
    index_all(&world);
    assert!(check_region(&mut reader, brick, 0).len() > 1);
    // And so is that it is undone.
    block_on(world.edit(EditBatch::new().set(VoxelPos::new(0, at), BRICK))).expect("edits");
    assert_eq!(check_region(&mut reader, brick, 0), read);
}

#[test]
fn nearly_uniform_chunks_answer_from_the_index_only_if_the_caller_allows_it() {
    let world = built(hills());
    index_all(&world);
    let odd = ivec3(-70, 100, 60);
    let mut reader = world.reader();
    let answer =
        reader.query_material(VoxelPos::new(0, odd), 0, Exactness::DOMINANT).expect("answers");
    assert_eq!((answer, reader.explanation().path), (BRICK, QueryPath::Summary));
    let answer =
        reader.query_material(VoxelPos::new(0, odd), 0, Exactness::Exact).expect("answers");
    assert_eq!((answer, reader.explanation().path), (MaterialId(7), QueryPath::Read));
    let answer =
        reader.query_material(VoxelPos::new(0, odd), 0, Exactness::Exact).expect("answers");
    assert_eq!((answer, reader.explanation().path), (MaterialId(7), QueryPath::Held));
    let strict = Exactness::Dominant { threshold: 1.0 };
    let mut reader = HybridWorld::clone(&world).reader();
    assert_eq!(
        reader.query_material(VoxelPos::new(0, odd), 0, strict).expect("answers"),
        MaterialId(7)
    );
}

#[test]
fn batches_answer_in_the_order_asked_for() {
    let world = built(hills());
    let voxels: Vec<VoxelPos> = (0..40_000)
        .map(|i: i32| {
            let hash = i.wrapping_mul(0x9e37_79b1u32 as i32);
            VoxelPos::new(0, ivec3(hash >> 23, (hash >> 9) % 90, hash << 4 >> 23))
        })
        .collect();
    let mut reader = world.reader();
    let one_by_one: Vec<_> =
        voxels.iter().map(|&pos| reader.material(pos).expect("reads")).collect();
    assert_eq!(world.read_many(&voxels).expect("reads"), one_by_one);
    let rays: Vec<_> = (0..2000)
        .map(|i| {
            let (sin, cos) = (f64::from(i) * 0.77).sin_cos();
            let origin = DVec3::new(cos * 200.0, 160.0, sin * 200.0);
            Ray { origin, direction: DVec3::new(-sin, -0.4, cos).normalize() }
        })
        .collect();
    let options = RayOptions::default();
    let one_by_one: Vec<_> =
        rays.iter().map(|ray| reader.first_hit(ray, &options).expect("reads")).collect();
    assert!(one_by_one.iter().flatten().count() > 1000);
    assert_eq!(world.cast_many(&rays, &options).expect("reads"), one_by_one);
}

#[test]
fn boxes_and_grids_that_make_no_sense_are_refused() {
    let world = built(hills());
    let mut reader = world.reader();
    let fine = LatticeBox::new(IVec3::ZERO, IVec3::splat(8));
    let empty = LatticeBox::new(IVec3::ZERO, ivec3(8, 0, 8));
    let far = LatticeBox::new(IVec3::ZERO, IVec3::splat(i32::MAX));
    for voxels in [empty, far] {
        let refused = reader.query_region(VoxelBox::new(0, voxels), 0);
        assert!(matches!(refused, Err(WorldError::BoxOutside { .. })), "{refused:?}");
    }
    let refused = reader.query_region(VoxelBox::new(1, fine), 0);
    assert!(matches!(refused, Err(WorldError::UnknownRegion { region: 1, regions: 1 })));
    for resolution in [uvec3(0, 1, 1), UVec3::splat(u32::MAX)] {
        let refused = reader.sample_region(VoxelBox::new(0, fine), resolution);
        assert!(matches!(refused, Err(WorldError::TooManySamples { .. })), "{refused:?}");
    }
    let outside =
        reader.query_material(VoxelPos::new(0, IVec3::splat(i32::MAX)), 0, Exactness::Exact);
    assert!(matches!(outside, Err(WorldError::OutsideLattice { .. })), "{outside:?}");
    let beyond = reader.query_material(VoxelPos::new(0, IVec3::ZERO), 21, Exactness::Exact);
    assert!(matches!(beyond, Err(WorldError::OutsideLattice { .. })), "{beyond:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn samples_and_materials_are_those_of_the_chunks(
        min in (-150i32..100, -60i32..60, -150i32..100), size in (1i32..300, 1i32..200, 1i32..300),
        resolution in (1u32..9, 1u32..9, 1u32..9), indexed: bool,
    ) {
        let world = built(hills());
        if indexed {
            index_all(&world);
        }
        let mut reader = world.reader();
        let min = IVec3::from(min);
        let voxels = LatticeBox::new(min, min + IVec3::from(size));
        let resolution = UVec3::from(resolution);
        let samples = reader.sample_region(VoxelBox::new(0, voxels), resolution).expect("answers");
        let part = voxels.size().as_dvec3() / resolution.as_dvec3();
        prop_assert!(f64::from(1 << samples.lod) <= part.min_element().max(1.0));
        prop_assert!(f64::from(2 << samples.lod) > part.min_element());
        for i in 0..resolution.element_product() {
            let at = uvec3(i % resolution.x, i / resolution.x / resolution.z, i / resolution.x % resolution.z);
            let middle = (at.as_dvec3() + 0.5) * part;
            let voxel = min + middle.floor().as_ivec3();
            prop_assert_eq!(samples.get(at), cell(&world, voxel, samples.lod), "{}", at);
            prop_assert_eq!(samples.get(at), samples.materials[i as usize]);
        }
    }
}

#[test]
fn the_cells_of_a_box_are_those_of_its_chunks_at_every_lod() {
    let world = built(hills());
    let mut reader = world.reader();
    for (lod, min, size) in [
        (0, ivec3(-70, -3, -67), ivec3(141, 70, 135)),
        (0, ivec3(64, 0, -64), ivec3(64, 64, 64)),
        (3, ivec3(-9, -2, -65), ivec3(20, 5, 66)),
    ] {
        let cells = LatticeBox::new(min, min + size);
        let found = reader.read_box(CellBox::new(0, lod, cells)).expect("reads");
        assert_eq!(found.len(), size.element_product() as usize);
        for (i, &material) in found.iter().enumerate().step_by(7) {
            let i = i as i32;
            let at = min + ivec3(i % size.x, i / size.x / size.z, i / size.x % size.z);
            assert_eq!(material, cell(&world, at << i32::from(lod), lod), "{at} at lod {lod}");
        }
    }
    let beyond = LatticeBox::new(IVec3::ZERO, IVec3::splat(i32::MAX));
    assert!(matches!(
        reader.read_box(CellBox::new(0, 4, beyond)),
        Err(WorldError::BoxOutside { .. })
    ));
}
