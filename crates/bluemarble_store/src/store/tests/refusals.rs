//! What a store does not open or write: another world, another's directory, a world in use.

use std::fs;

use bluemarble_core::CubeSphere;

use super::*;

fn create(dir: &Path) -> Result<ChunkStore, StoreError> {
    ChunkStore::create_or_open(dir, &metadata(FLAT))
}

fn mismatch(result: Result<ChunkStore, StoreError>) -> String {
    match result.expect_err("another world") {
        StoreError::Mismatch { field, .. } => field,
        error => panic!("{error}"),
    }
}

#[test]
fn another_shape_baseline_or_material_table_is_refused_by_name() {
    let mut renamed = metadata(FLAT);
    renamed.materials[3] = "iron".to_owned();
    let mut shorter = metadata(FLAT);
    shorter.materials.pop();
    let last = format!("attributes.bluemarble.materials[{}]", shorter.materials.len());
    let other_ground = WorldMetadata { baseline: "noise 3".to_owned(), ..metadata(FLAT) };
    let cases = [
        (metadata(Shape::Flat(Flat { voxel_m: 0.5 })), "attributes.bluemarble.shape.Flat.voxel_m"),
        (metadata(EARTH), "attributes.bluemarble.shape.CubeSphere"),
        (
            metadata(Shape::CubeSphere(CubeSphere { radius_m: 1e6 })),
            "attributes.bluemarble.shape.CubeSphere",
        ),
        (other_ground, "attributes.bluemarble.baseline"),
        (renamed, "attributes.bluemarble.materials[3]"),
        (shorter, &last),
    ];
    let dir = directory();
    let key = ChunkKey::new(0, 0, IVec3::NEG_ONE);
    write(&create(dir.path()).expect("made"), &[(key, chunk(1))]).expect("writes");
    let before = files(dir.path());
    for (other, field) in cases {
        assert_eq!(mismatch(ChunkStore::create_or_open(dir.path(), &other)), field);
        assert_eq!(files(dir.path()), before, "{field}");
    }
    let store = create(dir.path()).expect("the same world still opens");
    assert_eq!(read(&store, key).expect("reads"), Some(chunk(1)));
}

#[test]
fn another_format_is_refused_before_anything_else() {
    let dir = directory();
    drop(create(dir.path()).expect("made"));
    let path = dir.path().join("zarr.json");
    let text = fs::read_to_string(&path).expect("a document");
    let newer = text.replace("\"format_version\": 3", "\"format_version\": 4");
    fs::write(&path, newer.replace("superflat", "hills")).expect("written");
    let before = files(dir.path());
    let error = create(dir.path()).expect_err("newer");
    let is_named = matches!(&error, StoreError::NewerFormat { path, found: 4, supported: 3 }
        if path == "zarr.json");
    assert!(is_named, "{error}");
    assert_eq!(files(dir.path()), before);
    fs::write(&path, text.replace("\"format_version\": 3", "\"format_version\": 0"))
        .expect("written");
    assert_eq!(mismatch(create(dir.path())), "attributes.bluemarble.format_version");
    fs::write(&path, "{").expect("written");
    let error = create(dir.path()).expect_err("half a document");
    assert!(matches!(&error, StoreError::Syntax { path, .. } if path == "zarr.json"), "{error}");
}

#[test]
fn a_material_table_that_has_grown_is_recorded() {
    let dir = directory();
    drop(create(dir.path()).expect("made"));
    let mut larger = metadata(FLAT);
    larger.materials.push("cheese".to_owned());
    drop(ChunkStore::create_or_open(dir.path(), &larger).expect("may grow"));
    drop(ChunkStore::create_or_open(dir.path(), &larger).expect("the same"));
    let field = format!("attributes.bluemarble.materials[{}]", larger.materials.len() - 1);
    assert_eq!(mismatch(create(dir.path())), field);
}

#[test]
fn an_array_with_an_unknown_codec_is_neither_read_nor_listed_nor_written() {
    let dir = directory();
    let key = ChunkKey::new(0, 2, ivec3(1, 2, 3));
    write(&create(dir.path()).expect("made"), &[(key, chunk(1))]).expect("writes");
    let path = dir.path().join("region0/lod2/zarr.json");
    let text = fs::read_to_string(&path).expect("a document");
    fs::write(&path, text.replace("numcodecs.shuffle", "blosc")).expect("written");
    drop(create(dir.path()).expect("opens"));
    let before = files(dir.path());
    let store = create(dir.path()).expect("opens");
    let field = "codecs[0].configuration.codecs[1].name";
    for error in [
        read(&store, key).expect_err("another codec"),
        store.keys_blocking().expect_err("another codec"),
        write(&store, &[(key, chunk(2))]).expect_err("another codec"),
    ] {
        let is_named = matches!(&error, StoreError::Mismatch { path, field: named, .. }
            if path == "region0/lod2/zarr.json" && named == field);
        assert!(is_named, "{error}");
    }
    assert_eq!(files(dir.path()), before);
}

