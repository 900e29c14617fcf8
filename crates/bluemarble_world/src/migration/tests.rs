//! Octrees move in, whatever comes between.

use std::{collections::HashSet, fs::File};

use bluemarble_core::{MaterialId, MaterialTable, VoxelPos, code::morton_decode};
use bluemarble_store::log::Durability;
use bluemarble_terrain::{
    Baseline, Superflat,
    octree::{Leaf, LinearOctree, LinearOctreeWriter},
};
use glam::ivec3;
use tempfile::TempDir;

use super::*;

const DEPTH: u8 = 7;
/// Not on the border of a chunk.
const AT: IVec3 = ivec3(-50, -70, 21);
const LEAVE: u16 = 9;

/// Rooms in rock, with a floor of something else, and corners that the octree leaves alone.
fn number(voxel: IVec3) -> u16 {
    let room = ivec3(voxel.x & 31, voxel.y & 31, voxel.z & 31) - 16;
    match room.length_squared() {
        0..120 if room.y < -6 => 3,
        0..120 => 0,
        600.. => LEAVE,
        _ => 1 + u16::from(voxel.y > 64),
    }
}

fn write_octree(path: &Path, number: impl Fn(IVec3) -> u16) {
    let file = File::create(path).expect("a file");
    let mut writer = LinearOctreeWriter::new(io::BufWriter::new(file), DEPTH).expect("depth");
    for code in 0..1u64 << (3 * u64::from(DEPTH)) {
        let material = number(morton_decode(code).as_ivec3());
        if material != LEAVE {
            writer.push(Leaf { code, lod: 0, material }).expect("written");
        }
    }
    let (file, _) = writer.finish().expect("written");
    file.into_inner().expect("flushed");
}

fn ground() -> Arc<dyn Baseline> {
    Arc::new(Superflat::new(1.0, vec![(MaterialId(2), 9)]).expect("layers"))
}

fn octree(path: &Path) -> OctreeBaseline {
    let octree = LinearOctree::open(path).expect("whole");
    OctreeBaseline::new(octree, ground(), VoxelPos::new(0, AT), |number| Some(MaterialId(number)))
        .expect("fits")
}

fn open(dir: &Path) -> HybridWorld {
    HybridWorld::open(dir, ground(), MaterialTable::standard()).expect("a world")
}

fn begin(folder: &TempDir, world: &HybridWorld) -> Result<Migration, MigrationError> {
    let octree = octree(&folder.path().join("a.octree"));
    Migration::begin(world, octree, &folder.path().join("w"), LogOptions::default())
}

/// A folder with an octree, and a world to move it into.
fn prepared() -> (TempDir, HybridWorld) {
    let folder = tempfile::tempdir().expect("a folder");
    write_octree(&folder.path().join("a.octree"), number);
    let world = open(&folder.path().join("w"));
    (folder, world)
}

fn copy(migration: &Migration) -> Compared {
    block_on(migration.copy(&CancelToken::never(), |_| ())).expect("copied")
}

fn switch(migration: &Migration) -> Compared {
    block_on(migration.switch(&CancelToken::never(), |_| ())).expect("compared")
}

/// Every voxel of the octree's box and some around it that is not what it should be.
fn wrong(world: &HybridWorld, expected: impl Fn(IVec3) -> MaterialId) -> Vec<IVec3> {
    let mut reader = world.reader();
    let edge = (1 << DEPTH) + 10;
    let all =
        (0..edge * edge * edge).map(|i| ivec3(i % edge, i / edge % edge, i / edge / edge) - 5 + AT);
    all.filter(|&voxel| reader.material(VoxelPos::new(0, voxel)).expect("read") != expected(voxel))
        .collect()
}

fn unedited(voxel: IVec3) -> MaterialId {
    let own = voxel - AT;
    let inside = own.cmpge(IVec3::ZERO).all() && own.cmplt(IVec3::splat(1 << DEPTH)).all();
    match number(own) {
        number if inside && number != LEAVE => MaterialId(number),
        _ if voxel.y < 0 => MaterialId(2),
        _ => MaterialId::AIR,
    }
}

