//! What is kept of the index spares work and changes no answer.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::*;
use crate::{Exactness, RebuildManager, RebuildOptions, RebuildPace, hybrid::INDEX_DIR};

fn open_dir(dir: &Path) -> HybridWorld {
    HybridWorld::open(dir, plain(), MaterialTable::standard()).expect("opens")
}

fn index(world: &HybridWorld) {
    block_on(world.rebuild_index(usize::MAX)).expect("indexes");
}

fn save(world: &HybridWorld) -> crate::SnapshotReport {
    block_on(world.save_index()).expect("saves")
}

/// A hole, a hill and a lone voxel, in several shards.
fn site() -> EditBatch {
    let mut batch = EditBatch::new();
    batch.fill_sphere(LatticePos::new(0, DVec3::new(0.0, -40.0, 0.0)), 60.0, AIR);
    batch.fill_box(
        VoxelBox::new(0, LatticeBox::new(ivec3(700, 0, 700), ivec3(828, 128, 828))),
        BRICK,
    );
    batch.set(VoxelPos::new(0, ivec3(-900, -20, 5)), BRICK);
    batch
}

/// A world in a folder, edited, indexed and kept; and how many shards it has.
fn kept(dir: &Path) -> usize {
    let world = open_dir(dir);
    edit(&world, &site());
    flush(&world);
    index(&world);
    let report = save(&world);
    assert_eq!(report.written, report.shards);
    assert!(report.shards > 3 && report.summaries == all_edited(&world).len(), "{report:?}");
    assert_eq!(save(&world).written, 0, "nothing has changed");
    report.shards
}

/// What queries say of places near the site, at some lods.
fn answers(world: &HybridWorld) -> Vec<MaterialId> {
    let mut reader = world.reader();
    let mut answers = Vec::new();
    for (lod, at) in (0..6u8).flat_map(|lod| {
        let places = [ivec3(0, -40, 0), ivec3(5, -99, 5), ivec3(764, 64, 764), ivec3(-900, -20, 5)];
        places.map(|at| (lod, at))
    }) {
        for exactness in [Exactness::Exact, Exactness::Dominant { threshold: 1.0 }] {
            answers.push(
                reader.query_material(VoxelPos::new(0, at), lod, exactness).expect("answers"),
            );
        }
    }
    let box_around = LatticeBox::new(ivec3(-128, -128, -128), ivec3(64, 64, 64));
    for region in reader.query_region(VoxelBox::new(0, box_around), 0).expect("answers") {
        answers.extend(std::iter::repeat_n(region.material, region.voxels.size().x as usize));
    }
    answers
}

/// The files in which the index is kept.
fn tiles(dir: &Path) -> Vec<PathBuf> {
    let below = |dir: PathBuf| {
        fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path())
    };
    let lods = below(dir.join(INDEX_DIR)).flat_map(below);
    lods.flat_map(below).collect()
}

#[test]
fn a_world_that_is_opened_again_knows_its_chunks_without_looking() {
    let dir = tempfile::tempdir().expect("a folder");
    kept(dir.path());
    let world = open_dir(dir.path());
    let stored = all_edited(&world);
    let bytes_read = world.statistics().store.bytes_read;
    assert_eq!((world.unindexed(), bytes_read), (0, 0), "no index of a shard was read");
    assert!(stored.iter().all(|&key| !world.state().octree.is_stale(key)));
    set(&world, 0, ivec3(3, 200, 3), BRICK);
    assert_eq!(world.unindexed(), 1);
    assert!(world.state().octree.is_stale(ChunkKey::new(0, 4, IVec3::ZERO)));
    let known = world.index().clone();
    drop(world);
    fs::remove_dir_all(dir.path().join(INDEX_DIR)).expect("deleted");
    let world = open_dir(dir.path());
    all_edited(&world);
    index(&world);
    let known: HashMap<_, _> =
        known.summaries_unsorted().map(|(key, _, found)| (key, found.clone())).collect();
    let again = world.index().clone();
    for (key, _, found) in again.summaries_unsorted() {
        assert!(known.get(&key).is_none_or(|known| known == found), "{key}");
    }
    assert_eq!(again.summary_count(), known.len() + 1);
}

