//! Worlds that are made one way open another way, and what does not fit together is refused and changes nothing.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use bluemarble_core::{EditBatch, MaterialId, MaterialTable, VoxelPos};
use bluemarble_store::{
    ChunkEdge, ChunkStore, StorageOptions, StoreError, StoreOptions, WorldMetadata,
    log::{Durability, LogOptions, sim::SimDisk},
};
use bluemarble_terrain::{Baseline, NoiseBaseline, Recipe};
use futures::executor::block_on;
use glam::{IVec3, ivec3};
use object_store::memory::InMemory;
use tempfile::TempDir;

use super::*;
use crate::{
    DocumentError, HybridWorld, WorldDocument, WorldError,
    document::{DOCUMENT_NAME, MATERIALS_NAME},
};

const BRICK: MaterialId = MaterialId(13);
const SPOT: IVec3 = ivec3(1, 500, 1);
const HILLS: Recipe = Recipe::Noise { voxel_m: 0.5, seed: 7 };
const OTHER_HILLS: Recipe = Recipe::Noise { voxel_m: 0.5, seed: 8 };

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("w");
    (folder, dir)
}

fn hills(seed: u64) -> Arc<dyn Baseline> {
    Arc::new(NoiseBaseline::new(0.5, seed, &MaterialTable::standard()).expect("hills"))
}

fn from_recipe(dir: &Path) -> HybridWorld {
    WorldBuilder::from_recipe(&HILLS).expect("hills").open(dir).expect("opens")
}

fn build(world: &HybridWorld) {
    block_on(world.edit(EditBatch::new().set(VoxelPos::new(0, SPOT), BRICK))).expect("edited");
}

fn found(world: &HybridWorld) -> MaterialId {
    block_on(world.material(VoxelPos::new(0, SPOT))).expect("read")
}

/// Every file under a folder, the lock aside.
fn tree(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![dir.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("listed") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with(".lock") {
                files.insert(path.clone(), fs::read(path).expect("read"));
            }
        }
    }
    files
}

fn document(error: WorldError) -> DocumentError {
    match error {
        WorldError::Document(error) => error,
        error => panic!("{error}"),
    }
}

#[test]
fn a_world_from_a_recipe_is_reopened_without_knowing_it() {
    let (_folder, dir) = folder();
    build(&from_recipe(&dir));
    let recipe = WorldDocument::read(&dir).expect("whole").expect("written").baseline;
    assert_eq!(recipe, HILLS);
    let world = HybridWorld::reopen(&dir).expect("reopened");
    assert_eq!(found(&world), BRICK);
    assert_eq!(world.baseline().fingerprint(), hills(7).fingerprint());
    drop(world);
    // By its recipe and by its baseline, too; neither writes another document.
    let written = fs::read(dir.join(DOCUMENT_NAME)).expect("read");
    assert_eq!(found(&from_recipe(&dir)), BRICK);
    let world = HybridWorld::open(&dir, hills(7), MaterialTable::standard()).expect("opened");
    assert_eq!(found(&world), BRICK);
    assert_eq!(fs::read(dir.join(DOCUMENT_NAME)).expect("read"), written);
}

#[test]
fn materials_of_ones_own_come_along() {
    let (folder, dir) = folder();
    let table = folder.path().join("materials.ron");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/materials.ron");
    let text = fs::read_to_string(shipped).expect("shipped").replace("\"brick\"", "\"clinker\"");
    fs::write(&table, text).expect("written");
    let world = WorldBuilder::from_recipe_with_materials(&HILLS, &table).expect("a table");
    drop(world.open(&dir).expect("opens"));
    fs::remove_file(&table).expect("removed");
    assert!(dir.join(MATERIALS_NAME).exists());
    let world = HybridWorld::reopen(&dir).expect("reopened");
    assert!(world.materials().id("clinker").is_ok());
    let error = WorldBuilder::from_recipe_with_materials(&HILLS, &table).expect_err("gone");
    assert!(document(error).to_string().contains("materials.ron"));
}

