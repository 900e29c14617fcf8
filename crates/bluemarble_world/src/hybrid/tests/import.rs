//! Imports against edits that say the same.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use bluemarble_core::CancelToken;

use super::*;
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
                return Err("it ends too early".into());
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
    let keys = world.edited_unsorted().into_iter();
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