#[test]
fn without_the_snapshot_or_with_a_damaged_one_every_answer_is_the_same() {
    let dir = tempfile::tempdir().expect("a folder");
    kept(dir.path());
    let expected = answers(&open_dir(dir.path()));
    let files = tiles(dir.path());
    let whole: Vec<_> = files.iter().map(|file| fs::read(file).expect("a tile")).collect();
    for damage in 0..30usize {
        for (number, (file, whole)) in files.iter().zip(&whole).enumerate() {
            let mut bytes = whole.clone();
            match damage {
                0 => bytes.clear(),
                1 => bytes.truncate(whole.len() / 2),
                2 => bytes.fill(0),
                3 => bytes = whole_of(&files, number + 1),
                _ => (0..4).for_each(|i| {
                    let place = (damage * 7919 + i * 104_729) * 613 % whole.len();
                    bytes[place] ^= 1 << (i % 8);
                }),
            }
            fs::write(file, bytes).expect("written");
        }
        let world = open_dir(dir.path());
        assert!(answers(&world) == expected, "damage {damage}");
        all_edited(&world);
        index(&world);
        assert!(answers(&world) == expected, "damage {damage}, indexed");
        drop(world);
        files.iter().zip(&whole).for_each(|(file, whole)| fs::write(file, whole).expect("written"));
    }
    fs::remove_dir_all(dir.path().join(INDEX_DIR)).expect("deleted");
    assert!(answers(&open_dir(dir.path())) == expected, "deleted");
}

/// The bytes of another tile.
fn whole_of(files: &[PathBuf], number: usize) -> Vec<u8> {
    fs::read(&files[number % files.len()]).expect("a tile")
}

#[test]
fn tiles_keep_what_this_session_did_not_ask_for() {
    let dir = tempfile::tempdir().expect("a folder");
    kept(dir.path());
    let world = open_dir(dir.path());
    // One of the places, and nothing else, is looked at and edited.
    set(&world, 0, ivec3(-900, -22, 5), BRICK);
    flush(&world);
    index(&world);
    assert!(save(&world).written > 0);
    drop(world);
    let world = open_dir(dir.path());
    let bytes_read = world.statistics().store.bytes_read;
    all_edited(&world);
    assert_eq!((world.unindexed(), world.statistics().store.bytes_read), (0, bytes_read));
}

#[test]
fn a_shard_that_is_listed_while_the_index_is_saved_is_not_kept_in_part() {
    let dir = tempfile::tempdir().expect("a folder");
    kept(dir.path());
    fs::remove_dir_all(dir.path().join(INDEX_DIR)).expect("deleted");
    let world = open_dir(dir.path());
    // One chunk of a shard that has several is edited before anybody has asked what is stored there.
    let key = VoxelPos::new(0, ivec3(764, 64, 764)).chunk(0);
    set(&world, 0, ivec3(764, 64, 764), GRANITE);
    let (versions, keys) = (world.inner.kept.versions(), [key]);
    assert!(world.state().octree.edited_unsorted().eq(keys));
    all_edited(&world);
    let groups = world.groups_of(&versions, &keys);
    assert!(groups.is_empty(), "{groups:?} is a part of what the shard has");
    let versions = world.inner.kept.versions();
    assert!(!world.groups_of(&versions, &all_edited(&world)).is_empty());
}

#[test]
fn a_shard_that_somebody_else_has_written_is_looked_at_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let shards = kept(dir.path());
    let (baseline, materials) = (plain(), MaterialTable::standard());
    let metadata = WorldMetadata::new(baseline.shape(), baseline.fingerprint(), &materials);
    let store = ChunkStore::create_or_open(dir.path(), &metadata).expect("opens");
    let brick = Chunk::uniform(BRICK);
    block_on(store.write(&[(ChunkKey::new(0, 0, ivec3(1, -1, 0)), &brick)])).expect("writes");
    drop(store);
    let world = open_dir(dir.path());
    let mut reader = world.reader();
    let dominant = Exactness::Dominant { threshold: 1.0 };
    let found =
        reader.query_material(VoxelPos::new(0, ivec3(100, -30, 30)), 0, dominant).expect("answers");
    assert_eq!(found, BRICK);
    let unknown = world.unindexed();
    assert!(unknown > 0 && unknown < all_edited(&world).len(), "one shard of {shards}");
}

