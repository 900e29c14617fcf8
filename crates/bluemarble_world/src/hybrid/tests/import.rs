//! Imports against edits that say the same.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use bluemarble_core::CancelToken;

use super::{faulty::Faulty, *};
use crate::{ImportProgress, VolumeError, VoxelVolume};

/// A box of voxels told by a function.
struct Told<F>(VoxelBox, F);

impl<F: Fn(IVec3) -> MaterialId + Sync> VoxelVolume for Told<F> {
    fn voxels(&self) -> VoxelBox {
        self.0
    }

    fn fingerprint(&self) -> String {
        "told".to_owned()
    }

    fn read(&self, part: LatticeBox, cells: &mut [MaterialId]) -> Result<(), VolumeError> {
        for (cell, at) in cells.iter_mut().zip(part.tiles(IVec3::ONE)) {
            if at.min == ivec3(999, 0, 0) {
                return Err(VolumeError::Contents("it ends too early".to_owned()));
            }
            *cell = (self.1)(at.min);
        }
        Ok(())
    }
}

/// Blocks, holes, and voxels that stay as they are.
fn blocks(at: IVec3) -> MaterialId {
    let block = at.div_euclid(IVec3::splat(5));
    match (block.x * 7 + block.y * 13 + block.z * 31).rem_euclid(5) {
        0 => MaterialId::UNSTORED,
        1 => AIR,
        2 => GRANITE,
        _ if at.y > 40 => AIR,
        _ => BRICK,
    }
}

/// Across shards of several lods, and aligned to nothing.
fn corner() -> VoxelBox {
    VoxelBox::new(0, LatticeBox::new(ivec3(-70, -90, 200), ivec3(70, 60, 310)))
}

/// Edits which the world has before, across the border of the box.
fn earlier() -> EditBatch {
    let mut batch = EditBatch::new();
    batch.fill_sphere(LatticePos::new(0, DVec3::new(-70.0, 0.0, 250.0)), 30.0, SOIL);
    batch.set(VoxelPos::new(0, ivec3(1000, 1, 1)), BRICK);
    batch
}

fn open(dir: &std::path::Path, baseline: &Arc<dyn Baseline>) -> HybridWorld {
    HybridWorld::open(dir, Arc::clone(baseline), MaterialTable::standard()).expect("opens")
}

fn import(
    world: &HybridWorld,
    volume: &dyn VoxelVolume,
) -> Result<crate::ImportReport, WorldError> {
    world.import(volume, &CancelToken::never(), &|_| ())
}

/// All edited chunks of all lods.
fn chunks(world: &HybridWorld) -> HashMap<ChunkKey, Chunk> {
    let keys = all_edited(world).into_iter();
    keys.map(|key| (key, block_on(world.read(key)).expect("reads"))).collect()
}

#[test]
fn an_import_gives_every_lod_that_the_same_edits_give() {
    for baseline in [plain(), hills()] {
        let [edited, imported] = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
        let [one, other] = [&edited, &imported].map(|dir| open(dir.path(), &baseline));
        for world in [&one, &other] {
            block_on(world.edit(&earlier())).expect("edits");
        }
        let mut batch = EditBatch::new();
        for at in corner().voxels.tiles(IVec3::ONE) {
            if blocks(at.min) != MaterialId::UNSTORED {
                batch.set(VoxelPos::new(0, at.min), blocks(at.min));
            }
        }
        block_on(one.edit(&batch)).expect("edits");
        block_on(one.checkpoint()).expect("folds");
        let report = import(&other, &Told(corner(), blocks)).expect("imports");
        assert_eq!((report.voxels, report.resumed_voxels), (140 * 150 * 110, 0));
        let expected = chunks(&one);
        assert!(expected.len() > 40 && expected.keys().any(|key| key.lod > 4));
        let check = |world: &HybridWorld, what: &str| {
            let found = chunks(world);
            for (key, chunk) in &expected {
                assert!(found.get(key) == Some(chunk), "{key} {what}");
            }
            assert_eq!(found.len(), expected.len(), "{what}");
        };
        check(&other, "at once");
        drop(other);
        check(&open(imported.path(), &baseline), "opened again");
    }
}

#[test]
fn what_was_read_before_an_import_is_read_anew_and_edits_go_on() {
    let dir = tempfile::tempdir().expect("a folder");
    let world = open(dir.path(), &plain());
    let at = VoxelPos::new(0, ivec3(0, 30, 300));
    let mut reader = world.reader();
    assert_eq!(reader.material(at).expect("reads"), AIR);
    import(&world, &Told(corner(), |_| BRICK)).expect("imports");
    assert_eq!(reader.material(at).expect("reads"), BRICK);
    let mut batch = EditBatch::new();
    batch.set(at, GRASS);
    block_on(world.edit(&batch)).expect("edits");
    assert_eq!(reader.material(at).expect("reads"), GRASS);
    drop((reader, world));
    assert_eq!(block_on(open(dir.path(), &plain()).material(at)).expect("reads"), GRASS);
}