#[test]
fn a_directory_with_other_files_is_refused_and_left_as_it_is() {
    for name in ["holiday.jpg", "zarr.json.bak", "a#1", "region0/lod0/c/0/0/0", ".hidden"] {
        let dir = directory();
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("above")).expect("made");
        fs::write(&path, "mine").expect("written");
        fs::write(dir.path().join("0#1"), "mine as well").expect("written");
        let before = files(dir.path());
        let error = create(dir.path()).expect_err("not a world");
        let named = matches!(&error, StoreError::NotAWorld { path } if path == dir.path());
        assert!(named, "{name}: {error}");
        assert_eq!(files(dir.path()), before, "{name}");
    }
}

#[test]
fn another_zarr_hierarchy_is_refused_and_nothing_in_it_is_swept() {
    let dir = directory();
    fs::write(dir.path().join("zarr.json"), r#"{"zarr_format":3,"node_type":"group"}"#)
        .expect("written");
    fs::write(dir.path().join("0#1"), "mine").expect("written");
    assert_eq!(mismatch(create(dir.path())), "attributes.bluemarble.format_version");
    assert!(dir.path().join("0#1").exists());
}

#[test]
fn a_world_that_was_killed_before_its_first_document_was_whole_is_made_again() {
    let dir = directory();
    fs::write(dir.path().join(".lock"), "").expect("written");
    fs::write(dir.path().join("zarr.json#1"), "{ \"zarr_fo").expect("written");
    create(dir.path()).expect("made");
    assert!(dir.path().join("zarr.json").exists() && !dir.path().join("zarr.json#1").exists());
}

#[test]
fn a_world_can_be_open_only_once() {
    let dir = directory();
    let first = create(dir.path()).expect("made");
    let error = create(dir.path()).expect_err("open already");
    let lock = dir.path().join(".lock");
    assert!(matches!(&error, StoreError::Locked { path } if *path == lock), "{error}");
    // Another world's settings make no difference, and a refused open frees nothing.
    let other = ChunkStore::create_or_open(dir.path(), &metadata(EARTH));
    assert!(matches!(other, Err(StoreError::Locked { .. })));
    let again = create(dir.path());
    assert!(matches!(again, Err(StoreError::Locked { .. })));
    drop(first);
    create(dir.path()).expect("free again");
}

#[test]
fn a_path_that_cannot_be_written_is_named() {
    let dir = directory();
    let file = dir.path().join("file");
    fs::write(&file, "mine").expect("written");
    for path in [file.join("world"), file.clone()] {
        let error = create(&path).expect_err("below a file");
        let named = matches!(&error, StoreError::Unwritable { path: named, .. } if *named == path);
        assert!(named, "{error}");
    }
    assert_eq!(fs::read_to_string(&file).expect("a file"), "mine");
}

#[test]
fn unfinished_writes_are_swept_and_nothing_else_is() {
    let dir = directory();
    let key = ChunkKey::new(0, 0, IVec3::ZERO);
    // Not committed: the shard is one of those that were being written.
    write(&create(dir.path()).expect("made"), &[(key, chunk(1))]).expect("writes");
    let without_manifest = || {
        let mut files = files(dir.path());
        files.retain(|path, _| !path.starts_with(dir.path().join("manifest")));
        files
    };
    let before = without_manifest();
    let shards = "region0/lod0/c/262144/262144";
    let leftovers = [
        "zarr.json#1",
        "region0/zarr.json#20",
        "region0/lod0/zarr.json#3",
        "manifest/root.json#1",
        "manifest/intent-00000000000000000009#2",
        "manifest/pages-00000000000000000004#1",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(["262144#1", "262144#23", "7#1"].map(|name| format!("{shards}/{name}")));
    let mine =
        ["notes#1", "zarr.json#", "zarr.json#1a", "#1", "1#", "1#a", "1a#1", "zarr.json#1#x"]
            .map(|name| format!("{shards}/{name}"));
    let leftovers: Vec<_> = leftovers.map(|name| dir.path().join(name)).collect();
    let mine: Vec<_> = mine.map(|name| dir.path().join(name)).to_vec();
    for path in leftovers.iter().chain(&mine) {
        fs::write(path, "half a sh").expect("written");
    }
    #[cfg(unix)]
    let elsewhere = {
        let elsewhere = directory();
        fs::write(elsewhere.path().join("0#1"), "mine").expect("written");
        std::os::unix::fs::symlink(elsewhere.path(), dir.path().join("0#2")).expect("linked");
        elsewhere
    };
    drop(create(dir.path()).expect("opens"));
    #[cfg(unix)]
    {
        assert!(elsewhere.path().join("0#1").exists(), "followed a link");
        fs::remove_file(dir.path().join("0#2")).expect("links are left alone");
    }
    let mut after = without_manifest();
    for path in &leftovers {
        assert!(!path.exists(), "{} is left", path.display());
    }
    for path in &mine {
        assert!(after.remove(path).is_some(), "{} is gone", path.display());
    }
    assert_eq!(after, before);
}