#[test]
fn an_octree_moves_in_and_is_found_after_reopening() {
    let (folder, world) = prepared();
    let dir = folder.path().join("w");
    let migration = begin(&folder, &world).expect("begun");
    assert_eq!(wrong(migration.current(), unedited), [], "the octree itself");
    let copied = copy(&migration);
    assert_eq!(copied.voxels, 1 << (3 * DEPTH));
    assert!(copied.copied > 0);
    let compared = switch(&migration);
    assert_eq!((compared.copied, migration.is_switched()), (0, true));
    assert_eq!(wrong(migration.current(), unedited), []);
    migration.retire().expect("removed");
    drop(world);
    let names: Vec<_> =
        fs::read_dir(&dir).expect("listed").map(|e| e.expect("entry").file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains("octree")), "{names:?}");
    let world = open(&dir);
    assert_eq!(wrong(&world, unedited), []);
    // Coarser lods came along.
    let coarse = block_on(world.read(ChunkKey::new(0, 2, IVec3::NEG_Y))).expect("read");
    assert!(coarse.any_material(|material| material == MaterialId(1)));
}

#[test]
fn edits_while_it_moves_are_in_both_and_stay() {
    let (folder, world) = prepared();
    drop(world);
    // Not durable, so that there are many edits to a chunk's copy.
    let options = LogOptions { durability: Durability::None, ..LogOptions::default() };
    let dir = folder.path().join("w");
    let world = HybridWorld::builder(ground(), MaterialTable::standard())
        .log(options)
        .open(&dir)
        .expect("a world");
    let octree = octree(&folder.path().join("a.octree"));
    let migration = Migration::begin(&world, octree, &dir, options).expect("begun");
    let is_copied = AtomicBool::new(false);
    let edited = std::thread::scope(|scope| {
        let editor = scope.spawn(|| {
            let mut edited = HashSet::new();
            for i in (0..).take_while(|_| !is_copied.load(Ordering::Relaxed)) {
                let spot = ivec3(i, i / 140 + i * 61, i / 7 + i * 17);
                let voxel = AT + spot.rem_euclid(IVec3::splat(140)) - 6;
                let mut batch = EditBatch::new();
                batch.set(VoxelPos::new(0, voxel), MaterialId(11));
                block_on(migration.edit(&batch)).expect("edited");
                if i % 50 == 0 {
                    let seen = block_on(migration.current().material(VoxelPos::new(0, voxel)))
                        .expect("read");
                    assert_eq!(seen, MaterialId(11), "{voxel}");
                }
                edited.insert(voxel);
            }
            edited
        });
        copy(&migration);
        is_copied.store(true, Ordering::Relaxed);
        editor.join().expect("edited")
    });
    assert!(edited.len() > 100, "{} edits", edited.len());
    let expected = |voxel| if edited.contains(&voxel) { MaterialId(11) } else { unedited(voxel) };
    let compared = switch(&migration);
    assert_eq!((compared.copied, migration.is_switched()), (0, true), "edits went to both");
    assert_eq!(wrong(&migration.octree, expected), []);
    assert_eq!(wrong(&migration.world, expected), []);
    // Until it is retired: nothing is lost if that never comes.
    let mut batch = EditBatch::new();
    batch.set(VoxelPos::new(0, AT), MaterialId(12));
    block_on(migration.edit(&batch)).expect("edited");
    for world in [migration.current(), &migration.octree] {
        assert_eq!(block_on(world.material(VoxelPos::new(0, AT))).expect("read"), MaterialId(12));
    }
    drop(migration);
    let octree = self::octree(&folder.path().join("a.octree"));
    let migration = Migration::begin(&world, octree, &dir, options).expect("begun again");
    let compared = switch(&migration);
    assert_eq!((compared.copied, migration.is_switched()), (0, true));
}

#[test]
fn a_migration_goes_on_where_it_was_stopped_with_all_edits() {
    let (folder, world) = prepared();
    let voxel = AT + 100;
    {
        let migration = begin(&folder, &world).expect("begun");
        let mut batch = EditBatch::new();
        batch.set(VoxelPos::new(0, voxel), MaterialId(11));
        block_on(migration.edit(&batch)).expect("edited");
        let (cancel, mut chunks) = (CancelToken::new(), 0);
        let stopped = block_on(migration.switch(&cancel, |compared| {
            chunks = compared.chunks;
            if chunks == 5 {
                cancel.cancel();
            }
        }));
        assert!(matches!(stopped, Err(MigrationError::Cancelled(_))), "{stopped:?}");
        assert_eq!((chunks, migration.is_switched()), (5, false));
        // Closed without a word, as by a kill.
    }
    drop(world);
    let world = open(&folder.path().join("w"));
    let migration = begin(&folder, &world).expect("goes on");
    let seen = block_on(migration.current().material(VoxelPos::new(0, voxel))).expect("read");
    assert_eq!(seen, MaterialId(11), "the octree has kept the edit");
    let rest = copy(&migration);
    assert_eq!(rest.copied, rest.chunks - 5, "what was copied is only compared");
    switch(&migration);
    assert!(migration.is_switched());
    let expected = |at| if at == voxel { MaterialId(11) } else { unedited(at) };
    assert_eq!(wrong(&world, expected), []);
}