#[test]
fn a_shard_that_was_copied_to_another_file_meanwhile_is_the_same_and_is_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    kept(dir.path());
    let world = open_dir(dir.path());
    // The same bytes, but another file: as a backup that is brought back would leave it.
    let shard = block_on(world.inner.store.as_ref().expect("a store").list_known_shards())
        .expect("lists")
        .into_iter()
        .find(|shard| shard.key.lod == 0)
        .expect("a shard of lod 0");
    let path = dir.path().join(&shard.path);
    let bytes = fs::read(&path).expect("read");
    fs::remove_file(&path).expect("removed");
    fs::write(&path, bytes).expect("written");
    let keys = block_on(world.inner.store.as_ref().expect("a store").keys_of(shard.key));
    let key = keys.expect("lists")[0];
    set(&world, 0, key.min_voxel() + 1, MaterialId(4));
    flush(&world);
    index(&world);
    save(&world);
    drop(world);
    let world = open_dir(dir.path());
    assert!(!world.state().queue.contains(key), "its shard was read again");
}

#[test]
fn a_manager_keeps_what_it_knows_when_it_is_dropped_even_if_not_all_is_stored() {
    let dir = tempfile::tempdir().expect("a folder");
    let world = open_dir(dir.path());
    edit(&world, &site());
    flush(&world);
    let stored = all_edited(&world).len();
    let options = RebuildOptions { pace: RebuildPace::OnDemand, workers: 2 };
    let manager = RebuildManager::start(&world, options).expect("threads");
    manager.rebuild_now();
    assert!(manager.wait(std::time::Duration::from_secs(60)));
    set(&world, 0, ivec3(-900, -21, 5), BRICK);
    set(&world, 0, ivec3(9000, -21, 5), BRICK);
    drop(manager);
    drop(world);
    let world = open_dir(dir.path());
    assert_eq!(all_edited(&world).len(), stored + 1);
    assert_eq!(world.unindexed(), 2, "the two that only the log has");
}

#[test]
fn of_a_world_below_that_is_partly_hidden_only_whole_shards_are_kept() {
    let (below, dir) =
        (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    kept(below.path());
    let open_over = || {
        let base = ChunkStore::open_read_only(
            &below.path().to_str().expect("text").parse().expect("a place"),
            &bluemarble_store::StoreOptions::default(),
        );
        let materials = MaterialTable::standard();
        let builder = HybridWorld::builder(plain(), materials).over(base.expect("opens"));
        builder.open(dir.path()).expect("opens")
    };
    let world = open_over();
    let edited = all_edited(&world).len();
    index(&world);
    save(&world);
    drop(world);
    let world = open_over();
    assert_eq!((world.unindexed(), all_edited(&world).len()), (0, edited));
    let expected = answers(&world);
    set(&world, 0, ivec3(764, 64, 764), GRANITE);
    flush(&world);
    index(&world);
    save(&world);
    drop(world);
    let world = open_over();
    assert_eq!((all_edited(&world).len(), world.unindexed()), (edited, 0));
    assert_eq!(material(&world, 0, ivec3(764, 64, 764)), GRANITE);
    drop(world);
    fs::remove_dir_all(dir.path().join(INDEX_DIR)).expect("deleted");
    let world = open_over();
    all_edited(&world);
    index(&world);
    save(&world);
    drop(world);
    let world = open_over();
    assert_eq!(all_edited(&world).len(), edited);
    assert!(world.unindexed() > 0 && world.unindexed() < edited, "{}", world.unindexed());
    assert_eq!(material(&world, 0, ivec3(764, 64, 764)), GRANITE);
    assert_eq!(answers(&world).len(), expected.len());
}
