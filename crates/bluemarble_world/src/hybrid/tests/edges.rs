//! Edits where the regions of a planet meet and where its lattice ends.

use super::*;

const EDGE: i32 = REGION_EDGE;

fn planet() -> Arc<dyn Baseline> {
    Arc::new(Planet)
}

/// Where a voxel of a region, perhaps beyond its side, lies in local space; found without any folding.
fn place_in_world(region: u8, voxel: IVec3) -> (u8, IVec3) {
    let shape = Shape::earth();
    let LatticePos { region, lattice } = shape.lattice_from_local(
        shape.local_from_lattice(LatticePos::new(region, voxel.as_dvec3() + 0.5)),
    );
    (region, lattice.floor().as_ivec3())
}

/// Boxes of voxels half inside and half outside of each side of each region, at its middle, where the
/// lattice runs on straight.
fn boxes_over_edges() -> impl Iterator<Item = (u8, LatticeBox)> {
    let (mid, y) = (EDGE / 2, SEA + 3);
    let sides = [ivec3(0, y, mid), ivec3(EDGE, y, mid), ivec3(mid, y, 0), ivec3(mid, y, EDGE)];
    (0..6).flat_map(move |region| {
        sides.map(|side| (region, LatticeBox::new(side - ivec3(4, 1, 2), side + ivec3(3, 2, 3))))
    })
}

fn voxels(voxels: LatticeBox) -> impl Iterator<Item = IVec3> {
    let size = voxels.size();
    (0..size.element_product())
        .map(move |i| voxels.min + ivec3(i % size.x, i / size.x % size.y, i / size.x / size.y))
}

/// Voxels of brick in the chunks that an edit touches.
fn bricks(world: &HybridWorld, report: &EditReport) -> usize {
    let is_brick = |&material: &MaterialId| material == BRICK;
    let count = |&key: &ChunkKey| read(world, key).to_cells().into_iter().filter(is_brick).count();
    report.chunks.iter().map(count).sum()
}

#[test]
fn a_box_over_an_edge_of_a_region_goes_on_in_the_next_one() {
    for (region, bounds) in boxes_over_edges() {
        let world = in_memory(&planet());
        let expected: HashSet<_> =
            voxels(bounds).map(|voxel| place_in_world(region, voxel)).collect();
        let regions: HashSet<_> = expected.iter().map(|(region, _)| *region).collect();
        assert_eq!(regions.len(), 2, "{bounds:?} lies over an edge");
        let report = edit(&world, EditBatch::new().fill_box(VoxelBox::new(region, bounds), BRICK));
        assert_eq!(bricks(&world, &report), expected.len(), "region {region}, {bounds:?}");
        for &(region, voxel) in &expected {
            assert_eq!(material(&world, region, voxel), BRICK, "region {region}, {voxel}");
        }
        let keys: HashSet<_> =
            expected.iter().map(|&(region, voxel)| VoxelPos::new(region, voxel).chunk(0)).collect();
        assert_eq!(report.chunks.len(), keys.len());
        assert_eq!(report.chunks.into_iter().collect::<HashSet<_>>(), keys);
    }
}

#[test]
fn a_voxel_set_beyond_an_edge_is_the_one_that_lies_there() {
    let world = in_memory(&planet());
    for (region, bounds) in boxes_over_edges() {
        for voxel in [bounds.min, bounds.max - 1] {
            let (at_region, at) = place_in_world(region, voxel);
            assert_eq!(material(&world, at_region, at), AIR);
            let report = set(&world, region, voxel, BRICK);
            assert_eq!(report.chunks, [VoxelPos::new(at_region, at).chunk(0)]);
            assert_eq!(material(&world, at_region, at), BRICK, "region {region}, {voxel}");
            set(&world, at_region, at, AIR);
        }
    }
}

#[test]
fn what_sticks_out_above_and_below_the_lattice_is_left_out() {
    let world = in_memory(&planet());
    for (y, inside) in [(EDGE, 3), (0, 5)] {
        let across = LatticeBox::new(ivec3(70, y - 3, 70), ivec3(72, y + 5, 73));
        let report = edit(&world, EditBatch::new().fill_box(VoxelBox::new(4, across), BRICK));
        assert_eq!(bricks(&world, &report), 2 * 3 * inside);
    }
    let error =
        block_on(world.edit(EditBatch::new().set(VoxelPos::new(4, ivec3(70, EDGE, 70)), BRICK)));
    assert!(matches!(error, Err(WorldError::VoxelOutside { pos, .. }) if pos.region == 4));
}

#[test]
fn lods_follow_edits_on_both_sides_of_an_edge() {
    let world = in_memory(&planet());
    let side = ivec3(EDGE, SEA, EDGE / 2);
    edit(&world, EditBatch::new().fill_sphere(LatticePos::new(1, side.as_dvec3()), 14.0, AIR));
    let changed = update_parents(&world);
    let regions: HashSet<_> = changed.iter().map(|key| key.region).collect();
    assert_eq!(regions.len(), 2);
    parents::check(&world);
}
