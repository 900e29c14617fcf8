//! Documents that are written, read and refused.

use std::{fs, path::Path};

use bluemarble_core::{Flat, Shape};
use bluemarble_terrain::{EarthEdition, Elevation, Recipe};

use super::*;

fn hills() -> Recipe {
    Recipe::Noise { voxel_m: 0.5, seed: 7 }
}

#[test]
fn what_is_written_is_read_and_a_world_without_has_none() {
    let dir = tempfile::tempdir().expect("a folder");
    assert!(WorldDocument::read(dir.path()).expect("nothing is wrong").is_none());
    let document = WorldDocument::install(dir.path(), &hills(), None).expect("written");
    assert_eq!(WorldDocument::read(dir.path()).expect("whole"), Some(document));
    let names: Vec<_> = fs::read_dir(dir.path()).expect("listed").collect();
    assert_eq!(names.len(), 1, "no draft is left: {names:?}");
}

#[test]
fn files_that_a_world_is_made_from_come_along() {
    let (dir, other) =
        (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let (heights, table) = (other.path().join("h.tif"), other.path().join("t.ron"));
    fs::write(&heights, "heights").expect("written");
    fs::write(&table, "materials").expect("written");
    let elevation = |path: &Path| Elevation::File(path.to_owned());
    let earth = |path: &Path| Recipe::Earth {
        elevation: elevation(path),
        seed: 1,
        edition: EarthEdition::Third,
    };
    let document =
        WorldDocument::install(dir.path(), &earth(&heights), Some(&table)).expect("written");
    assert_eq!(document.baseline, earth(Path::new(ELEVATION_NAME)));
    assert_eq!(document.materials.as_deref(), Some(Path::new(MATERIALS_NAME)));
    for (name, text) in [(ELEVATION_NAME, "heights"), (MATERIALS_NAME, "materials")] {
        assert_eq!(fs::read_to_string(dir.path().join(name)).expect("copied"), text);
    }
    let error = document.table(dir.path()).expect_err("no table").to_string();
    assert!(error.contains(MATERIALS_NAME), "{error}");
    // Without its files no document is written.
    fs::remove_file(dir.path().join(DOCUMENT_NAME)).expect("removed");
    fs::remove_file(&heights).expect("removed");
    let error = WorldDocument::install(dir.path(), &earth(&heights), None).expect_err("no heights");
    assert!(error.to_string().contains("h.tif: cannot read: "), "{error}");
    assert!(error.to_string().ends_with("; check the path"), "{error}");
    assert!(!dir.path().join(DOCUMENT_NAME).exists());
}

#[test]
fn damage_and_other_versions_are_told_apart() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join(DOCUMENT_NAME);
    let shape = Shape::Flat(Flat { voxel_m: 1.0 });
    WorldDocument::install(dir.path(), &Recipe::Empty { shape }, None).expect("written");
    let whole = fs::read_to_string(&path).expect("read");
    let read = |text: &str| {
        fs::write(&path, text).expect("written");
        WorldDocument::read(dir.path()).expect_err("refused")
    };
    for end in 0..whole.trim_end().len() {
        let error = read(&whole[..end]);
        assert!(matches!(error, DocumentError::Damaged { .. }), "{end}: {error}");
        let error = error.to_string();
        assert!(error.contains("bluemarble.json: not a world document"), "{error}");
        assert!(error.contains("restore it from a backup"), "{error}");
    }
    let error = read(&whole.replace("\"format_version\": 1", "\"format_version\": 9"));
    assert!(matches!(error, DocumentError::OtherVersion { found: 9, known: 1, .. }), "{error}");
    let error = read(&whole.replace("\"baseline\"", "\"x\": 1, \"baseline\""));
    assert!(matches!(error, DocumentError::Damaged { .. }), "{error}");
    let error = read(&" ".repeat((1 << 20) + 1));
    assert!(matches!(error, DocumentError::TooLarge { .. }), "{error}");
}