#[test]
fn a_world_whose_material_table_has_grown_is_reopened_with_all_of_it() {
    let (folder, dir) = folder();
    let table = folder.path().join("more.ron");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/materials.ron");
    let text = fs::read_to_string(shipped).expect("shipped");
    let open = |text: &str| {
        fs::write(&table, text).expect("written");
        let world = WorldBuilder::from_recipe_with_materials(&HILLS, &table).expect("a table");
        world.open(&dir)
    };
    drop(from_recipe(&dir));
    let mut rows = text.trim_end().trim_end_matches(']').to_owned();
    for name in ["obsidian", "opal"] {
        let brick = text.lines().find(|line| line.contains("\"brick\"")).expect("a row");
        rows += &brick.replace("\"brick\"", &format!("\"{name}\""));
        rows += "\n";
        drop(open(&format!("{rows}]")).expect("materials may be appended"));
        let world = HybridWorld::reopen(&dir).expect("reopened");
        assert!(world.materials().id(name).is_ok(), "{name}");
    }
    let kept = fs::read(dir.join(MATERIALS_NAME)).expect("read");
    open(&text.replace("\"brick\"", "\"clinker\"")).expect_err("another list of materials");
    assert_eq!(fs::read(dir.join(MATERIALS_NAME)).expect("read"), kept);
}

#[test]
fn a_world_without_a_recipe_is_refused_until_it_is_opened_with_one() {
    let (_folder, dir) = folder();
    drop(HybridWorld::open(&dir, hills(7), MaterialTable::standard()).expect("made"));
    let before = tree(&dir);
    let error = document(HybridWorld::reopen(&dir).expect_err("no recipe"));
    assert!(matches!(error, DocumentError::Missing { .. }), "{error}");
    let error = error.to_string();
    for said in ["w/bluemarble.json: ", "noise-1 seed=7", "`bluemarble new`"] {
        assert!(error.contains(said), "{error}");
    }
    assert!(tree(&dir) == before, "changed by a look");
    drop(from_recipe(&dir));
    drop(HybridWorld::reopen(&dir).expect("reopened"));
}

#[test]
fn where_no_world_is_none_is_reopened_or_made() {
    let (folder, dir) = folder();
    for dir in [&dir, folder.path()] {
        let error = document(HybridWorld::reopen(dir).expect_err("nothing is there"));
        assert!(matches!(error, DocumentError::NoWorld { .. }), "{error}");
        assert!(error.to_string().contains(&dir.display().to_string()), "{error}");
    }
    assert!(tree(folder.path()).is_empty());
}

#[test]
fn a_document_that_cannot_be_used_is_named_and_changes_nothing() {
    let (_folder, dir) = folder();
    build(&from_recipe(&dir));
    let path = dir.join(DOCUMENT_NAME);
    let whole = fs::read_to_string(&path).expect("read");
    let cases = [
        (whole[..40].to_owned(), "not a world document", "restore it from a backup"),
        (whole.replace("version\": 1", "version\": 9"), "format_version is 9", "use the program"),
        (whole.replace("\"seed\": 7", "\"seed\": 8"), "noise-1 seed=8", "restore it from a backup"),
        (whole.replace("\"noise\"", "\"cheese\""), "cheese", "restore it from a backup"),
    ];
    for (text, reason, remedy) in cases {
        fs::write(&path, &text).expect("written");
        let before = tree(&dir);
        let error = document(HybridWorld::reopen(&dir).expect_err(reason)).to_string();
        for said in ["w/bluemarble.json: ", reason, remedy] {
            assert!(error.contains(said), "{error}");
        }
        assert!(tree(&dir) == before, "{reason}: changed by a refusal");
    }
    // A recipe is not written over a document that cannot be read.
    fs::write(&path, "{").expect("written");
    let before = tree(&dir);
    let again = WorldBuilder::from_recipe(&HILLS).expect("hills").open(&dir);
    let error = document(again.expect_err("damaged"));
    assert!(matches!(error, DocumentError::Damaged { .. }), "{error}");
    assert!(tree(&dir) == before);
    // With the baseline itself the world still opens.
    let world = HybridWorld::open(&dir, hills(7), MaterialTable::standard()).expect("opened");
    assert_eq!(found(&world), BRICK);
}