#[test]
fn an_import_that_is_cancelled_goes_on_and_one_that_fails_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let world = open(dir.path(), &plain());
    let wide = VoxelBox::new(0, LatticeBox::new(ivec3(0, 0, 0), ivec3(1000, 10, 10)));
    let cancel = CancelToken::new();
    let calls = AtomicU64::new(0);
    let progress = |progress: ImportProgress| {
        assert!(progress.done_voxels <= progress.voxels, "{progress:?}");
        if calls.fetch_add(1, SeqCst) == 1 {
            cancel.cancel();
        }
    };
    let smooth = |at: IVec3| MaterialId(1 + (at.x / 90) as u16);
    let without_its_end = VoxelBox::new(0, LatticeBox::new(IVec3::ZERO, ivec3(990, 10, 10)));
    let cancelled = world.import(&Told(without_its_end, smooth), &cancel, &progress);
    assert!(matches!(cancelled, Err(WorldError::Cancelled)), "{cancelled:?}");
    assert!(chunks(&world).is_empty());
    drop(world);
    let world = open(dir.path(), &plain());
    let report = import(&world, &Told(without_its_end, smooth)).expect("goes on");
    assert!(report.resumed_voxels >= 256 * 100, "{report:?}");
    let before = chunks(&world);
    let failed = import(&world, &Told(wide, |_| BRICK)).expect_err("it ends too early");
    assert!(failed.to_string().contains("ends too early"), "{failed}");
    let unknown = import(&world, &Told(wide, |_| MaterialId(4000)));
    assert!(matches!(unknown, Err(WorldError::UnknownMaterial { .. })), "{unknown:?}");
    assert!(chunks(&world) == before);
    assert_eq!(std::fs::read_dir(dir.path().join("import")).expect("is there").count(), 0);
}

#[test]
fn an_import_over_another_world_begins_anew_where_that_one_has_changed() {
    let [below, dir] = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
    let edit_below = |x: i32| {
        let world = open(below.path(), &plain());
        set(&world, 0, ivec3(x, 5, 5), BRICK);
        flush(&world);
    };
    let import = |stops_after: Option<u64>| {
        let location = below.path().to_str().expect("text").parse().expect("a place");
        let options = bluemarble_store::StoreOptions::default();
        let base = ChunkStore::open_read_only(&location, &options).expect("opens");
        let builder = HybridWorld::builder(plain(), MaterialTable::standard()).over(base);
        let world = builder.open(dir.path()).expect("opens");
        let (cancel, calls) = (CancelToken::new(), AtomicU64::new(0));
        let progress = |_| {
            if Some(calls.fetch_add(1, SeqCst)) == stops_after {
                cancel.cancel();
            }
        };
        let voxels = VoxelBox::new(0, LatticeBox::new(IVec3::ZERO, ivec3(990, 10, 4)));
        let imported = world.import(&Told(voxels, |_| GRANITE), &cancel, &progress);
        (imported, material(&world, 0, ivec3(77, 5, 5)))
    };
    edit_below(3);
    assert!(matches!(import(Some(1)).0, Err(WorldError::Cancelled)));
    edit_below(77);
    let (report, seen) = import(None);
    assert_eq!(report.expect("imports").resumed_voxels, 0);
    assert_eq!(seen, BRICK, "what was edited below since is not hidden by what was made before");
}

/// A volume that cannot be read at first, and one that changes.
struct Unsteady {
    reads: AtomicU64,
    changes: bool,
}

impl VoxelVolume for Unsteady {
    fn voxels(&self) -> VoxelBox {
        VoxelBox::new(0, LatticeBox::new(IVec3::ZERO, ivec3(600, 10, 10)))
    }

    fn fingerprint(&self) -> String {
        format!("{}", if self.changes { self.reads.load(SeqCst) } else { 0 })
    }

    fn read(&self, _part: LatticeBox, cells: &mut [MaterialId]) -> Result<(), VolumeError> {
        if self.reads.fetch_add(1, SeqCst) == 2 && !self.changes {
            return Err(std::io::Error::other("the disk is away").into());
        }
        cells.fill(BRICK);
        Ok(())
    }
}

#[test]
fn a_volume_that_cannot_be_read_now_goes_on_later_and_one_that_changes_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let world = open(dir.path(), &plain());
    let unsteady = Unsteady { reads: AtomicU64::new(0), changes: false };
    let failed = import(&world, &unsteady).expect_err("the disk is away");
    assert!(failed.to_string().contains("the disk is away"), "{failed}");
    assert!(chunks(&world).is_empty());
    let report = import(&world, &unsteady).expect("goes on");
    assert!(report.resumed_voxels >= 256 * 100, "{report:?}");
    let before = chunks(&world);
    let changed = import(&world, &Unsteady { reads: AtomicU64::new(9), changes: true });
    assert!(matches!(changed, Err(WorldError::VolumeChanged)), "{changed:?}");
    assert!(chunks(&world) == before);
}

