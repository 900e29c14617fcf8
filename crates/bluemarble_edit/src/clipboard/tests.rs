use bluemarble_core::{CellPos, REGION_EDGE, VoxelBox, VoxelPos};
use futures::executor::block_on;
use proptest::prelude::*;

use super::*;
use crate::tests::*;

fn copy(world: &HybridWorld, region: u8, voxels: LatticeBox) -> Clipboard {
    block_on(Clipboard::copy(world, VoxelBox::new(region, voxels))).expect("copies")
}

fn paste(world: &HybridWorld, clip: &Clipboard, (region, at): (u8, IVec3), options: PasteOptions) {
    let batch = clip.paste(&world.shape(), VoxelPos::new(region, at), options).expect("fits");
    if !batch.is_empty() {
        edit(world, &batch);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_copy_is_what_the_world_holds_and_comes_back_over_borders(
        from in any_place(), to in any_place(), parts in any_clutter(8), skip_air in any::<bool>(),
        turns in -5i32..6,
    ) {
        let world = planet();
        clutter(&world, from, &parts);
        let lattice = world.shape();
        let voxels = LatticeBox::new(from.1 - ivec3(5, 6, 7), from.1 + ivec3(7, 8, 3));
        let clip = copy(&world, from.0, voxels);
        for at in voxels_of(voxels) {
            let expected = lattice
                .fold(CellPos::new(from.0, 0, at))
                .map_or(KEEP, |place| material(&world, place.region, place.cell));
            prop_assert_eq!(clip.get(at - voxels.min), expected);
        }
        // Into another planet, all of brick there.
        let other = planet();
        clutter(&other, to, &[(IVec3::splat(-16), IVec3::splat(17), BRICK)]);
        let known = places(&lattice, to.0, cube(to.1, 16));
        let mut expected = held(&other, &known);
        let low = to.1 - ivec3(6, 7, 5);
        let turned = clip.turned(turns);
        for (at, &cell) in voxels_of(LatticeBox::new(low, low + turned.size)).zip(&turned.cells) {
            if let Some(place) = lattice.fold(CellPos::new(to.0, 0, at))
                && cell != KEEP && !(skip_air && cell == AIR)
            {
                expected.insert((place.region, place.cell), cell);
            }
        }
        paste(&other, &clip, (to.0, low), PasteOptions { skip_air, quarter_turns: turns });
        let found = held(&other, &known);
        // Where three regions meet, several cells of the clipboard may lie in one place.
        let is_corner = [to.1.x, to.1.z].iter().all(|&v| v == 0 || v == REGION_EDGE);
        prop_assert!(is_corner || found == expected);
    }

    #[test]
    fn four_quarter_turns_are_none_and_one_goes_from_x_to_minus_z(
        size in (1i32..6, 1i32..6, 1i32..6), seed in any::<u32>(),
    ) {
        let size = ivec3(size.0, size.1, size.2);
        let count = size.element_product() as u32;
        let cells = (0..count).map(|at| MaterialId(((at ^ seed).wrapping_mul(2_654_435_761) >> 20) as u16));
        let clip = Clipboard::from_cells(size, cells.collect()).expect("cells");
        let once = clip.turned(1);
        for at in voxels_of(LatticeBox::new(IVec3::ZERO, size)) {
            // Turned about the lower corner, and back into the box.
            let to = ivec3(at.z, at.y, size.x - 1 - at.x);
            prop_assert_eq!(once.get(to), clip.get(at));
        }
        prop_assert_eq!(&clip.turned(2), &once.turned(1));
        prop_assert_eq!(&clip.turned(3), &once.turned(2));
        prop_assert_eq!(&clip.turned(-1), &once.turned(2));
        prop_assert_eq!(&once.turned(3), &clip);
        prop_assert_eq!(clip.turned(4), clip);
    }
}

#[test]
fn a_copy_goes_through_a_vox_file_unchanged() {
    let (world, other) = (hills(), planet());
    let y = world.ground_y_estimate(0, 0.0, 0.0) as i32;
    edit(
        &world,
        EditBatch::new().fill_box(VoxelBox::new(0, cube(ivec3(0, y, 0), 3)), MaterialId(20)),
    );
    // Longer than a model.
    let voxels = LatticeBox::new(ivec3(-30, y - 20, -9), ivec3(250, y + 30, 11));
    let clip = copy(&world, 0, voxels);
    let dir = tempfile::tempdir().expect("a directory for temporary files");
    let path = dir.path().join("a.vox");
    clip.save_vox(&path, world.materials()).expect("written");
    let loaded = Clipboard::load_vox(&path, world.materials()).expect("read");
    assert!(loaded == clip);
    assert_eq!(fs::read_dir(dir.path()).expect("there").count(), 1, "a draft is left");
    let at = (4, ivec3(SEA, SEA, REGION_EDGE - 6));
    paste(&other, &loaded, at, PasteOptions::default());
    let voxels = LatticeBox::new(at.1, at.1 + clip.size());
    assert!(copy(&other, 4, voxels) == clip);
}

#[test]
fn every_material_goes_through_a_vox_file() {
    let table = MaterialTable::standard();
    let cells: Vec<_> = table.ids().map(MaterialId).collect();
    let size = ivec3(1, cells.len() as i32, 1);
    let clip = Clipboard::from_cells(size, cells).expect("cells");
    let bytes = clip.to_vox(&table).expect("fits");
    assert_eq!(Clipboard::from_vox(&bytes, &table).expect("whole"), clip);
    for end in 0..bytes.len() {
        assert!(Clipboard::from_vox(&bytes[..end], &table).is_err());
    }
}

#[test]
fn what_is_not_there_stays() {
    let world = plain();
    // One layer below the lattice, and one in it.
    let bottom = world.shape().region_box().min.y;
    let clip = copy(&world, 0, LatticeBox::new(ivec3(0, bottom - 1, 0), ivec3(2, bottom + 1, 2)));
    assert_eq!((clip.get(IVec3::ZERO), clip.get(IVec3::Y)), (KEEP, GRANITE));
    edit(&world, EditBatch::new().fill_box(VoxelBox::new(0, cube(IVec3::ZERO, 2)), BRICK));
    paste(&world, &clip, (0, IVec3::ZERO), PasteOptions::default());
    let found = [0, 1].map(|y| material(&world, 0, ivec3(0, y, 0)));
    assert_eq!(found, [BRICK, GRANITE]);
}

#[test]
fn what_is_too_large_or_nothing_or_nowhere_is_refused() {
    let world = plain();
    let refused = |voxels| {
        block_on(Clipboard::copy(&world, VoxelBox::new(0, voxels)))
            .expect_err("refused")
            .to_string()
    };
    let large = LatticeBox::new(IVec3::ZERO, ivec3(512, 512, 257));
    assert!(refused(large).contains("67108864 cells"));
    assert!(refused(LatticeBox::new(IVec3::ZERO, ivec3(1, 0, 1))).contains("no voxel"));
    let lattice = LatticeBox::new(IVec3::MIN, IVec3::MAX);
    assert!(refused(lattice).contains("67108864 cells"));
    let above = LatticeBox::new(IVec3::splat(REGION_EDGE), IVec3::splat(REGION_EDGE + 1));
    assert!(refused(above).contains("outside"));
    let clip = Clipboard::from_cells(IVec3::ONE, vec![BRICK]).expect("a cell");
    assert!(Clipboard::from_cells(IVec3::ONE, vec![]).is_err());
    for (region, at) in [(0, IVec3::MAX), (0, ivec3(0, REGION_EDGE, 0)), (1, IVec3::ZERO)] {
        assert!(
            clip.paste(&world.shape(), VoxelPos::new(region, at), PasteOptions::default()).is_err()
        );
    }
    let missing = Clipboard::load_vox(Path::new("no/such.vox"), world.materials());
    let error = missing.expect_err("missing").to_string();
    assert!(error.starts_with("no/such.vox: cannot read: "), "{error}");
    let error = clip.save_vox(Path::new("no/such.vox"), world.materials());
    assert!(error.expect_err("no folder").to_string().starts_with("no/such.vox: cannot write: "));
}
