//! Games and the command line open each other's worlds by `bluemarble.json`.

use std::fs;

use bluemarble_core::{EditBatch, MaterialTable, VoxelPos};
use bluemarble_terrain::{NoiseBaseline, Recipe};
use bluemarble_world::{DocumentError, HybridWorld, WorldBuilder, WorldError};
use futures::executor::block_on;
use glam::ivec3;

use crate::support::{done, done_with, folder, refused_with, run, tree};

const HILLS: Recipe = Recipe::Noise { voxel_m: 0.5, seed: 7 };

/// The name of what is at a spot that is air in the hills.
fn found(world: &HybridWorld) -> String {
    let material = block_on(world.material(VoxelPos::new(0, ivec3(1, 500, 1)))).unwrap();
    world.materials().get(material).unwrap().name.clone()
}

#[test]
fn a_world_that_a_game_has_made_from_a_recipe_opens_here_and_goes_back() {
    let folder = folder();
    let dir = folder.path();
    let world = WorldBuilder::from_recipe(&HILLS).unwrap().open(dir.join("w")).unwrap();
    let granite = world.materials().id("granite").unwrap();
    block_on(world.edit(EditBatch::new().set(VoxelPos::new(0, ivec3(1, 500, 1)), granite)))
        .unwrap();
    drop(world);
    assert!(done(dir, "info w").contains("recipe     known"));
    assert_eq!(done_with(dir, "get w --names", "0,1,500,1\n"), "0,1,500,1,granite\n");
    done_with(dir, "edit w", "0,1,500,1,glass\n");
    assert_eq!(run(dir, "verify w").code, 0);
    assert_eq!(found(&HybridWorld::reopen(dir.join("w")).unwrap()), "glass");
}

#[test]
fn a_world_that_was_made_here_opens_in_a_game_and_comes_back() {
    let folder = folder();
    let dir = folder.path();
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/materials.ron");
    let text = fs::read_to_string(table).unwrap().replace("\"brick\"", "\"clinker\"");
    fs::write(dir.join("mine.ron"), text).unwrap();
    done(dir, "new w --baseline noise --seed 7 --voxel-m 0.5 --materials mine.ron --chunk-edge 32");
    done_with(dir, "edit w", "0,1,500,1,clinker\n");
    fs::remove_file(dir.join("mine.ron")).unwrap();
    let world = HybridWorld::reopen(dir.join("w")).unwrap();
    assert_eq!(found(&world), "clinker");
    let glass = world.materials().id("glass").unwrap();
    block_on(world.edit(EditBatch::new().set(VoxelPos::new(0, ivec3(1, 500, 1)), glass))).unwrap();
    drop(world);
    assert_eq!(done_with(dir, "get w --names", "0,1,500,1\n"), "0,1,500,1,glass\n");
    // The same recipe, spelled by the game.
    let recipe = WorldBuilder::from_recipe_with_materials(&HILLS, dir.join("w/materials.ron"));
    assert_eq!(found(&recipe.unwrap().open(dir.join("w")).unwrap()), "glass");
}

#[test]
fn both_refuse_the_same_documents_and_change_nothing() {
    let folder = folder();
    let dir = folder.path();
    let (world, path) = (dir.join("w"), dir.join("w/bluemarble.json"));
    done(dir, "new w --baseline noise --seed 7 --voxel-m 0.5");
    done_with(dir, "edit w", "0,1,500,1,glass\n");
    let whole = fs::read_to_string(&path).unwrap();
    let cases = [
        (Some(whole[..30].to_owned()), 1, "bluemarble.json: not a world document"),
        (Some(whole.replace("version\": 1", "version\": 9")), 2, "format_version is 9"),
        (Some(whole.replace("\"seed\": 7", "\"seed\": 8")), 2, "noise-1 seed=8"),
        (None, 2, "noise-1 seed=7"),
    ];
    for (text, code, said) in cases {
        match &text {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let before = tree(&world);
        let error = HybridWorld::reopen(&world).unwrap_err();
        assert!(matches!(error, WorldError::Document(_)), "{error}");
        assert!(error.to_string().contains("bluemarble.json: "), "{error}");
        assert!(error.to_string().contains(said), "{error}");
        let ran = run(dir, "get w");
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.err.contains(said), "{ran:?}");
        assert!(tree(&world) == before, "{said}: changed by a refusal");
    }
    // Taken over again, by a game that knows the ground or here.
    let materials = MaterialTable::standard();
    let hills = NoiseBaseline::new(0.5, 7, &materials).unwrap();
    drop(HybridWorld::open(&world, std::sync::Arc::new(hills), materials).unwrap());
    refused_with(dir, "get w", "0,1,500,1\n", "give it with --baseline");
    drop(WorldBuilder::from_recipe(&HILLS).unwrap().open(&world).unwrap());
    assert_eq!(done_with(dir, "get w --names", "0,1,500,1\n"), "0,1,500,1,glass\n");
    let none = HybridWorld::reopen(dir.join("none")).unwrap_err();
    assert!(matches!(none, WorldError::Document(DocumentError::NoWorld { .. })), "{none}");
}