#[test]
fn a_recipe_for_other_ground_than_the_worlds_changes_nothing() {
    for has_document in [true, false] {
        let (_folder, dir) = folder();
        build(&from_recipe(&dir));
        if !has_document {
            fs::remove_file(dir.join(DOCUMENT_NAME)).expect("removed");
        }
        let before = tree(&dir);
        let other = WorldBuilder::from_recipe(&OTHER_HILLS).expect("hills").open(&dir);
        let error = other.expect_err("other ground");
        let is_mismatch = matches!(error, WorldError::Store(StoreError::Mismatch { .. }));
        assert!(is_mismatch && error.to_string().contains("zarr.json: "), "{error}");
        assert!(tree(&dir) == before);
    }
}

#[test]
fn storage_is_chosen_once_and_the_log_each_time() {
    let (_folder, dir) = folder();
    let storage = StorageOptions { chunk_edge: ChunkEdge::Cells32, ..StorageOptions::default() };
    let log = LogOptions { durability: Durability::None, ..LogOptions::default() };
    let builder = || WorldBuilder::from_recipe(&HILLS).expect("hills");
    build(&builder().storage(storage).log(log).open(&dir).expect("made"));
    assert_eq!(found(&builder().log(LogOptions::default()).open(&dir).expect("opened")), BRICK);
    let world = WorldBuilder::from_directory(&dir).expect("known").log(log).open();
    drop(world.expect("opened"));
    let location = dir.to_str().expect("text").parse().expect("a location");
    let store = ChunkStore::open_read_only(&location, &StoreOptions::default()).expect("opened");
    assert_eq!(store.storage().chunk_edge, ChunkEdge::Cells32);
}

#[test]
fn a_world_over_another_one_is_not_taken_for_one_that_stands_alone() {
    let (folder, dir) = folder();
    let own = folder.path().join("own");
    let world = from_recipe(&dir);
    build(&world);
    block_on(world.checkpoint()).expect("saved");
    drop(world);
    let location = dir.to_str().expect("text").parse().expect("a location");
    let base = ChunkStore::open_read_only(&location, &StoreOptions::default()).expect("opened");
    let world = WorldBuilder::from_recipe(&HILLS).expect("hills").over(base).open(&own);
    let world = world.expect("opened");
    assert_eq!(found(&world), BRICK);
    drop(world);
    let error = document(HybridWorld::reopen(&own).expect_err("what lies below is not known"));
    assert!(matches!(error, DocumentError::NeedsBase { .. }), "{error}");
    let opened = WorldBuilder::from_recipe(&HILLS).expect("hills").open(&own);
    let error = document(opened.expect_err("its edits would be laid over the bare baseline"));
    assert!(matches!(error, DocumentError::NeedsBase { .. }), "{error}");
    assert!(!own.join(DOCUMENT_NAME).exists());
}

#[test]
fn a_world_that_stands_alone_is_not_laid_over_another_one() {
    let (folder, dir) = folder();
    let below = folder.path().join("below");
    drop((from_recipe(&dir), from_recipe(&below)));
    let location = below.to_str().expect("text").parse().expect("a location");
    let base = ChunkStore::open_read_only(&location, &StoreOptions::default()).expect("opened");
    let before = tree(&dir);
    let opened = WorldBuilder::from_recipe(&HILLS).expect("hills").over(base).open(&dir);
    let error = document(opened.expect_err("its edits belong on its own ground"));
    assert!(matches!(error, DocumentError::StandsAlone { .. }), "{error}");
    assert_eq!(tree(&dir), before);
}

#[test]
fn a_store_of_other_ground_is_refused() {
    let store = || {
        let materials = MaterialTable::standard();
        let metadata = WorldMetadata::new(hills(7).shape(), hills(7).fingerprint(), &materials);
        block_on(ChunkStore::with_objects(Arc::new(InMemory::new()), &metadata)).expect("a store")
    };
    let builder = |seed| HybridWorld::builder(hills(seed), MaterialTable::standard());
    let disk = SimDisk::new();
    let with_log = || {
        let store = builder(7).with_store(store());
        store.with_log(Arc::new(disk.clone()), LogOptions::default())
    };
    build(&block_on(with_log().open()).expect("opened"));
    let world = block_on(with_log().into_future()).expect("opened again");
    assert_eq!(found(&world), BRICK, "from the log");
    let error = block_on(builder(8).with_store(store()).open()).expect_err("other ground");
    let is_mismatch = matches!(error, WorldError::Store(StoreError::Mismatch { .. }));
    assert!(is_mismatch && error.to_string().contains("noise-1 seed=7"), "{error}");
}