/// Two small boxes that are far apart.
struct Apart;

impl VoxelVolume for Apart {
    fn voxels(&self) -> VoxelBox {
        let far = IVec3::splat(60_000_000);
        VoxelBox::new(0, LatticeBox::new(-far, far))
    }

    fn fingerprint(&self) -> String {
        "apart".to_owned()
    }

    fn parts(&self) -> Vec<LatticeBox> {
        let LatticeBox { min, max } = self.voxels().voxels;
        vec![LatticeBox::new(min, min + 2), LatticeBox::new(max - 2, max)]
    }

    fn read(&self, _part: LatticeBox, cells: &mut [MaterialId]) -> Result<(), VolumeError> {
        cells.iter_mut().step_by(7).for_each(|cell| *cell = BRICK);
        Ok(())
    }
}

#[test]
fn parts_that_are_far_apart_cost_no_more_than_themselves_and_a_huge_volume_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let world = open(dir.path(), &plain());
    import(&world, &Apart).expect("imports");
    let leaves = chunks(&world).keys().filter(|key| key.lod == 0).count();
    assert!((2..200).contains(&leaves), "{leaves}");
    let refused = import(&world, &Told(Apart.voxels(), |_| AIR));
    assert!(matches!(refused, Err(WorldError::VolumeTooLarge { .. })), "{refused:?}");
}

#[test]
fn what_is_kept_of_the_index_never_hides_imported_chunks() {
    let dir = tempfile::tempdir().expect("a folder");
    let world = open(dir.path(), &plain());
    block_on(world.edit(&earlier())).expect("edits");
    block_on(world.checkpoint()).expect("folds");
    block_on(world.rebuild_index(usize::MAX)).expect("indexes");
    block_on(world.save_index()).expect("saves");
    // Saved again and again while shards are moved in.
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(SeqCst) {
                block_on(world.save_index()).expect("saves");
            }
        });
        import(&world, &Told(corner(), blocks)).expect("imports");
        is_over.store(true, SeqCst);
    });
    let expected = chunks(&world);
    drop(world);
    assert!(chunks(&open(dir.path(), &plain())) == expected);
}

#[test]
fn after_an_import_that_failed_half_way_nothing_is_written_until_the_world_is_opened_again() {
    let small = Told(VoxelBox::new(0, LatticeBox::new(ivec3(-9, 3, 5), ivec3(9, 12, 15))), blocks);
    let (mut refused, mut there) = (0, 0);
    for puts in 0.. {
        let inner = objects();
        let objects = Faulty::over(Arc::clone(&inner));
        let world = super::open(&(objects.clone() as Arc<dyn ObjectStore>), &plain());
        block_on(world.edit(&earlier())).expect("edits");
        block_on(world.checkpoint()).expect("folds");
        let before = chunks(&world);
        objects.fail_puts_after(puts);
        let is_done = import(&world, &small).is_ok();
        objects.heal();
        let after_all = chunks(&super::open(&inner, &plain()));
        let mut batch = EditBatch::new();
        batch.set(VoxelPos::new(0, ivec3(0, 5, 8)), GRASS);
        match block_on(world.edit(&batch)) {
            Err(WorldError::MustReopen) => {
                refused += 1;
                let folded = block_on(world.checkpoint());
                assert!(matches!(folded, Err(WorldError::MustReopen)), "{folded:?}");
            }
            // Nothing was moved.
            edited => {
                edited.expect("edits");
                assert!(is_done || after_all == before, "after {puts} puts");
            }
        }
        there += usize::from(after_all != before);
        if is_done {
            break;
        }
    }
    assert!(refused > 5 && there > 5, "{refused} refused, {there} were finished");
}

#[test]
fn an_import_that_has_no_place_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let world = open(dir.path(), &plain());
    let beyond = VoxelBox::new(0, LatticeBox::new(IVec3::ZERO, IVec3::splat(REGION_EDGE + 1)));
    let refused = import(&world, &Told(beyond, |_| AIR));
    assert!(matches!(refused, Err(WorldError::BoxOutside { region: 0, .. })), "{refused:?}");
    let refused = import(&world, &Told(VoxelBox::new(3, corner().voxels), |_| AIR));
    assert!(matches!(refused, Err(WorldError::UnknownRegion { region: 3, .. })), "{refused:?}");
    let in_memory = HybridWorld::in_memory(plain(), MaterialTable::standard());
    let refused = import(&in_memory, &Told(corner(), |_| AIR));
    assert!(matches!(refused, Err(WorldError::NoStore)), "{refused:?}");
}