#[test]
fn what_only_the_world_has_is_undone_before_it_takes_over() {
    let (folder, world) = prepared();
    let migration = begin(&folder, &world).expect("begun");
    copy(&migration);
    // As a crash between the two would leave it.
    let mut batch = EditBatch::new();
    batch.set(VoxelPos::new(0, AT + 64), MaterialId(11));
    block_on(world.edit(&batch)).expect("edited");
    let compared = switch(&migration);
    assert_eq!((compared.copied, migration.is_switched()), (1, false));
    switch(&migration);
    assert!(migration.is_switched());
    assert_eq!(wrong(&world, unedited), []);
}

#[test]
fn a_batch_that_may_be_in_one_alone_is_compared_before_the_world_takes_over() {
    let (folder, world) = prepared();
    let migration = begin(&folder, &world).expect("begun");
    copy(&migration);
    let mut batch = EditBatch::new();
    batch.set(VoxelPos::new(0, AT + 5), MaterialId(11));
    let compared = block_on(migration.switch(&CancelToken::never(), |compared| {
        if compared.voxels == compared.all_voxels {
            // All is compared; now half an edit, as one is that fails or is dropped.
            migration.may_differ.store(true, Ordering::Release);
            std::thread::scope(|scope| {
                let editor = scope.spawn(|| block_on(world.edit(&batch)).expect("edited"));
                editor.join().expect("edited");
            });
        }
    }));
    assert_eq!((compared.expect("compared").copied, migration.is_switched()), (0, false));
    assert_eq!(switch(&migration).copied, 1);
    switch(&migration);
    assert!(migration.is_switched());
    assert_eq!(wrong(&world, unedited), []);
}

#[test]
fn an_octree_does_not_move_in_over_edits() {
    let (folder, world) = prepared();
    let mut batch = EditBatch::new();
    // Beside it, in one of its chunks: nobody is in the way there.
    batch.set(VoxelPos::new(0, AT - 1), MaterialId(11));
    block_on(world.edit(&batch)).expect("edited");
    let migration = begin(&folder, &world).expect("nothing is in its box");
    let beside = block_on(migration.current().material(VoxelPos::new(0, AT - 1))).expect("read");
    assert_eq!(beside, MaterialId(11), "what lies around it is there all the while");
    drop(migration);
    fs::remove_dir_all(folder.path().join("w/octree")).expect("removed");
    let mut batch = EditBatch::new();
    batch.set(VoxelPos::new(0, AT + 3), MaterialId(11));
    block_on(world.edit(&batch)).expect("edited");
    let error = begin(&folder, &world).expect_err("occupied").to_string();
    assert!(error.contains(&format!("{}", AT + 3)), "{error}");
    assert!(!folder.path().join("w/octree").exists());
}

#[test]
fn another_octree_does_not_take_its_place_half_way() {
    let (folder, world) = prepared();
    drop(begin(&folder, &world).expect("begun"));
    write_octree(&folder.path().join("a.octree"), |voxel| number(voxel + 1));
    let error = begin(&folder, &world).expect_err("another").to_string();
    assert!(error.contains("w/octree: another octree"), "{error}");
}

#[test]
fn an_octree_that_is_lost_under_way_is_not_taken_for_an_empty_one() {
    let (folder, world) = prepared();
    let path = folder.path().join("a.octree");
    let migration = begin(&folder, &world).expect("begun");
    let length = fs::metadata(&path).expect("there").len();
    File::options().write(true).open(&path).expect("opened").set_len(length / 4).expect("cut");
    let error =
        block_on(migration.copy(&CancelToken::never(), |_| ())).expect_err("lost").to_string();
    assert!(error.contains("a.octree"), "{error}");
    assert!(block_on(migration.switch(&CancelToken::never(), |_| ())).is_err());
    assert!(!migration.is_switched());
}

#[test]
fn a_solid_baseline_of_the_same_material_is_not_written_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.octree");
    write_octree(&path, |voxel| if voxel.y < 70 { 2 } else { 0 });
    let world = open(&folder.path().join("w"));
    let migration = begin(&folder, &world).expect("begun");
    let copied = copy(&migration);
    assert_eq!(copied.copied, 0, "{copied:?}");
    assert_eq!(block_on(world.edited_unsorted()).expect("lists"), []);
}
